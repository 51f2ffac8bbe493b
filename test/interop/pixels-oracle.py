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


def one(array, frames, index):
    return array[index] if frames > 1 else array


def attributes(ds):
    wanted = pydicom.Dataset()
    for element in ds:
        if element.tag.group in (0x0028, 0x2050, 0x5200):
            wanted.add(element)
    return {**wanted.to_json_dict(), **{f"{tag:08X}": {"vr": "OW"} for tag in (0x7FE00008, 0x7FE00009) if tag in ds}}


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
    if stored is None or syntax == "1.2.840.10008.1.2.5":
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
    bits = int(ds.get("BitsStored", 8) or 8), int(ds.get("HighBit", 7) or 0)
    for index in sorted({0, frames // 2, frames - 1}):
        name = os.path.join(output, f"{number}-{index}")
        frame = None if stored is None else stored[index]
        if whole is not None:
            array = one(whole, frames, index)
        elif syntax == "1.2.840.10008.1.2.8.1":
            packed = numpy.frombuffer(zlib.decompress(frame, wbits=-15), dtype="u1")
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
