"""The attack of Szegedy et al. one image at a time, by SciPy's L-BFGS-B and PyTorch: the other side of
bench/adversarial.ts. It also trains the networks that both sides attack.

    python3 adversarial_scipy.py MNIST_DIR THREADS

Reads one JSON request a line, answers with one line:
    {"train": NAME, "epochs": E, "rows": R}       -> layers, first R test images and labels, test error
    {"attack": NAME, "rows": [...], "targets": [...]}  -> seconds, distortion of each row (null: not reached)
    {"coupled": NAME, "rows": [...], "targets": [...]} -> the same, the rows as one problem
"""
import base64
import gzip
import json
import sys
import time
import numpy as np
import torch
from scipy.optimize import fmin_l_bfgs_b
from scipy_attack import attack

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)


def idx(name, offset):
    return np.frombuffer(gzip.open(f"{folder}/{name}").read(), np.uint8, offset=offset)


def images(name):
    return torch.tensor(idx(name, 16).reshape(-1, 784).astype(np.float32) / 255)


train_x, train_y = images("train-images-idx3-ubyte.gz"), torch.tensor(idx("train-labels-idx1-ubyte.gz", 8).astype(np.int64))
test_x, test_y = images("t10k-images-idx3-ubyte.gz"), torch.tensor(idx("t10k-labels-idx1-ubyte.gz", 8).astype(np.int64))
# Units of each layer and weight decay by layer: Szegedy et al. 2013, Table 1.
shapes = {"FC10(1e-4)": ([10], [1e-4]), "FC100-100-10": ([100, 100, 10], [1e-5, 1e-5, 1e-6])}
nets = {}


def train(name, epochs):
    torch.manual_seed(0)
    units, decay = shapes[name]
    layers, inputs = [], 784
    for i, outputs in enumerate(units):
        layers += [torch.nn.Linear(inputs, outputs)] + ([torch.nn.Sigmoid()] if i < len(units) - 1 else [])
        inputs = outputs
    net = torch.nn.Sequential(*layers)
    dense = [m for m in net if isinstance(m, torch.nn.Linear)]
    optimizer = torch.optim.Adam(net.parameters(), 4e-3 if len(units) > 1 else 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * 300)
    for _ in range(epochs):
        for batch in torch.randperm(60000).split(200):
            loss = torch.nn.functional.cross_entropy(net(train_x[batch]), train_y[batch])
            loss = loss + sum(d * m.weight.square().sum() / m.out_features for d, m in zip(decay, dense))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    nets[name] = net
    for p in net.parameters():
        p.requires_grad_(False)
    return dense, float((net(test_x).argmax(1) != test_y).float().mean())


def coupled(net, clean, targets):
    """The whole batch as one problem of L-BFGS-B, as cleverhans 3.1 does it (its way, not its code): each row has a c on its
    cross-entropy, from 0.01 by tens until the row succeeds, then halfway between; five problems in all, each from the clean
    images; the nearest success counts. It asks TensorFlow for value and gradient apart, here one call gives both."""
    labels = torch.tensor(targets)
    x = np.stack(clean)
    low, c, high = np.zeros(len(x)), np.full(len(x), 1e-2), np.full(len(x), np.inf)
    best, found = np.full(len(x), np.inf), [None] * len(x)
    for _ in range(5):
        weights = torch.tensor(c, dtype=torch.float32)

        def fg(v):
            t = torch.tensor(v, dtype=torch.float32).reshape(x.shape).requires_grad_()
            loss = (weights * torch.nn.functional.cross_entropy(net(t), labels, reduction="none")).sum()
            loss.backward()
            r = v - x.ravel()
            return float(loss) + float(r @ r), 2 * r + t.grad.numpy().ravel().astype(float)
        v = fmin_l_bfgs_b(fg, x.ravel(), bounds=[(0, 1)] * x.size, maxiter=1000)[0].reshape(x.shape)
        reached = (net(torch.tensor(v, dtype=torch.float32)).argmax(1) == labels).numpy()
        for i, distance in enumerate(np.sqrt(((v - x) ** 2).mean(1))):
            if reached[i]:
                high[i] = min(high[i], c[i])
                if distance < best[i]:
                    best[i], found[i] = distance, float(distance)
            else:
                low[i] = max(low[i], c[i])
            c[i] = (low[i] + high[i]) / 2 if np.isfinite(high[i]) else 10 * c[i]
    return found


def text(tensor):
    return base64.b64encode(np.ascontiguousarray(tensor.detach().numpy()).tobytes()).decode()


for line in sys.stdin:
    request = json.loads(line)
    if "train" in request:
        dense, error = train(request["train"], request["epochs"])
        rows = request["rows"]
        answer = {
            "testError": error, "images": text(test_x[:rows]), "labels": test_y[:rows].tolist(),
            "layers": [{"weight": text(m.weight), "bias": text(m.bias), "inputs": m.in_features,
                        "outputs": m.out_features} for m in dense]}
    else:
        net = nets[request.get("attack") or request["coupled"]]
        clean = [test_x[i].numpy().astype(float) for i in request["rows"]]
        start = time.perf_counter()
        if "coupled" in request:
            found = coupled(net, clean, request["targets"])
        else:
            found = [attack(net, x, target)[0] for x, target in zip(clean, request["targets"])]
        answer = {"seconds": time.perf_counter() - start, "distortions": found}
    print(json.dumps(answer), flush=True)
