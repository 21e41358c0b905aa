"""Losses of three training steps by PyTorch, from weights and batches that a formula gives on both sides.

    /usr/bin/python3 tools/reference/nn_training_steps.py > packages/nn/test/fixtures/training-steps.json
"""
import json
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from formula import formula


class Mlp(nn.Module):
    lambdas = [1e-5, 1e-5, 1e-6]

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(784, 100), nn.Linear(100, 100), nn.Linear(100, 10)

    def forward(self, x):
        return self.fc3(torch.sigmoid(self.fc2(torch.sigmoid(self.fc1(x.flatten(1))))))

    def penalty(self):
        layers = [self.fc1, self.fc2, self.fc3]
        return sum(l * (f.weight**2).sum() / f.weight.shape[0] for l, f in zip(self.lambdas, layers))


class Softmax(nn.Module):
    """FC10(1): a weight decay that shows in the loss."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 10)

    def forward(self, x):
        return self.fc1(x.flatten(1))

    def penalty(self):
        return (self.fc1.weight**2).sum() / 10


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))

    def penalty(self):
        return 0.0


def run(model, make_optimizer, batch=16, steps=3):
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            weight = list(model.parameters())[i - i % 2]
            bound = 1 / np.sqrt(weight[0].numel())
            values = (2 * formula(p.numel(), i + 1) - 1) * bound
            p.copy_(torch.from_numpy(values.astype(np.float32)).reshape(p.shape))
    optimizer = make_optimizer(model.parameters())
    losses, accuracies = [], []
    for step in range(steps):
        x = torch.from_numpy(formula(batch * 784, 100 + step).astype(np.float32)).reshape(batch, 1, 28, 28)
        labels = torch.from_numpy((formula(batch, 200 + step) * 10).astype(np.int64))
        optimizer.zero_grad()
        logits = model(x)
        loss = F.cross_entropy(logits, labels) + model.penalty()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    after = {n: [p.flatten()[0].item(), p.flatten()[-1].item(), p.double().sum().item()] for n, p in model.state_dict().items()}
    return {"losses": losses, "after": after}


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=1e-2),
}
torch.manual_seed(0)
print(
    json.dumps(
        {
            "madeBy": f"tools/reference/nn_training_steps.py, torch {torch.__version__}",
            "runs": {
                f"{name} {optimizer}": run(model(), make)
                for name, model in [("fc10-1", Softmax), ("fc100-100-10", Mlp), ("lenet", LeNet)]
                for optimizer, make in OPTIMIZERS.items()
            },
        },
        indent=1,
    )
)
