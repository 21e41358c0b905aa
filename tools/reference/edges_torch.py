"""Writes PyTorch's values and gradients at the edges of operators' domains: /usr/bin/python3 tools/reference/edges_torch.py

Numbers are float32, the gradient of the sum of y where dy is 1. JSON has no NaN and no infinities: they are texts.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F

INF, NAN = math.inf, math.nan
LINE = [0.0, -0.0, 1e-6, -1e-6, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.5, 3.0, -3.0, 6.0, 17.0, -17.0, 88.0, -88.0, 89.0, -89.0,
        104.0, -104.0, 1e4, -1e4, 1e19, -1e19, 3e38, -3e38, INF, -INF, NAN]
PAIR = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -2.5, 1e20, INF, -INF, NAN]
ROWS = [[1, 2, 3], [0, 0, 0], [-0.0, 0, 1], [0, 5, 0], [0, 5, 2], [2, 2, 1], [-1, -1, -2], [INF, 1, 2], [-INF, 1, 2],
        [-INF, -INF, 1], [-INF, -INF, -INF], [INF, INF, 0], [INF, -INF, 0], [NAN, 1, 2], [88, 89, 100], [-200, -100, -300],
        [1e20, 1e20, 1], [1e38, 2e38, 1e38], [1e-30, 1e-30, 0], [-1, 1, 0],
        [1, -INF, 2], [1, -INF, -INF]]

UNARY = {
    "Neg": torch.neg, "Abs": torch.abs, "Sign": torch.sign, "Floor": torch.floor, "Ceil": torch.ceil, "Round": torch.round,
    "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt, "Reciprocal": torch.reciprocal, "Relu": torch.relu,
    "LeakyRelu": lambda x: F.leaky_relu(x, 0.01), "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Erf": torch.erf,
    "Softplus": F.softplus, "Clip": lambda x: torch.clamp(x, -1, 1),
    "HardSigmoid": F.hardsigmoid, "HardSwish": F.hardswish, "Elu": F.elu, "Selu": F.selu, "Celu": F.celu,
    "BoundedRelu": F.relu6, "ThresholdedRelu": lambda x: F.threshold(x, 1, 0), "Softsign": F.softsign, "Sin": torch.sin,
    "Cos": torch.cos, "Tan": torch.tan, "Asin": torch.asin, "Acos": torch.acos, "Atan": torch.atan, "Sinh": torch.sinh,
    "Cosh": torch.cosh, "Asinh": torch.asinh, "Acosh": torch.acosh, "Atanh": torch.atanh, "gelu": F.gelu, "silu": F.silu,
    "mish": F.mish,
}
BINARY = {
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Pow": torch.pow, "Mod": torch.fmod,
    "Min": torch.minimum, "Max": torch.maximum, "PRelu": lambda x, s: F.prelu(x[None], s)[0],
}
ROW = {
    "ReduceSum": lambda x: x.sum(-1), "ReduceMean": lambda x: x.mean(-1), "ReduceMax": lambda x: x.amax(-1),
    "ReduceMin": lambda x: x.amin(-1), "ReduceProd": lambda x: x.prod(-1), "ReduceL1": lambda x: x.norm(1, -1),
    "ReduceL2": lambda x: x.norm(2, -1), "ReduceSumSquare": lambda x: (x * x).sum(-1),
    "ReduceLogSum": lambda x: x.sum(-1).log(), "ReduceLogSumExp": lambda x: x.logsumexp(-1),
    "Softmax": lambda x: F.softmax(x, -1), "LogSoftmax": lambda x: F.log_softmax(x, -1), "CumSum": lambda x: x.cumsum(-1),
    "TopK": lambda x: x.topk(2, -1)[0], "ArgMax": lambda x: x.argmax(-1), "ArgMin": lambda x: x.argmin(-1),
    "LayerNormalization": lambda x: F.layer_norm(x, (3,)), "MaxPool": lambda x: F.max_pool1d(x[:, None], 2, 1)[:, 0],
    "AveragePool": lambda x: F.avg_pool1d(x[:, None], 2, 1)[:, 0],
    "softmaxCrossEntropy": lambda x: F.cross_entropy(x, torch.zeros(len(x), dtype=torch.int64), reduction="none"),
    "sigmoidCrossEntropy": lambda x: F.binary_cross_entropy_with_logits(x, torch.full_like(x, 0.25), reduction="none"),
    "smoothL1": lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), reduction="none"),
}


def text(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(f"{value:.7g}") if value else (0 if math.copysign(1, value) > 0 else "-0")


def row(op, f, *inputs):
    x = [torch.tensor(values, dtype=torch.float32, requires_grad=True) for values in inputs]
    y = f(*x)
    grads = None
    if y.is_floating_point():
        grads = torch.autograd.grad(y.sum(), x, allow_unused=True)
        grads = [(torch.zeros_like(v) if g is None else g).flatten().tolist() for v, g in zip(x, grads)]
    out = {"y": [text(v) for v in y.flatten().tolist()]}
    if grads:
        out["grads"] = [[text(v) for v in g] for g in grads]
    return out


table = {
    "line": [text(v) for v in LINE], "pair": [text(v) for v in PAIR], "rows": [[text(v) for v in r] for r in ROWS],
    "unary": {op: row(op, f, LINE) for op, f in UNARY.items()},
    "binary": {op: row(op, f, [p for p in PAIR for _ in PAIR], PAIR * len(PAIR)) for op, f in BINARY.items()},
    "row": {op: row(op, f, ROWS) for op, f in ROW.items()},
}
out = pathlib.Path(__file__).parents[2] / "packages/engine/test/fixtures/edges.json"
groups = []
for key, value in table.items():
    if isinstance(value, dict):
        inner = ",\n".join(f'"{op}":{json.dumps(r, separators=(",", ":"))}' for op, r in value.items())
        groups.append(f'"{key}":{{\n{inner}\n}}')
    else:
        groups.append(f'"{key}":{json.dumps(value, separators=(",", ":"))}')
out.write_text("{\n" + ",\n".join(groups) + "\n}\n")
