# Temporal cycle-consistency in PyTorch: answers {"net": "vggm" | "small", "do": "step" | "embed", "times": n} with the seconds.
import json, sys, time
import torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
torch.manual_seed(0)

def conv2(i, o, k, s, norm): return nn.Sequential(nn.Conv2d(i, o, k, s, k // 2), norm(o), nn.ReLU())

class VggM(nn.Sequential):
    def __init__(s):
        n, c = nn.BatchNorm2d, (64, 128, 256, 512)
        super().__init__(conv2(3, c[0], 7, 2, n), nn.MaxPool2d(3, 2, 1), conv2(c[0], c[1], 3, 1, n), conv2(c[1], c[1], 3, 1, n), nn.MaxPool2d(2),
                         conv2(c[1], c[2], 3, 1, n), conv2(c[2], c[2], 3, 1, n), nn.MaxPool2d(2), conv2(c[2], c[3], 3, 1, n), conv2(c[3], c[3], 3, 1, n))

class Small(nn.Sequential):
    def __init__(s):
        n, c = lambda o: nn.GroupNorm(8, o), (16, 32, 64, 128)
        layers = [conv2(3, c[0], 7, 2, n)]
        for i, o in zip(c, c[1:]): layers += [nn.MaxPool2d(2), conv2(i, o, 3, 1, n)]
        super().__init__(*layers)

class Encoder(nn.Module):
    def __init__(s, base, features, width, norm, drop, unit):
        super().__init__()
        s.base, s.norm, s.unit = base, norm, unit
        s.conv1, s.conv2 = nn.Conv3d(features, width, 3, padding=1), nn.Conv3d(width, width, 3, padding=1)
        of = nn.BatchNorm3d if norm == "batch" else lambda o: nn.GroupNorm(8, o)
        s.norm1, s.norm2 = of(width), of(width)
        s.fc = nn.Sequential(nn.Dropout(drop), nn.Linear(width, width), nn.ReLU(), nn.Dropout(drop), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 128))
    def over(s, conv, norm, y):
        y = conv(y)
        if s.norm == "batch": return F.relu(norm(y))
        # Group normalisation is of each frame.
        n, c, t, h, w = y.shape
        y = norm(y.transpose(1, 2).reshape(n * t, c, h, w))
        return F.relu(y).reshape(n, t, c, h, w).transpose(1, 2)
    def forward(s, x):
        n, t = x.shape[:2]
        y = s.base(x.flatten(0, 1)).unflatten(0, (n, t)).transpose(1, 2)
        y = s.over(s.conv2, s.norm2, s.over(s.conv1, s.norm1, y))
        y = s.fc(y.amax((2, 3, 4)))
        return F.normalize(y, dim=1) if s.unit else y

def cycle(u, v, temperature, kind):
    scale = -1 / (u.shape[1] * temperature)
    distance = lambda a, b: ((a * a).sum(1, keepdim=True) + (b * b).sum(1) - 2 * a @ b.T).clamp(min=0)
    near = torch.softmax(distance(u, v) * scale, 1) @ v
    beta = torch.softmax(distance(near, u) * scale, 1)
    t = torch.arange(len(u)) / len(u)
    mu = beta @ t
    if kind == "mse": return (t - mu) ** 2
    var = (beta * (t - mu[:, None]) ** 2).sum(1).clamp(min=1e-4)
    return (t - mu) ** 2 / var + 0.001 * var.log()

nets = {
    "vggm": dict(make=lambda: Encoder(VggM(), 512, 512, "batch", 0.1, False), videos=2, side=112, lr=1e-4, loss=lambda u, v: cycle(u, v, 0.1, "var"), scale=1),
    "small": dict(make=lambda: Encoder(Small(), 128, 128, "group", 0.0, True), videos=4, side=48, lr=3e-4, loss=lambda u, v: cycle(u, v, 0.1 / 128, "mse"), scale=100),
}
made = {}
for line in sys.stdin:
    ask = json.loads(line)
    spec = nets[ask["net"]]
    if ask["net"] not in made:
        net = spec["make"]()
        made[ask["net"]] = (net, torch.optim.Adam(net.parameters(), lr=spec["lr"]), torch.rand(spec["videos"] * 20, 2, 3, spec["side"], spec["side"]) * 2 - 1)
    net, opt, x = made[ask["net"]]
    count = sum(p.numel() for p in net.parameters())
    net.train(ask["do"] == "step")
    start = time.perf_counter()
    for _ in range(ask["times"]):
        if ask["do"] == "embed":
            with torch.no_grad():
                for from_ in range(0, 320, 32): net(x[:32])
            continue
        opt.zero_grad()
        y = net(x).unflatten(0, (spec["videos"], 20))
        pairs = [(i, j) for i in range(len(y)) for j in range(len(y)) if i != j]
        loss = torch.cat([spec["loss"](y[i], y[j]) for i, j in pairs]).mean() * spec["scale"]
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5)
        opt.step(); loss.item()
    print(json.dumps({"seconds": time.perf_counter() - start, "parameters": count}), flush=True)
