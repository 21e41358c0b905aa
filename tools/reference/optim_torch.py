"""Five steps of torch.optim's optimizers in float64 on given gradients, for packages/engine/test/optim.test.ts.

Run from the repository's root:  /usr/bin/python3 tools/reference/optim_torch.py
Made with PyTorch 1.13.0a0 as Debian 12 ships it.
"""
import json
import math
import pathlib

import torch

start = [0.5, -1.25, 2.0, 0.0]
rates = [0.1, 0.1, 0.05, 0.05, 0.02]
gradients = [[round(math.sin(1 + i + 2.3 * t), 3) for i in range(len(start))] for t in range(5)]
settings = {
    "SGD": (torch.optim.SGD, {}),
    "SGD, weight decay": (torch.optim.SGD, {"weight_decay": 0.1}),
    "SGD, momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "SGD, momentum and weight decay": (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
    "SGD, Nesterov's momentum": (torch.optim.SGD, {"momentum": 0.8, "weight_decay": 0.01, "nesterov": True}),
    "Adam": (torch.optim.Adam, {}),
    "Adam, own constants": (torch.optim.Adam, {"betas": (0.7, 0.95), "eps": 1e-3, "weight_decay": 0.1}),
}
results = {}
for name, (optimizer, options) in settings.items():
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    o = optimizer([p], lr=1.0, **options)
    path = []
    for rate, g in zip(rates, gradients):
        o.param_groups[0]["lr"] = rate
        p.grad = torch.tensor(g, dtype=torch.float64)
        o.step()
        path.append([float(f"{x:.10g}") for x in p.tolist()])
    results[name] = path
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(path)}" for name, path in results.items())
pathlib.Path("packages/engine/test/fixtures/optim.json").write_text(
    f'{{\n  "start": {json.dumps(start)},\n  "rates": {json.dumps(rates)},\n  "gradients": {json.dumps(gradients)},\n{lines}\n}}\n'
)
