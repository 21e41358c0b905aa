"""Piecewise clustering and binarised weights in PyTorch: values and gradients for packages/nn/test/defences.test.ts.

    /usr/bin/python3 tools/reference/nn_defences.py > packages/nn/test/fixtures/defences.json
"""
import json

import torch

torch.manual_seed(5)
lam = 2e-3
weights = [torch.randn(3, 2, 2, 2), torch.randn(4, 6)]
weights[1][0, 0] = 0.0  # of neither sign


def spread(w, chosen):
    part = w[chosen]
    return ((part - part.mean()) ** 2).sum() if len(part) else torch.zeros(())


def clustering(ws):
    return lam * sum(spread(w, w > 0) + spread(w, w < 0) for w in ws)


class Binarise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        return torch.where(w < 0, -w.abs().mean(), w.abs().mean())

    @staticmethod
    def backward(ctx, g):
        return g


leaves = [w.clone().requires_grad_() for w in weights]
value = clustering(leaves)
value.backward()
binary = [w.clone().requires_grad_() for w in weights]
factors = [torch.randn_like(w) for w in weights]
sum((Binarise.apply(w) * f).sum() for w, f in zip(binary, factors)).backward()

flat = lambda t: [float(x) for x in t.detach().flatten()]
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "lambda": lam,
            "weights": [{"shape": list(w.shape), "data": flat(w)} for w in weights],
            "clustering": float(value),
            "clusteringGradients": [flat(w.grad) for w in leaves],
            "binarised": [flat(Binarise.apply(w)) for w in weights],
            "factors": [flat(f) for f in factors],
            "binarisedGradients": [flat(w.grad) for w in binary],
        }
    )
)
