"""Losses of temporal cycle-consistency and their gradients in float64, for the tests of methods/tcc.

    /usr/bin/python3 tools/reference/tcc_loss.py methods/tcc/test/fixtures/losses.json

Two videos of 5 and 6 frames in 3 dimensions, by PyTorch's autograd; three of 4 frames for all ordered pairs and for
given cycles.
"""
import itertools
import json
import sys
import torch

torch.manual_seed(17)
torch.set_default_dtype(torch.float64)


def similarity(a, b, o):
    s = a @ b.T if o["similarity"] == "cosine" else -((a[:, None] - b[None]) ** 2).sum(-1)
    return s / a.shape[1] / o["temperature"]


def losses(start, through, home, row, times, o):
    """start [R, D], row [R] the places of the starts; one loss for each."""
    v = start
    for other in through:
        v = torch.softmax(similarity(v, other, o), 1) @ other
    logits = similarity(v, home, o)
    beta = torch.softmax(logits, 1)
    if o["loss"] == "classification":
        s = o["labelSmoothing"]
        label = torch.nn.functional.one_hot(row, len(home)) * (1 - s) + s / len(home)
        return -(label * torch.log_softmax(logits, 1)).sum(1)
    mu = beta @ times
    error = times[row] - mu
    if o["loss"] == "regression-mse":
        return error ** 2
    if o["loss"] == "regression-huber":
        return torch.nn.functional.huber_loss(mu, times[row], reduction="none", delta=o["huberDelta"])
    variance = (beta * (times[None] - mu[:, None]) ** 2).sum(1)
    return error ** 2 / variance + o["varianceLambda"] * torch.log(variance)


def normalised(x, o):
    return torch.nn.functional.normalize(x, dim=-1) if o["normalizeEmbeddings"] else x


def options():
    base = dict(temperature=0.1, labelSmoothing=0.1, varianceLambda=0.001, huberDelta=0.1, normalizeIndices=True)
    kinds = [
        dict(loss="classification"),
        dict(loss="classification", labelSmoothing=0.0),
        dict(loss="regression-mse"),
        dict(loss="regression-mse", normalizeIndices=False),
        dict(loss="regression-mse-var"),
        dict(loss="regression-mse-var", varianceLambda=0.1),
        dict(loss="regression-huber"),
    ]
    for kind, similarity_, temperature, unit in itertools.product(kinds, ["l2", "cosine"], [0.1, 1.0], [False, True]):
        yield {**base, **kind, "similarity": similarity_, "temperature": temperature, "normalizeEmbeddings": unit}


def pair():
    U, V = torch.randn(5, 3) * 0.6, torch.randn(6, 3) * 0.6
    steps, length = [1, 2, 5, 8, 11], 14
    cases = []
    for o in options():
        u, v = U.clone().requires_grad_(), V.clone().requires_grad_()
        times = torch.tensor(steps) / (length if o["normalizeIndices"] else 1.0)
        a, b = normalised(u, o), normalised(v, o)
        per_frame = losses(a, [b], a, torch.arange(5), times, o)
        per_frame.mean().backward()
        cases.append(dict(options=o, perCycle=per_frame.tolist(), gradU=u.grad.tolist(), gradV=v.grad.tolist()))
    return dict(U=U.tolist(), V=V.tolist(), steps=steps, length=length, cases=cases)


def batch():
    E = torch.randn(3, 4, 3) * 0.6
    steps, lengths = [[0, 1, 2, 3], [0, 2, 5, 6], [1, 4, 6, 9]], [4, 8, 10]
    cycles = [dict(videos=[0, 1], start=3), dict(videos=[2, 0], start=0), dict(videos=[1, 2], start=1)]
    longer = [dict(videos=[0, 1, 2], start=2), dict(videos=[2, 0, 1], start=1)]
    cases = []
    for o in itertools.islice(options(), 0, None, 8):
        times = [torch.tensor(s) / (l if o["normalizeIndices"] else 1.0) for s, l in zip(steps, lengths)]
        for given in (None, cycles, longer):
            e = E.clone().requires_grad_()
            x = normalised(e, o)
            if given is None:
                parts = [losses(x[i], [x[j]], x[i], torch.arange(4), times[i], o) for i, j in itertools.permutations(range(3), 2)]
            else:
                parts = [
                    losses(x[c["videos"][0]][[c["start"]]], [x[k] for k in c["videos"][1:]], x[c["videos"][0]],
                           torch.tensor([c["start"]]), times[c["videos"][0]], o)
                    for c in given
                ]
            per_cycle = torch.cat(parts)
            per_cycle.mean().backward()
            cases.append(dict(options=o, cycles=given, perCycle=per_cycle.tolist(), grad=e.grad.tolist()))
    return dict(embeddings=E.tolist(), steps=steps, lengths=lengths, cases=cases)


json.dump(dict(torch=torch.__version__, pair=pair(), batch=batch()), open(sys.argv[1], "w"))
