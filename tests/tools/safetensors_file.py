# SPDX-License-Identifier: LGPL-2.1-or-later
"""The safetensors format in plain numpy. bf16 is kept as f32 values in memory
and written where the caller asks for it."""
import json
import struct

import numpy as np

TYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I32": np.int32, "I64": np.int64,
         "U8": np.uint8}
NAMES = {np.dtype(v): k for k, v in TYPES.items()}


def round_to_bf16(x):
    """The nearest bf16 values, ties to even, as f32."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32).astype(np.uint64)
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return bits.astype(np.uint32).view(np.float32)


def _decode(raw, dtype, shape):
    if dtype == "BF16":
        wide = np.frombuffer(raw, "<u2").astype(np.uint32) << 16
        return wide.view(np.float32).reshape(shape)
    return np.frombuffer(raw, TYPES[dtype]).reshape(shape)


def read(path):
    """{name: array}; bf16 as f32."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: _decode(data[slice(*entry["data_offsets"])], entry["dtype"], entry["shape"])
            for name, entry in header.items()}


def write(path, tensors, bf16=False, metadata=None):
    """Sorted by name; with bf16, f32 arrays are stored as bf16 (exactly
    representable values only)."""
    header = {"__metadata__": metadata} if metadata else {}
    parts = []
    begin = 0
    for name in sorted(tensors, key=lambda n: (-tensors[n].dtype.itemsize, n)):
        array = np.ascontiguousarray(tensors[name])
        dtype = NAMES[array.dtype]
        if bf16 and dtype == "F32":
            bits = array.view(np.uint32)
            assert not (bits & 0xFFFF).any(), name
            raw, dtype = (bits >> 16).astype("<u2").tobytes(), "BF16"
        else:
            raw = array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [begin, begin + len(raw)]}
        begin += len(raw)
        parts.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for raw in parts:
            file.write(raw)
