"""Reads file names from standard input; writes, one JSON line a file, what pydicom makes of it: its DICOM JSON with a SHA-256 in
place of every binary value, and a SHA-256 of every frame."""
import hashlib
import json
import math
import sys
import warnings

import pydicom
from pydicom.encaps import generate_pixel_data_frame

warnings.simplefilter("ignore")


def digest(value):
    return "sha256:" + hashlib.sha256(value).hexdigest()


def finite(value):
    if isinstance(value, float) and not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    return value


def element_json(element):
    if element.VR == "SQ":
        return {"vr": "SQ", "Value": [dataset_json(item) for item in element.value]}
    return finite(element.to_json_dict(lambda bulk: digest(bulk.value), 0))


def dataset_json(dataset):
    result = {}
    for tag in sorted(dataset.keys()):
        key = "%08X" % tag
        try:
            result[key] = element_json(dataset[tag])
        except Exception as error:  # noqa: BLE001 - what pydicom cannot do is part of the comparison
            result[key] = {"error": f"{type(error).__name__}: {error}"[:200]}
    return result


def native_frames(dataset, value):
    samples = dataset.SamplesPerPixel
    if dataset.PhotometricInterpretation == "YBR_FULL_422":
        samples = 2
    bits = dataset.Rows * dataset.Columns * samples * dataset.BitsAllocated
    count = int(dataset.get("NumberOfFrames") or 1)
    if bits % 8 != 0:
        return {"count": count}
    size = bits // 8
    return {"digests": [digest(value[at * size : (at + 1) * size]) for at in range(count)]}


def frames(dataset):
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if keyword in dataset:
            break
    else:
        return None
    try:
        element = dataset[keyword]
        if not element.is_undefined_length:
            return native_frames(dataset, element.value)
        count = int(dataset.get("NumberOfFrames") or 1)
        return {"digests": [digest(frame) for frame in generate_pixel_data_frame(element.value, count)]}
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"[:200]}


for line in sys.stdin:
    path = line.rstrip("\n")
    result = {"path": path}
    try:
        dataset = pydicom.dcmread(path)
        result["json"] = dataset_json(dataset)
        result["frames"] = frames(dataset)
    except Exception as error:  # noqa: BLE001
        result["error"] = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps(result))
