"""SciPy's L-BFGS on the whole-data loss of small networks, gradients by PyTorch in float64; weights and data by the formula
of formula.py.

    /usr/bin/python3 tools/reference/nn_lbfgs.py > packages/nn/test/fixtures/lbfgs-training.json
"""
import json
import numpy as np
import scipy
import torch
from scipy.optimize import fmin_l_bfgs_b
from torch.nn import functional as F

from formula import formula


INPUTS, EXAMPLES = 8, 50
x = torch.from_numpy(formula(EXAMPLES * INPUTS, 100)).reshape(EXAMPLES, INPUTS)
# A label that a network can learn: which of the first four inputs is largest.
labels = x[:, :4].argmax(1)


def run(units, lambdas, iterations):
    shapes, width = [], INPUTS
    for out in units:
        shapes += [(out, width), (out,)]
        width = out
    start = []
    for i, shape in enumerate(shapes):
        fan_in = shapes[i - i % 2][1]
        start.append((2 * formula(int(np.prod(shape)), i + 1) - 1) / np.sqrt(fan_in))
    start = np.concatenate(start).astype(np.float32).astype(float)

    def fg(flat):
        parts = torch.split(torch.tensor(flat), [int(np.prod(s)) for s in shapes])
        p = [part.reshape(s).clone().requires_grad_() for part, s in zip(parts, shapes)]
        h = x
        for layer in range(len(units)):
            h = F.linear(h, p[2 * layer], p[2 * layer + 1])
            if layer + 1 < len(units):
                h = torch.sigmoid(h)
        loss = F.cross_entropy(h, labels)
        loss = loss + sum(l * (w**2).sum() / w.shape[0] for l, w in zip(lambdas, p[::2]))
        loss.backward()
        return loss.item(), np.concatenate([q.grad.numpy().ravel() for q in p])

    losses = []
    flat, f, info = fmin_l_bfgs_b(
        fg, start, m=10, factr=10, pgtol=1e-8, maxiter=iterations, callback=lambda v: losses.append(fg(v)[0]))
    return {"units": units, "lambda": lambdas, "iterations": iterations, "losses": losses, "f": f, "weights": flat.tolist(),
            "evaluations": info["funcalls"]}


print(json.dumps({
    "madeBy": f"tools/reference/nn_lbfgs.py, scipy {scipy.__version__}, torch {torch.__version__}",
    "inputs": INPUTS, "examples": EXAMPLES,
    "runs": {
        "softmax regression, to its minimum": run([4], [0.04], 200),
        "two sigmoid layers, 20 iterations": run([6, 5, 4], [1e-3, 1e-3, 1e-4], 20),
    },
}, indent=1))
