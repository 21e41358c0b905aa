"""Names, shapes, logits and training steps of the larger networks by PyTorch and torchvision.

    /usr/bin/python3 tools/reference/nn_networks.py [resnet20-12fca82f.th] > networks.json

The output belongs into packages/nn/test/fixtures; torch-files/resnet20.th is written there. The optional argument is the
published ResNet-20 (github.com/akamaster/pytorch_resnet_cifar10, commit d5489e8, folder pretrained_models).
"""
import hashlib
import json
import sys
from pathlib import Path
import numpy as np
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from formula import arrays, fill, formula

torch.set_num_threads(1)


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.stride = 1 if inputs == outputs else 2
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=self.stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.zeros = (outputs - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride == 2:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.zeros, self.zeros))
        return F.relu(x + y)


class ResNetCifar(nn.Module):
    def __init__(self, depth):
        super().__init__()
        n = (depth - 2) // 6
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        for stage, width in enumerate([16, 32, 64]):
            first = width // 2 if stage else width
            blocks = [Block(first if i == 0 else width, width) for i in range(n)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def layout(model):
    lines = sorted(f"{n} {list(a.shape)}" for n, a in arrays(model).items())
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "arrays": len(lines),
        "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }


def noise(shape, seed):
    return torch.from_numpy((2 * formula(int(np.prod(shape)), seed) - 1).astype(np.float32)).reshape(shape)


def logits(model, size, count=2):
    fill(model)
    model.eval()
    with torch.no_grad():
        y = model(noise((count, 3, size, size), 100))
    return {"size": size, "classes": y.shape[1], "logits": [float(v) for v in y.flatten()]}


def small_classifier(model, linears, units, classes):
    """The same network with fewer hidden units and classes, for a small fixture and a fast test."""
    for i, (inputs, outputs) in zip(linears, [(None, units), (units, units), (units, classes)]):
        model.classifier[i] = nn.Linear(inputs or model.classifier[i].in_features, outputs)
    return model


def trained(steps=3, batch=16):
    # Batches in which no input of a ReLU lies within float32's rounding of 0, where either gradient is right.
    model = ResNetCifar(20)
    fill(model)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-2)
    losses = []
    for step in range(steps):
        labels = torch.from_numpy((formula(batch, 200 + step) * 10).astype(np.int64))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(noise((batch, 3, 32, 32), 400 + step)), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": losses, "after": {n: float(a.double().sum()) for n, a in arrays(model).items()}}


names = ["resnet18", "resnet34", "resnet50", "resnet101", "alexnet"]
names += [f"vgg{d}{b}" for d in (11, 13, 16, 19) for b in ("", "_bn")]
layouts = {name.replace("_", "-"): layout(getattr(torchvision.models, name)()) for name in names}
layouts |= {f"resnet{d}": layout(ResNetCifar(d)) for d in (20, 32, 44, 56)}

FIXTURES = Path(__file__).parents[2] / "packages/nn/test/fixtures"


def random_resnet20(file):
    """Writes a ResNet-20 with random weights the way a training on several GPUs saves it, in the format before 1.6."""
    torch.manual_seed(20)
    model = ResNetCifar(20)
    for name, array in arrays(model).items():
        if name.endswith("running_mean"):
            array.normal_(0, 0.1)
        elif array.dim() == 1 and not name.endswith("bias"):
            array.uniform_(0.5, 1.5)
    state = {f"module.{name}": array for name, array in model.state_dict().items()}
    torch.save({"state_dict": state, "best_prec1": 10.0}, file, _use_new_zipfile_serialization=False)


def logits_of(file):
    """What the ResNet-20 of a file gives for four images of noise."""
    model = ResNetCifar(20)
    state = torch.load(file, map_location="cpu")["state_dict"]
    model.load_state_dict({name.replace("module.", ""): array for name, array in state.items()}, strict=False)
    model.eval()
    with torch.no_grad():
        return [float(v) for v in model(noise((4, 3, 32, 32), 100)).flatten()]


random_resnet20(FIXTURES / "torch-files/resnet20.th")
# The published weights are not shipped: without their file, the numbers that they gave before are kept.
published = sys.argv[1] if len(sys.argv) > 1 else None
before = json.loads((FIXTURES / "networks.json").read_text())

print(
    json.dumps(
        {
            "madeBy": f"tools/reference/nn_networks.py, torch {torch.__version__}, torchvision {torchvision.__version__}",
            "layouts": layouts,
            "forward": {
                "resnet20": logits(ResNetCifar(20), 33),
                "resnet18": logits(torchvision.models.resnet18(num_classes=7), 40),
                "resnet50": logits(torchvision.models.resnet50(num_classes=7), 40, 1),
                "alexnet": logits(small_classifier(torchvision.models.alexnet(), [1, 4, 6], 8, 7), 95),
                "vgg11": logits(small_classifier(torchvision.models.vgg11(), [0, 3, 6], 8, 7), 40, 1),
                "vgg11-bn": logits(small_classifier(torchvision.models.vgg11_bn(), [0, 3, 6], 8, 7), 40, 1),
            },
            "file": logits_of(FIXTURES / "torch-files/resnet20.th"),
            "published": logits_of(published) if published else before["published"],
            "training": trained(),
        },
        indent=1,
    )
)
