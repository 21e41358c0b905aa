# Progressive bit search as its paper and the authors' program do it, in PyTorch: every layer's best bits are tried by a
# whole forward pass. Written for this comparison from the description; answers {"steps": n} with CPU seconds and flips.
#   python3 torch_bit_flip.py THREADS NETWORK WEIGHTS.pth|random SAMPLE_X.npy BITS
import json, resource, sys, time
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F

threads, network, weights, sample, bits = sys.argv[1:6]
torch.set_num_threads(int(threads))
bits = int(bits)

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

class ResNetCifar(nn.Module):
    def __init__(s, blocks):
        super().__init__()
        s.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False); s.bn1 = nn.BatchNorm2d(16)
        i = 16
        for n, (o, stride) in enumerate(((16, 1), (32, 2), (64, 2)), 1):
            layers = []
            for k in range(blocks): layers.append(Block(i, o, stride if k == 0 else 1)); i = o
            setattr(s, f"layer{n}", nn.Sequential(*layers))
        s.linear = nn.Linear(64, 10)
    def forward(s, x):
        x = F.relu(s.bn1(s.conv1(x)))
        return s.linear(s.layer3(s.layer2(s.layer1(x))).mean((2, 3)))

class Round(torch.autograd.Function):  # the straight-through estimator: the gradient in the integers
    @staticmethod
    def forward(ctx, w, step): ctx.step = step; return w * step
    @staticmethod
    def backward(ctx, g): return g * ctx.step, None

class QuantizedConv(nn.Conv2d):
    def forward(s, x): return F.conv2d(x, Round.apply(s.weight, s.step), s.bias, s.stride, s.padding, s.dilation, s.groups)
class QuantizedLinear(nn.Linear):
    def forward(s, x): return F.linear(x, Round.apply(s.weight, s.step), s.bias)

torch.manual_seed(0)
if network.startswith("resnet") and int(network[6:]) in (20, 32, 44, 56):
    net = ResNetCifar((int(network[6:]) - 2) // 6)
else:
    net = __import__("torchvision").models.__dict__[network]()
if weights != "random":
    state = torch.load(weights, map_location="cpu")
    state = state.get("state_dict", state)
    net.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
net.eval()
half = 2 ** (bits - 1) - 1
layers = []
for name, module in net.named_modules():
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        module.__class__ = QuantizedConv if isinstance(module, nn.Conv2d) else QuantizedLinear
        with torch.no_grad():
            module.step = module.weight.abs().max() / half
            module.weight.copy_(torch.round(module.weight / module.step))
        layers.append((name, module))
x = torch.from_numpy(np.load(sample))
with torch.no_grad(): target = net(x).argmax(1)
bit_weights = torch.tensor([-2.0 ** (bits - 1)] + [2.0 ** k for k in range(bits - 2, -1, -1)])
shifts = torch.arange(bits - 1, -1, -1)

def candidate(module, count):
    w, g = module.weight.detach().flatten(), module.weight.grad.flatten()
    stored = ((w.to(torch.int16)[None] >> shifts[:, None]) & 1).bool()   # [bits, weights]
    slope = g[None] * bit_weights[:, None]
    slope = torch.where(stored ^ (slope >= 0), slope.abs(), torch.zeros(()))
    _, at = slope.flatten().topk(count)
    changed = w.clone()
    for place in at.tolist():
        bit, index = divmod(place, w.numel())
        changed[index] += bit_weights[bit] * (-1 if stored[bit, index] else 1)
    return changed.view_as(module.weight), at % w.numel()

def step():
    net.zero_grad()
    loss = F.cross_entropy(net(x), target); loss.backward()
    count, best = 1, loss.item()
    while True:
        found = None
        for name, module in layers:
            changed, index = candidate(module, count)
            clean = module.weight.data
            module.weight.data = changed
            with torch.no_grad(): now = F.cross_entropy(net(x), target).item()
            module.weight.data = clean
            if now > best: best, found = now, (name, module, clean, changed, index)
        if found: break
        count += 1
    name, module, clean, changed, index = found
    module.weight.data = changed
    return [name, index.tolist(), clean.flatten()[index].tolist(), changed.flatten()[index].tolist(), best]

for line in sys.stdin:
    ask = json.loads(line)
    start, wall = time.process_time(), time.perf_counter()
    flips = [step() for _ in range(ask["steps"])]
    print(json.dumps({"cpu": time.process_time() - start, "seconds": time.perf_counter() - wall, "flips": flips,
                      "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}), flush=True)
