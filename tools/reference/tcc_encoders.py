"""Embeddings, losses and gradients of the paper's encoders by PyTorch and torchvision.

    /usr/bin/python3 tools/reference/tcc_encoders.py > methods/tcc/test/fixtures/encoders.json

Weights and frames are made by a formula of their names, so that only results are stored.
"""
import json

import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from formula import arrays, fill, formula


class VggM(nn.Module):
    """config.py of the authors: 7x7/2, then six 3x3 convolutions, batch normalisation and ReLU after each."""

    def __init__(self, width):
        super().__init__()
        widths = [max(8, round(width * c)) for c in (64, 128, 128, 256, 256, 512, 512)]
        self.out = widths[-1]
        before = 3
        for i, c in enumerate(widths):
            size = 7 if i == 0 else 3
            setattr(self, f"conv{i + 1}", nn.Conv2d(before, c, size, 2 if i == 0 else 1, size // 2))
            setattr(self, f"norm{i + 1}", nn.BatchNorm2d(c))
            before = c

    def forward(self, x):
        layer = lambda i, y: F.relu(getattr(self, f"norm{i}")(getattr(self, f"conv{i}")(y)))
        y = F.max_pool2d(layer(1, x), 3, 2, 1)
        y = F.max_pool2d(layer(3, layer(2, y)), 2)
        y = F.max_pool2d(layer(5, layer(4, y)), 2)
        return layer(7, layer(6, y))


class ResNet50(nn.Module):
    """conv4c: the third block of the third stage."""

    def __init__(self):
        super().__init__()
        net = torchvision.models.resnet50(weights=None)
        self.conv1, self.bn1, self.layer1, self.layer2 = net.conv1, net.bn1, net.layer1, net.layer2
        self.layer3 = nn.Sequential(*list(net.layer3)[:3])
        self.out = 1024

    def forward(self, x):
        x = (x + 1) / 2
        x = (x - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
        y = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer3(self.layer2(self.layer1(y)))


class Embedder(nn.Module):
    def __init__(self, inputs, channels, dimensions=128):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv3d(inputs, channels, 3, padding=1), nn.BatchNorm3d(channels)
        self.conv2, self.norm2 = nn.Conv3d(channels, channels, 3, padding=1), nn.BatchNorm3d(channels)
        self.fc1, self.fc2 = nn.Linear(channels, channels), nn.Linear(channels, channels)
        self.fc3 = nn.Linear(channels, dimensions)

    def forward(self, y):
        y = F.relu(self.norm1(self.conv1(y)))
        y = F.relu(self.norm2(self.conv2(y)))
        y = y.amax(dim=(2, 3, 4))
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(y)))))


def embeddings(base, embedder, x):
    frames, context = x.shape[:2]
    y = base(x.flatten(0, 1))
    return embedder(y.unflatten(0, (frames, context)).transpose(1, 2))


def cycle_mse(u, v):
    """Cycle-back regression by mean squared error, temperature 0.1, as in the authors' code."""
    scale = -1 / (u.shape[1] * 0.1)
    alpha = torch.softmax(torch.cdist(u, v) ** 2 * scale, 1)
    beta = torch.softmax(torch.cdist(alpha @ v, u) ** 2 * scale, 1)
    t = torch.arange(len(u), dtype=u.dtype) / len(u)
    return ((t - beta @ t) ** 2).mean()


def case(name, base, context, side, channels):
    embedder = Embedder(base.out, channels)
    fill(base)
    fill(embedder)
    frames = 6
    x = 2 * torch.from_numpy(formula(frames * context * 3 * side * side, 3).astype(np.float32)) - 1
    x = x.reshape(frames, context, 3, side, side)
    model = nn.ModuleList([base, embedder])
    model.eval()
    with torch.no_grad():
        told = embeddings(base, embedder, x)
    model.train()
    y = embeddings(base, embedder, x)
    loss = cycle_mse(y[:3], y[3:])
    loss.backward()
    norm = lambda module: {n: float(p.grad.norm()) for n, p in module.named_parameters()}
    state = lambda module, part: {n: float(a.norm()) for n, a in arrays(module).items() if part in n}
    return {
        "name": name,
        "context": context,
        "side": side,
        "channels": channels,
        "frames": frames,
        "embeddings": told.flatten()[::17].tolist(),
        "trainingEmbeddings": y.detach().flatten()[::17].tolist(),
        "loss": float(loss),
        "baseGradients": norm(base),
        "embedderGradients": norm(embedder),
        "baseStatistics": state(base, "running"),
        "embedderStatistics": state(embedder, "running"),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    cases = [case("vggm", VggM(0.125), 2, 48, 16), case("vggm", VggM(0.125), 3, 32, 16), case("resnet50", ResNet50(), 2, 32, 16)]
    rounded = json.loads(json.dumps(cases), parse_float=lambda s: float(f"{float(s):.7g}"))
    print(json.dumps({"torch": torch.__version__, "torchvision": torchvision.__version__, "cases": rounded}))
