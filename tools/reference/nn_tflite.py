"""A TensorFlow Lite model written by hand, and what PyTorch computes for it.

    /usr/bin/python3 tools/reference/nn_tflite.py > packages/nn/test/fixtures/tflite.json

Where OBJECTRON=objectron_solution_packed_assets.data (npm @mediapipe/objectron 0.4.1675468480) is set, the means of the
feature maps of its SSD-MobileNetV2 are computed as well, from a reading of the file of its own.
"""
import base64
import json
import os
import struct

import numpy as np
import torch
from torch.nn import functional as F

from formula import formula

CONV, DEPTHWISE, ADD, DEQUANTIZE = 3, 4, 0, 6
RELU, RELU6 = 1, 3


class Table:
    """Fields by their place in the schema: ("b" | "i", number), or ("o", a Table, bytes, str or list)."""

    def __init__(self, **fields):
        self.fields = {int(k[1:]): v for k, v in fields.items()}


def flatbuffer(root, mark):
    out = bytearray(8)
    out[4:8] = mark
    waiting = [(0, root)]

    def align(n):
        out.extend(b"\0" * (-len(out) % n))

    while waiting:
        at, value = waiting.pop(0)
        if isinstance(value, Table):
            align(4)
            last = max(value.fields, default=-1)
            places, size = [], 4
            for i in range(last + 1):
                places.append(size if i in value.fields else 0)
                size += 4 if i in value.fields else 0
            vtable = len(out)
            out.extend(struct.pack(f"<HH{last + 1}H", 4 + 2 * (last + 1), size, *places))
            align(4)
            table = len(out)
            struct.pack_into("<I", out, at, table - at)
            out.extend(struct.pack("<i", table - vtable) + b"\0" * (size - 4))
            for i, (kind, content) in value.fields.items():
                place = table + places[i]
                if kind == "o":
                    waiting.append((place, content))
                else:
                    struct.pack_into("<" + kind, out, place, content)
            continue
        align(16)
        struct.pack_into("<I", out, at, len(out) - at)
        content = value.encode() if isinstance(value, str) else value
        out.extend(struct.pack("<I", len(content)))
        if isinstance(content, (bytes, bytearray)):
            out.extend(content + b"\0")
        elif content and isinstance(content[0], int):
            out.extend(struct.pack(f"<{len(content)}i", *content))
        else:
            for i, item in enumerate(content):
                waiting.append((len(out) + 4 * i, item))
            out.extend(b"\0" * 4 * len(content))
    return bytes(out)


def weight(shape, seed, scale):
    values = (2 * formula(int(np.prod(shape)), seed) - 1) * scale
    return values.astype(np.float16).reshape(shape)


def same(x, kernel, stride):
    total = [max(0, (-(-n // stride) - 1) * stride + kernel - n) for n in x.shape[2:]]
    return F.pad(x, (total[1] // 2, total[1] - total[1] // 2, total[0] // 2, total[0] - total[0] // 2))


def conv(x, w, b, stride, groups=1):
    """w is [K, h, w, C]; of a depthwise convolution [1, h, w, C]."""
    w = torch.from_numpy(w.astype(np.float32))
    w = w.permute(3, 0, 1, 2) if groups > 1 else w.permute(0, 3, 1, 2)
    return F.conv2d(same(x, w.shape[2], stride), w, torch.from_numpy(b.astype(np.float32)), stride, groups=groups)


def made():
    w1, b1 = weight((8, 3, 3, 3), 1, 0.5), weight((8,), 2, 0.2)
    w2, b2 = weight((1, 3, 3, 8), 3, 0.5), weight((8,), 4, 0.2)
    w3, b3 = weight((8, 1, 1, 8), 5, 0.9).astype(np.float32), weight((8,), 6, 0.2).astype(np.float32)
    tensors, buffers = [], [Table()]

    def tensor(name, shape, data=None):
        number = 0
        if data is not None:
            buffers.append(Table(_0=("o", data.tobytes())))
            number = len(buffers) - 1
        kind = 1 if data is not None and data.dtype == np.float16 else 0
        fields = {"_0": ("o", list(shape)), "_1": ("b", kind), "_2": ("i", number), "_3": ("o", name)}
        tensors.append(Table(**{k: v for k, v in fields.items() if v != ("b", 0) and v != ("i", 0)}))
        return len(tensors) - 1

    operators = []

    def operator(code, inputs, output, options=None):
        fields = {"_0": ("i", code), "_1": ("o", inputs), "_2": ("o", [output])}
        if options:
            fields |= {"_3": ("b", 1), "_4": ("o", options)}
        operators.append(Table(**fields))

    image = tensor("images", (1, 12, 12, 3))
    halves = [tensor(f"half{i}", a.shape, a) for i, a in enumerate((w1, b1, w2, b2))]
    floats = [tensor(f"float{i}", a.shape) for i, a in enumerate((w1, b1, w2, b2))]
    full = [tensor("w3", w3.shape, w3), tensor("b3", b3.shape, b3)]
    first, second, third, total = (tensor(n, (1, 6, 6, 8)) for n in ("stem/Conv;stem/Relu6", "deep", "project", "sum"))
    last = tensor("pooled", (1, 8))
    for half, whole in zip(halves, floats):
        operator(3, [half], whole)
    operator(0, [image, *floats[:2]], first, Table(_1=("i", 2), _2=("i", 2), _3=("b", RELU6)))
    operator(1, [first, *floats[2:]], second, Table(_1=("i", 1), _2=("i", 1), _3=("i", 1), _4=("b", RELU)))
    operator(0, [second, *full], third, Table(_0=("b", 1), _1=("i", 1), _2=("i", 1)))
    operator(2, [third, first], total, Table(_0=("b", RELU)))
    operator(4, [total], last)
    codes = [Table(_0=("b", c), _3=("i", c)) for c in (CONV, DEPTHWISE, ADD, DEQUANTIZE, 40)]
    graph = Table(_0=("o", tensors), _1=("o", [image]), _2=("o", [last]), _3=("o", operators))
    model = Table(_0=("i", 3), _1=("o", codes), _2=("o", [graph]), _4=("o", buffers))

    results = {}
    for size in (12, 13):
        x = torch.from_numpy((2 * formula(2 * 3 * size * size, 9) - 1).astype(np.float32)).reshape(2, 3, size, size)
        a = conv(x, w1, b1, 2).clamp(0, 6)
        b = conv(a, w2, b2, 1, groups=8).relu()
        results[str(size)] = (conv(b, w3, b3, 1) + a).relu().flatten().tolist()
    return {"model": base64.b64encode(b"names of classes in front" + flatbuffer(model, b"TFL3")).decode(), "sum": results}


def objectron(path, size=96):
    """Means over space of the last feature maps, for an image made by the formula."""
    data = open(path, "rb").read()[184:]
    u32 = lambda p: struct.unpack_from("<I", data, p)[0]
    i32 = lambda p: struct.unpack_from("<i", data, p)[0]

    def field(table, i):
        places = table - i32(table)
        if 4 + 2 * i >= struct.unpack_from("<H", data, places)[0]:
            return 0
        offset = struct.unpack_from("<H", data, places + 4 + 2 * i)[0]
        return table + offset if offset else 0

    def items(table, i):
        at = field(table, i)
        at = at and at + u32(at)
        return (u32(at), at + 4) if at else (0, 0)

    def tables(table, i):
        n, first = items(table, i)
        return [first + 4 * k + u32(first + 4 * k) for k in range(n)]

    def ints(table, i):
        n, first = items(table, i)
        return list(struct.unpack_from(f"<{n}i", data, first))

    def number(table, i, kind="<i"):
        at = field(table, i)
        return struct.unpack_from(kind, data, at)[0] if at else 0

    model = u32(0)
    codes = [max(number(c, 0, "<b"), number(c, 3)) for c in tables(model, 1)]
    buffers = [items(b, 0) for b in tables(model, 4)]
    graph = tables(model, 2)[0]
    names, shapes, values = [], [], {}
    for k, t in enumerate(tables(graph, 0)):
        n, first = items(t, 3)
        names.append(data[first : first + n].decode())
        shapes.append(ints(t, 0))
        n, first = buffers[number(t, 2)]
        if n and number(t, 1, "<b") in (0, 1):
            kind = np.float16 if number(t, 1, "<b") == 1 else np.float32
            values[k] = np.frombuffer(data, kind, n // kind().itemsize, first).reshape(shapes[k])
    x = torch.from_numpy((2 * formula(3 * size * size, 9) - 1).astype(np.float32)).reshape(1, 3, size, size)
    seen = {ints(graph, 1)[0]: x}
    for o in tables(graph, 3):
        code, (out,), inputs = codes[number(o, 0)], ints(o, 2), ints(o, 1)
        at = field(o, 4)
        options = at + u32(at) if at else 0
        if code == DEQUANTIZE:
            values[out] = values[inputs[0]]
            continue
        if code not in (ADD, CONV, DEPTHWISE):
            continue  # of the heads
        if code == ADD:
            y, act = seen[inputs[0]] + seen[inputs[1]], number(options, 0, "<b")
        else:
            deep = code == DEPTHWISE
            x = seen[inputs[0]]
            y = conv(x, values[inputs[1]], values[inputs[2]], number(options, 1), x.shape[1] if deep else 1)
            act = number(options, 4 if deep else 3, "<b")
        seen[out] = y.clamp(0, 6) if act == RELU6 else y.relu() if act == RELU else y
        if "FeatureExtractor/MobilenetV2/Conv_1/Relu6" in names[out].split(";"):
            return seen[out].mean((2, 3)).flatten().tolist()


torch.set_num_threads(1)
found = {"torch": torch.__version__, **made()}
path = os.environ.get("OBJECTRON")
if path:
    found["mobilenetV2"] = objectron(path)
print(json.dumps(json.loads(json.dumps(found), parse_float=lambda s: float(f"{float(s):.7g}"))))
