"""Small classifiers of MNIST digits and a few test images, for the tests of methods/adversarial; made with PyTorch and
SciPy, whose attack results by the same rule for c are stored beside them.

    python3 tools/reference/adversarial_models.py MNIST_DIR methods/adversarial/test/fixtures/digits.json

MNIST_DIR holds the four .gz files of MNIST (Y. LeCun, C. Cortes, C. J. C. Burges; CC BY-SA 3.0). Images are the first 24
of the test set. FC10: softmax regression, weight decay 1e-4 · Σw² / 10; FC16-16-10: two sigmoid layers of 16 units.
"""
import base64
import gzip
import json
import sys
import numpy as np
import scipy
import torch
from scipy.optimize import fmin_l_bfgs_b

torch.manual_seed(0)
torch.set_num_threads(1)
folder, out = sys.argv[1], sys.argv[2]


def idx(name, offset):
    return np.frombuffer(gzip.open(f"{folder}/{name}").read(), np.uint8, offset=offset)


train = torch.tensor(idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 784) / 255, dtype=torch.float32)
train_labels = torch.tensor(idx("train-labels-idx1-ubyte.gz", 8).astype(np.int64))
test_bytes = idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 784)
test = torch.tensor(test_bytes / 255, dtype=torch.float32)
test_labels = torch.tensor(idx("t10k-labels-idx1-ubyte.gz", 8).astype(np.int64))


def fit(net, decay, epochs, rate):
    optimizer = torch.optim.Adam(net.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * 300)
    for _ in range(epochs):
        for batch in torch.randperm(60000).split(200):
            loss = torch.nn.functional.cross_entropy(net(train[batch]), train_labels[batch])
            for layer in net:
                if isinstance(layer, torch.nn.Linear):
                    loss = loss + decay * layer.weight.square().sum() / layer.out_features
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net


def attack(net, x, target, first=0.1, factor=10, bisections=8):
    """Largest c, by tens and then by geometric bisection, whose minimiser reaches the target; each from x."""
    net = net.double()
    label = torch.tensor([target])

    def solve(c):
        def fg(v):
            t = torch.tensor(v).reshape(1, -1).requires_grad_()
            loss = torch.nn.functional.cross_entropy(net(t), label)
            loss.backward()
            r = v - x
            return float(loss) + c * float(r @ r), 2 * c * r + t.grad.numpy().ravel()
        v = fmin_l_bfgs_b(fg, x, bounds=[(0, 1)] * len(x), maxiter=200)[0]
        return v, int(net(torch.tensor(v).reshape(1, -1)).argmax()) == target

    good, bad, best, c = None, None, None, first
    while good is None or bad is None:
        v, reached = solve(c)
        if reached:
            good, best, c = c, v, c * factor
        else:
            bad, c = c, c / factor
    for _ in range(bisections):
        c = (good * bad) ** 0.5
        v, reached = solve(c)
        if reached:
            good, best = c, v
        else:
            bad = c
    return {"target": target, "c": good, "distortion": float(np.sqrt(np.mean((best - x) ** 2)))}


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


linear = torch.nn.Linear
models = {
    "FC10": fit(torch.nn.Sequential(linear(784, 10)), 1e-4, 6, 2e-3),
    "FC16-16-10": fit(torch.nn.Sequential(linear(784, 16), torch.nn.Sigmoid(), linear(16, 16), torch.nn.Sigmoid(),
                                          linear(16, 10)), 1e-5, 8, 4e-3),
}
rows = 24
result = {
    "made": {"torch": torch.__version__, "scipy": scipy.__version__, "numpy": np.__version__},
    "images": text(test_bytes[:rows]), "labels": test_labels[:rows].tolist(), "models": {}}
for name, net in models.items():
    error = float((net(test).argmax(1) != test_labels).float().mean())
    layers = [{"weight": text(m.weight.detach().numpy()), "bias": text(m.bias.detach().numpy()),
               "inputs": m.in_features, "outputs": m.out_features} for m in net if isinstance(m, linear)]
    x = test_bytes[:rows] / 255
    logits = net(test[:rows]).detach().double().tolist()
    targets = np.random.RandomState(0).randint(1, 10, rows)
    targets = [int((l + t) % 10) for l, t in zip(test_labels[:rows].tolist(), targets)]
    attacks = [{"row": i, **attack(net, np.float32(x[i]).astype(float), targets[i])} for i in range(rows)
               if logits[i][targets[i]] < max(logits[i])]
    result["models"][name] = {"testError": error, "layers": layers, "logits": logits, "targets": targets,
                              "attacks": attacks}
    print(name, error, np.mean([a["distortion"] for a in attacks]), file=sys.stderr)
json.dump(result, open(out, "w"))
