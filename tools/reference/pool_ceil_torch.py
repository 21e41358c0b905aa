"""Writes PyTorch's values and gradients of pooling with sizes rounded up: /usr/bin/python3 tools/reference/pool_ceil_torch.py

x is sin(1.7·i + 0.3), dy is cos(0.9·i) over the flat places, so only results are stored.
"""
import itertools
import json
import pathlib

import torch
import torch.nn.functional as F

rows = []


def sequence(f, shape):
    n = int(torch.tensor(shape).prod())
    return f(torch.arange(n, dtype=torch.float64)).reshape(shape)


def add(kind, shape, pool, **attrs):
    x = sequence(lambda i: torch.sin(1.7 * i + 0.3), shape).requires_grad_()
    try:
        y = pool(x)
    except RuntimeError:
        return  # no window fits, or more padding than PyTorch takes
    dy = sequence(lambda i: torch.cos(0.9 * i), y.shape)
    (dx,) = torch.autograd.grad(y, x, dy)
    flat = lambda t: [round(v, 6) + 0.0 for v in t.detach().flatten().tolist()]
    rows.append({"kind": kind, "shape": list(shape), **attrs, "size": list(y.shape), "y": flat(y), "dx": flat(dx)})


for size, k, s, p, d in itertools.product((5, 6, 9), (2, 3), (1, 2, 3, 5), (0, 1), (1, 2, 3)):
    attrs = {"kernel": [k], "strides": [s], "pads": [p], "dilations": [d]}
    add("max", (1, 2, size), lambda x: F.max_pool1d(x, k, s, p, d, ceil_mode=True), **attrs)
    if d > 1:
        continue
    for count in (False, True):
        pool = lambda x: F.avg_pool1d(x, k, s, p, ceil_mode=True, count_include_pad=count)
        add("average", (1, 2, size), pool, **attrs, count=count)
for size, k, s, p, d in itertools.product(((5, 7),), ((2, 3), (3, 2)), ((3, 4), (2, 5)), ((0, 1), (1, 1)), ((1, 1), (2, 1))):
    attrs = {"kernel": list(k), "strides": list(s), "pads": list(p), "dilations": list(d)}
    add("max", (1, 1, *size), lambda x: F.max_pool2d(x, k, s, p, d, ceil_mode=True), **attrs)
    if d == (1, 1):
        pool = lambda x: F.avg_pool2d(x, k, s, p, ceil_mode=True, count_include_pad=True)
        add("average", (1, 1, *size), pool, **attrs, count=True)

out = pathlib.Path(__file__).parents[2] / "packages/engine/test/fixtures/pool-ceil.json"
out.write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
