"""Progressive bit search on a small network, for methods/bit-flip/test/search.test.ts.

    /usr/bin/python3 tools/reference/bit_flip.py > methods/bit-flip/test/fixtures/search.json

Written from the description in Rakin, He and Fan (ICCV 2019), §3: every candidate is a whole forward pass with substituted
weights, and the gradient is PyTorch's. A case ends before a choice that hangs on rounding: before two ranks or two losses
that differ by less than 1e-5 of the first. Where the classifier is attacked, a single flip always raises the loss, which is
convex in the last layer's weights; so several flips at once (n_b > 1) are forced by lowering the loss of labels that the
images do not have, until no single flip helps.
"""
import json
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
random = torch.Generator().manual_seed(3)


def draw(*shape, scale=1.0, grain=256):
    return torch.round(torch.randn(*shape, generator=random) * scale * grain) / grain


names = ["stem", "body", "depthwise", "classifier"]
weights = [draw(6, 2, 3, 3, scale=0.4), draw(6, 6, 3, 3, scale=0.25), draw(6, 1, 3, 3, scale=0.5), draw(4, 6, scale=0.9)]
biases = [draw(6, scale=0.2), draw(6, scale=0.2), draw(6, scale=0.2), draw(4, scale=0.2)]
images = draw(12, 2, 6, 6, grain=16)


def logits(x, w):
    x = F.relu(F.conv2d(x, w[0], biases[0], padding=1))
    x = F.relu(x + F.conv2d(x, w[1], biases[1], padding=1))
    x = F.relu(F.conv2d(x, w[2], biases[2], stride=2, padding=1, groups=6))
    return F.linear(x.mean((2, 3)), w[3], biases[3])


def quantized(w, bits, per_channel):
    most = w.abs().amax(tuple(range(1, w.dim())), keepdim=True) if per_channel else w.abs().max()
    step = most / (2 ** (bits - 1) - 1)
    return torch.round(w / step), step


def attack(bits, per_channel, top_k=None, victims=(0, 1, 2, 3), labels=None):
    """`labels`: lowers the loss of these; without them the loss of the clean network's answers is raised."""
    q = [quantized(w, bits, per_channel) for w in weights]
    steps = [step for _, step in q]
    values = [value.clone() for value, _ in q]
    loss_of = lambda now: F.cross_entropy(logits(images, [v * s for v, s in zip(now, steps)]), targets)
    targets = logits(images, [v * s for v, s in zip(values, steps)]).argmax(1)
    sign = 1 if labels is None else -1
    if labels is not None: targets = torch.tensor(labels)
    bit_weights = torch.tensor([-2.0 ** (bits - 1)] + [2.0 ** i for i in range(bits - 2, -1, -1)])
    places = torch.arange(bits - 1, -1, -1)
    done = []
    for _ in range(30):
        margin = float("inf")
        leaves = [v.clone().requires_grad_() for v in values]
        before = loss_of(leaves)
        gradients = torch.autograd.grad(before, leaves)
        before = before.item()
        if before < 1e-3: break
        at_once, found = 1, None
        while found is None and at_once <= 10:
            tried = []
            for layer in victims:
                v, g = values[layer].flatten(), gradients[layer].flatten()
                keep = torch.arange(len(v)) if top_k is None else g.abs().topk(min(top_k, len(g))).indices
                if len(keep) < len(g):
                    ranked = g.abs().sort(descending=True).values
                    margin = min(margin, ((ranked[top_k - 1] - ranked[top_k]) / ranked[0]).item())
                stored = (v[keep].to(torch.int64)[None] >> places[:, None]) & 1
                slope = sign * g[keep][None] * bit_weights[:, None]
                slope = torch.where((slope > 0) == (stored == 0), slope.abs(), torch.zeros(()))
                ranked, order = slope.flatten().sort(descending=True, stable=True)
                flips, changed = [], v.clone()
                for rank in order[:at_once].tolist():
                    if slope.flatten()[rank] == 0: continue
                    row, column = divmod(rank, len(keep))
                    index, bit = keep[column].item(), bits - 1 - row
                    old = int(changed[index])
                    changed[index] += bit_weights[row] * (-1 if stored[row, column] else 1)
                    flips.append([layer, index, bit, old, int(changed[index])])
                if not flips: continue
                if len(ranked) > at_once: margin = min(margin, ((ranked[at_once - 1] - ranked[at_once]) / ranked[0]).item())
                now = [changed.view_as(values[layer]) if i == layer else each for i, each in enumerate(values)]
                tried.append((loss_of(now).item(), flips, now))
            if not tried: break
            tried.sort(key=lambda each: -sign * each[0])
            if len(tried) > 1: margin = min(margin, abs(tried[0][0] - tried[1][0]) / max(tried[0][0], before))
            margin = min(margin, abs(tried[0][0] - before) / before)
            if sign * tried[0][0] > sign * before: found = tried[0]
            else: at_once += 1
        if found is None or margin < 1e-5: break
        values = found[2]
        done.append({"before": before, "loss": found[0], "atOnce": at_once, "flips": found[1]})
    return {"bits": bits, "perChannel": per_channel, "topK": top_k, "victims": victims, "goal": "raise" if sign > 0 else "lower",
            "targets": targets.tolist(), "steps": done}


cases = [attack(bits, per_channel) for bits in (8, 6, 4, 2) for per_channel in (False, True)]
cases += [attack(8, False, top_k=3), attack(4, True, top_k=5)]
cases += [attack(bits, False, victims=(0, 1, 2)) for bits in (8, 4, 2)]
cases += [attack(bits, True, labels=[bits % 4] * 12) for bits in (8, 6, 5, 3)]
cases += [attack(bits, per_channel, labels=[i % 4 for i in range(12)]) for bits in (8, 4, 3) for per_channel in (False, True)]
if __name__ == "__main__":
    import sys
    for case in cases:
        print({key: case[key] for key in ("bits", "perChannel", "topK", "victims", "goal")},
              [step["atOnce"] for step in case["steps"]], [round(step["loss"], 4) for step in case["steps"]], file=sys.stderr)
    print(json.dumps({"versions": {"torch": torch.__version__},
        "layers": [{"name": n, "shape": list(w.shape), "weights": w.flatten().tolist(), "bias": b.tolist()}
                   for n, w, b in zip(names, weights, biases)],
        "images": {"shape": list(images.shape), "values": images.flatten().tolist()}, "cases": cases}))
