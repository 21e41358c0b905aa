# Training steps in PyTorch: answers {"net": ..., "steps": n} with the seconds of n steps.
import json, sys, time
import torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
torch.manual_seed(0)

class Block(nn.Module):
    def __init__(s, i, o, stride):
        super().__init__()
        s.conv1 = nn.Conv2d(i, o, 3, stride, 1, bias=False); s.bn1 = nn.BatchNorm2d(o)
        s.conv2 = nn.Conv2d(o, o, 3, 1, 1, bias=False); s.bn2 = nn.BatchNorm2d(o)
        s.stride, s.pad = stride, (o - i) // 2
    def forward(s, x):
        y = s.bn2(s.conv2(F.relu(s.bn1(s.conv1(x)))))
        if s.stride != 1 or s.pad: x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, s.pad, s.pad))
        return F.relu(y + x)

class ResNet20(nn.Module):
    def __init__(s):
        super().__init__()
        s.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False); s.bn1 = nn.BatchNorm2d(16)
        layers, i = [], 16
        for o, stride in ((16, 1), (32, 2), (64, 2)):
            for k in range(3): layers.append(Block(i, o, stride if k == 0 else 1)); i = o
        s.layers = nn.Sequential(*layers); s.fc = nn.Linear(64, 10)
    def forward(s, x):
        return s.fc(s.layers(F.relu(s.bn1(s.conv1(x)))).mean((2, 3)))

nets = {
    "mlp": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.Sigmoid(), nn.Linear(100, 100), nn.Sigmoid(), nn.Linear(100, 10)), (128, 1, 28, 28)),
    "lenet": (lambda: nn.Sequential(nn.Conv2d(1, 32, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(2),
              nn.Flatten(), nn.Linear(3136, 256), nn.ReLU(), nn.Linear(256, 10)), (128, 1, 28, 28)),
    "resnet20": (ResNet20, (128, 3, 32, 32)),
    "resnet50": (lambda: __import__("torchvision").models.resnet50(), (4, 3, 224, 224)),
}
made = {}
for line in sys.stdin:
    ask = json.loads(line)
    name = ask["net"]
    if name not in made:
        build, shape = nets[name]
        net = build(); net.train()
        made[name] = (net, torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4), torch.randn(shape), torch.arange(shape[0]) % 10)
    net, opt, x, t = made[name]
    start = time.perf_counter()
    for _ in range(ask["steps"]):
        opt.zero_grad(); loss = F.cross_entropy(net(x), t); loss.backward(); opt.step(); loss.item()
    print(json.dumps({"seconds": time.perf_counter() - start, "loss": loss.item()}), flush=True)
