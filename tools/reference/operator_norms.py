"""Operator norms of small convolutions, for methods/adversarial/test/bounds.test.ts.

    /usr/bin/python3 tools/reference/operator_norms.py > methods/adversarial/test/fixtures/operator-norms.json

`sup`: the norm on images without border: the largest singular value over all frequencies of the D x (C sy sx) matrix of
the kernel's Fourier transforms, aliases side by side, over sqrt(sy sx); found on a grid by NumPy, then climbed by SciPy.
`dense`: the norm of PyTorch's conv2d with zero padding on an image of 12 x 12, as a matrix, by NumPy's SVD.
"""
import json
import numpy as np
import scipy
import torch
from scipy.optimize import minimize

SIZE = 12


def transform(w, u, v):
    y, x = np.arange(w.shape[2]), np.arange(w.shape[3])
    return np.einsum("dcyx,y,x->dc", w, np.exp(-1j * u * y), np.exp(-1j * v * x))


def norm_at(w, stride, u, v):
    sy, sx = stride
    aliases = [transform(w, u + 2 * np.pi * a / sy, v + 2 * np.pi * b / sx) for a in range(sy) for b in range(sx)]
    return np.linalg.norm(np.concatenate(aliases, 1), 2) / np.sqrt(sy * sx)


def sup(w, stride):
    sy, sx = stride
    grid = [(norm_at(w, stride, u, v), u, v) for u in np.linspace(0, 2 * np.pi / sy, 40, endpoint=False)
            for v in np.linspace(0, 2 * np.pi / sx, 40, endpoint=False)]
    best = 0
    for _, u, v in sorted(grid)[-5:]:
        found = minimize(lambda p: -norm_at(w, stride, *p), [u, v], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14})
        best = max(best, -found.fun)
    return best


def dense(w, stride, pad, dilation, groups):
    channels = w.shape[1] * groups
    eye = torch.eye(channels * SIZE * SIZE, dtype=torch.float64).reshape(-1, channels, SIZE, SIZE)
    out = torch.nn.functional.conv2d(eye, torch.tensor(w), stride=stride, padding=pad, dilation=dilation, groups=groups)
    return np.linalg.norm(out.reshape(len(eye), -1).numpy(), 2)


cases = []
rng = np.random.default_rng(0)
for shape, stride, pad, dilation, groups in [
        ((3, 2, 3, 3), (1, 1), 1, 1, 1), ((5, 3, 3, 3), (1, 1), 1, 2, 1), ((4, 2, 3, 3), (2, 2), 1, 1, 1),
        ((2, 1, 5, 5), (4, 4), 0, 1, 1), ((2, 3, 3, 5), (1, 2), 1, 1, 1), ((6, 5, 1, 1), (1, 1), 0, 1, 1),
        ((4, 1, 5, 5), (1, 1), 2, 1, 4), ((4, 2, 3, 3), (1, 1), 1, 1, 2), ((7, 3, 7, 7), (2, 2), 3, 1, 1),
        ((3, 3, 1, 7), (1, 1), 0, 1, 1), ((3, 4, 2, 2), (3, 3), 0, 1, 1)]:
    w = np.round(32 * rng.standard_normal(shape)) / 32  # short, and exact in float32
    if groups == 4:
        w[:] = np.abs(w)  # the largest at the frequency 0, where cells meet
    parts = np.split(w, groups)
    cases.append({"kernel": shape, "strides": stride, "pad": pad, "dilation": dilation, "groups": groups,
                  "weights": w.ravel().tolist(),
                  "sup": max(sup(part, stride) for part in parts), "dense": dense(w, stride, pad, dilation, groups)})
m = np.round(32 * rng.standard_normal((37, 22))) / 32
print(json.dumps({"versions": {"numpy": np.__version__, "scipy": scipy.__version__, "torch": torch.__version__},
                  "size": SIZE, "cases": cases,
                  "matrix": {"shape": m.shape, "values": m.ravel().tolist(), "norm": float(np.linalg.norm(m, 2))}}))
