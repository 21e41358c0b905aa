"""Five training steps of a small convolutional network with batch normalisation, momentum and weight decay, in float64,
for packages/engine/test/batch-norm.test.ts: losses before each step, running statistics and evaluation loss after them.

Run from the repository's root:  /usr/bin/python3 tools/reference/batch_norm_steps.py
Made with PyTorch 1.13.0a0 as Debian 12 ships it.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F


def wave(shape, phase, scale):
    n = math.prod(shape)
    return torch.tensor([scale * math.sin(1.7 * i + phase) for i in range(n)], dtype=torch.float64).reshape(shape)


p = {
    "w1": wave((4, 1, 3, 3), 1, 0.5),
    "scale": 1 + wave((4,), 2, 0.1),
    "bias": wave((4,), 3, 0.1),
    "w2": wave((4, 3), 4, 0.8),
}
for x in p.values():
    x.requires_grad_()
mean, variance = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
x = wave((6, 1, 5, 5), 5, 2.0)
t = torch.tensor([0, 1, 2, 2, 1, 0])


def loss(training):
    h = F.conv2d(x, p["w1"], None, 1, 1)
    h = F.relu(F.batch_norm(h, mean, variance, p["scale"], p["bias"], training, 0.1))
    return F.cross_entropy(F.max_pool2d(h, 2).mean((2, 3)) @ p["w2"], t)


optimizer = torch.optim.SGD(p.values(), lr=0.1, momentum=0.9, weight_decay=0.01)
losses = []
for _ in range(5):
    optimizer.zero_grad()
    value = loss(True)
    value.backward()
    optimizer.step()
    losses.append(value.item())
round9 = lambda values: [float(f"{v:.9g}") for v in values]
result = {
    "losses": round9(losses),
    "mean": round9(mean.tolist()),
    "variance": round9(variance.tolist()),
    "evaluation": round9([loss(False).item()])[0],
}
pathlib.Path("packages/engine/test/fixtures/batch-norm-steps.json").write_text(json.dumps(result, indent=1) + "\n")
