"""A safetensors file with every dtype, written from the format's description with struct alone (no safetensors package),
and the values it holds.

    /usr/bin/python3 tools/reference/nn_safetensors.py packages/nn/test/fixtures
"""
import json
import struct
import sys
from pathlib import Path

import numpy as np

half = np.array([0, -0.0, 1, -2.5, 65504, 2**-24, 2**-14, np.inf, -np.inf, 1 / 3], dtype="<f2")
arrays = {
    "f16": ("F16", half.shape, half.tobytes(), half.astype(np.float32).tolist()),
    "odd": ("U8", (3,), bytes([1, 2, 255]), [1, 2, 255]),
    "f32": ("F32", (2, 3), struct.pack("<6f", 1.5, -2, 3e-38, 0, 1e30, -0.1), np.float32([1.5, -2, 3e-38, 0, 1e30, -0.1]).tolist()),
    "scalar": ("F64", (), struct.pack("<d", 0.1), [0.1]),
    "empty": ("F32", (0, 4), b"", []),
    "i64": ("I64", (2,), struct.pack("<2q", -(2**62), 2**53 + 1), [str(-(2**62)), str(2**53 + 1)]),
    "i32": ("I32", (2,), struct.pack("<2i", -5, 2**31 - 1), [-5, 2**31 - 1]),
    "i8": ("I8", (2,), struct.pack("<2b", -128, 127), [-128, 127]),
    "flag": ("BOOL", (2,), bytes([1, 0]), [1, 0]),
    "bf16": ("BF16", (2,), struct.pack("<2H", 0x3F80, 0xC0A0), [1.0, -5.0]),
    "layer.ü \"x\"": ("F32", (1,), struct.pack("<f", 7), [7.0]),
}
header, body = {"__metadata__": {"format": "pt", "note": "made by hand"}}, b""
for name, (dtype, shape, data, _) in arrays.items():
    header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(body), len(body) + len(data)]}
    body += data
# The header in another order than the bytes.
text = json.dumps(dict(reversed(header.items()))).encode()
folder = Path(sys.argv[1])
(folder / "dtypes.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
expected = {n: {"shape": list(s), "data": [str(x) for x in v]} for n, (_, s, _, v) in arrays.items()}
(folder / "dtypes.json").write_text(json.dumps(expected, indent=1) + "\n")
