"""What other programs make of the sample images: pydicom (native, RLE), DCMTK (JPEG, JPEG-LS), GDCM (JPEG 2000), OpenJPH
(HTJ2K), libjxl (JPEG XL). Usage: pixels-oracle.py FOLDER-OF-IMAGES OUTPUT-FOLDER. Writes index.json there: for each image its
attributes as DICOM JSON and, for up to three frames, the frame as stored and its samples, little-endian, pixel by pixel."""

import json
import os
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy
import pydicom
from PIL import Image
from pydicom.encaps import generate_pixel_data_frame

warnings.simplefilter("ignore")
images, output = sys.argv[1:]
NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")
JPEG = "1.2.840.10008.1.2.4."
TOOLS = {
    **dict.fromkeys(("50", "51", "53", "55", "57", "70"), ["dcmdjpeg", "+cn"]),
    **dict.fromkeys(("80", "81"), ["dcmdjpls"]),
    **dict.fromkeys(("90", "91"), ["gdcmconv", "--raw"]),
}


def samples(array, bits_stored, high_bit):
    """Only Bits Stored, sign extended."""
    width = array.dtype.itemsize * 8
    if array.dtype.kind == "f" or bits_stored == width:
        return array
    left, right = width - 1 - high_bit, width - bits_stored
    return (array << left) >> right


def through_tool(path, syntax, number):
    try:
        return converted_by(TOOLS[syntax.removeprefix(JPEG)], path, number)
    except RuntimeError:
        return converted_by(["gdcmconv", "--raw"], path, number)


def converted_by(command, path, number):
    converted = os.path.join(output, f"{number}.native")
    run = subprocess.run([*command, path, converted], capture_output=True, timeout=60)
    if run.returncode != 0 or not os.path.exists(converted):
        raise RuntimeError(f"{command[0]}: {run.stderr.decode(errors='replace')[:200]}")
    return pydicom.dcmread(converted, force=True)


def pnm(path):
    """PGM or PPM of 8 or 16 bits as rows × columns × samples."""
    with open(path, "rb") as file:
        data = file.read()
    fields, at = [], 0
    while len(fields) < 4:
        if data[at : at + 1] == b"#":
            at = data.index(b"\n", at) + 1
            continue
        end = at
        while data[end : end + 1].strip():
            end += 1
        fields.append(data[at:end])
        at = end + 1
    width, height, most = (int(field) for field in fields[1:])
    kind = ">u2" if most > 255 else "u1"
    return numpy.frombuffer(data[at:], dtype=kind).reshape(height, width, -1).astype(kind.replace(">", "<"))


def expanded(tool, frame, suffix, name, picture):
    source, target = f"{name}.{suffix}", f"{name}.{picture}"
    with open(source, "wb") as file:
        file.write(frame)
    command = ["ojph_expand", "-i", source, "-o", target] if tool == "ojph_expand" else ["djxl", source, target]
    run = subprocess.run(command, capture_output=True, timeout=60)
    if run.returncode != 0:
        raise RuntimeError(f"{tool}: {run.stderr.decode(errors='replace')[:200]}")
    return target


def htj2k(frame, ds, name):
    if ds.SamplesPerPixel == 3:
        return pnm(expanded("ojph_expand", frame, "j2c", name, "ppm"))
    data = open(expanded("ojph_expand", frame, "j2c", name, "raw"), "rb").read()
    kind = ("<i" if ds.PixelRepresentation else "<u") + str(ds.BitsAllocated // 8)
    return numpy.frombuffer(data, dtype=kind).reshape(ds.Rows, ds.Columns, 1)


def one_bit_rle(frame):
    """PS3.5 annex G: one segment of PackBits, here of eight pixels a byte."""
    start = int.from_bytes(frame[4:8], "little")
    packed, at = bytearray(), start
    while at + 1 < len(frame):
        control = frame[at]
        if control < 128:
            packed += frame[at + 1 : at + 2 + control]
        elif control > 128:
            packed += frame[at + 1 : at + 2] * (257 - control)
        at += 2 + (control if control < 128 else 0) if control != 128 else 1
    return bytes(packed)


def one(array, frames, index):
    return array[index] if frames > 1 else array


def attributes(ds):
    wanted = pydicom.Dataset()
    for element in ds:
        if element.tag.group in (0x0028, 0x2050, 0x5200):
            wanted.add(element)
    return {**wanted.to_json_dict(), **{f"{tag:08X}": {"vr": "OW"} for tag in (0x7FE00008, 0x7FE00009) if tag in ds}}


def drawn(ds, number, path, syntax, whole):
    """The first frame as DCMTK draws it: with its own first window, its VOI LUT, or one over all its values."""
    lossy = syntax.removeprefix(JPEG) in ("50", "51", "53", "55")
    if lossy or ds.Rows < 8 or "SharedFunctionalGroupsSequence" in ds or whole.dtype.kind == "f":
        return None
    tool = "dcml2pnm" if syntax.removeprefix(JPEG) in ("80", "81") else "dcmj2pnm"
    flags, window = [], None
    if ds.SamplesPerPixel == 1 and ds.PhotometricInterpretation != "PALETTE COLOR":
        if "WindowCenter" in ds and ds.WindowCenter is not None and ds["WindowCenter"].VM > 0:
            flags = ["+Wi", "1"]
        elif ds.get("VOILUTSequence"):
            flags = ["+Wl", "1"]
        else:
            table = ds.ModalityLUTSequence[0] if ds.get("ModalityLUTSequence") else None
            values = whole * float(ds.get("RescaleSlope", 1) or 1) + float(ds.get("RescaleIntercept", 0) or 0)
            top = 2 ** table.LUTDescriptor[2] if table else float(values.max())
            low = 0 if table else float(values.min())
            window = [round((low + top) / 2), max(2, round(top - low))]
            flags = ["+Ww", *map(str, window), "+Wfs" if number % 2 else "+Wfl"]
    target = os.path.join(output, f"{number}.pnm")
    run = subprocess.run([tool, "-O", "+F", "1", *flags, "+op", path, target], capture_output=True, timeout=60)
    if run.returncode != 0 or not os.path.exists(target):
        return None
    picture = pnm(target)
    picture.tofile(target)
    return {"file": f"{number}.pnm", "channels": picture.shape[2], "window": window, "sigmoid": "+Wfs" in flags}


def describe(number, path):
    ds = pydicom.dcmread(path, force=True)
    tag = next((tag for tag in (0x7FE00010, 0x7FE00008, 0x7FE00009) if tag in ds and ds[tag].value), None)
    if tag is None or "Rows" not in ds:
        return None
    syntax = str(ds.file_meta.TransferSyntaxUID)
    frames = int(ds.get("NumberOfFrames", 1) or 1)
    entry = {"path": os.path.relpath(path, images), "syntax": syntax, "frames": [], "count": frames}
    try:
        entry["attributes"] = attributes(ds)
        entry["vr"] = ds[tag].VR
        stored = None if syntax in NATIVE else list(generate_pixel_data_frame(ds[tag].value, frames))
        if stored is None:
            with open(os.path.join(output, f"{number}.pixels"), "wb") as file:
                file.write(ds[tag].value)
            entry["pixels"] = f"{number}.pixels"
        expectation(entry, number, path, ds, syntax, frames, stored)
    except Exception as error:
        entry["error"] = f"{type(error).__name__}: {error}"[:300]
    return entry


def expectation(entry, number, path, ds, syntax, frames, stored):
    whole = None
    one_bit = ds.BitsAllocated == 1 and stored is not None
    if stored is None or (syntax == "1.2.840.10008.1.2.5" and not one_bit):
        source = ds
    elif syntax.removeprefix(JPEG) in TOOLS:
        source = through_tool(path, syntax, number)
    else:
        source = None
    if source is not None:
        whole = source.pixel_array
        if tuple(whole.shape[:1]) != (frames,) and frames > 1:
            raise RuntimeError("another number of frames")
        entry["photometric"] = str(source.PhotometricInterpretation)
        entry["drawn"] = drawn(ds, number, path, syntax, whole)
    bits = int(ds.get("BitsStored", 8) or 8), int(ds.get("HighBit", 7) or 0)
    for index in sorted({0, frames // 2, frames - 1}):
        name = os.path.join(output, f"{number}-{index}")
        frame = None if stored is None else stored[index]
        if whole is not None:
            array = one(whole, frames, index)
        elif syntax in ("1.2.840.10008.1.2.8.1", "1.2.840.10008.1.2.5"):
            plain = zlib.decompress(frame, wbits=-15) if syntax.endswith("8.1") else one_bit_rle(frame)
            packed = numpy.frombuffer(plain, dtype="u1")
            array = numpy.unpackbits(packed, bitorder="little")[: ds.Rows * ds.Columns]
        elif syntax in (JPEG + "201", JPEG + "202", JPEG + "203"):
            array = htj2k(frame, ds, name)
        elif syntax in (JPEG + "110", JPEG + "111", JPEG + "112"):
            array = pnm(expanded("djxl", frame, "jxl", name, "ppm" if ds.SamplesPerPixel == 3 else "pgm"))
        else:
            raise RuntimeError("nothing here decodes it")
        overshoots = syntax in (JPEG + "50", JPEG + "51", JPEG + "53", JPEG + "55")
        if array.dtype.kind != "f" and ds.BitsAllocated > 1 and not overshoots:
            array = samples(array, *bits)
        with open(name + ".expected", "wb") as file:
            file.write(array.astype(array.dtype.newbyteorder("<")).tobytes())
        item = {"index": index, "expected": os.path.basename(name) + ".expected", "kind": array.dtype.kind, "bytes": array.dtype.itemsize}
        if frame is not None:
            with open(name + ".frame", "wb") as file:
                file.write(frame)
            item["frame"] = os.path.basename(name) + ".frame"
        if syntax == JPEG + "50":
            Image.open(name + ".frame").convert("RGB").save(name + ".ppm")
            pnm(name + ".ppm").tofile(name + ".rgb")
            item["rgb"] = os.path.basename(name) + ".rgb"
        entry["frames"].append(item)


paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(images) for name in names)
with ThreadPoolExecutor(2) as pool:
    entries = [entry for entry in pool.map(describe, range(len(paths)), paths) if entry is not None]
with open(os.path.join(output, "index.json"), "w") as file:
    json.dump(entries, file)
