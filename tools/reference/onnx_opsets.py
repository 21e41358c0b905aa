"""One small network that PyTorch exports at opsets 9 to 17, with PyTorch's output and input gradient.

What changed between opsets is in it: attributes that became inputs (Clip 11, Pad 11, Slice 10, Squeeze and ReduceSum 13,
Split 13, TopK 10), Upsample 9 and Resize 10, 11, 13, Scatter 9, Softmax 13, Dropout 12, LayerNormalization 17.
Written by Debian's PyTorch 1.13.0a0. Usage: /usr/bin/python3 tools/reference/onnx_opsets.py
"""
import json
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
OUT = Path(__file__).parents[2] / "packages/engine/test/fixtures/opsets"


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.5)
        self.norm = nn.LayerNorm(4)
        self.fc = nn.Linear(24, 5)
        self.register_buffer("places", torch.tensor([[0, 2], [3, 1]]))

    def forward(self, x):
        h = self.bn(self.conv(F.pad(x, (1, 2, 0, 1), value=0.5)))  # [2, 6, 5, 6]
        h = F.hardswish(h).clamp(-0.2, 2.5)
        h = F.interpolate(h, scale_factor=2, mode="nearest")  # [2, 6, 10, 12]
        h = F.pad(h, (1, 1, 1, 1), mode="reflect")
        h = F.avg_pool2d(F.max_pool2d(h, 3, 2, ceil_mode=True), 2, 1)  # [2, 6, 5, 6]
        a, b = h[:, :, 1:].split([2, 4], 1)  # [2, 2, 4, 6], [2, 4, 4, 6]
        c = torch.softmax(b, 1) * a.sum(1, keepdim=True)  # [2, 4, 4, 6]
        d = self.norm(c.mean((2, 3)))  # [2, 4]
        d = d.unsqueeze(1).expand(2, 3, 4).squeeze(0)
        t = b.flatten(2).topk(3, 2)[0].transpose(1, 2)  # [2, 3, 4]
        e = x.new_zeros(2, 4).scatter(1, self.places, d[:, 0, :2])
        g = torch.where(t > 0.1, t * d, t.exp() + d)  # [2, 3, 4]
        g = torch.cat([g.flatten(1), e, c.amax((2, 3)), d[:, 1].index_select(1, torch.tensor([3, 0, 1, 1]))], 1)
        return F.log_softmax(self.fc(self.drop(g)), 1)


torch.manual_seed(3)
net = Net()
net.train()
with torch.no_grad():
    for _ in range(3):
        net(torch.randn(2, 3, 8, 8))
net.eval()
x = torch.randn(2, 3, 8, 8)
OUT.mkdir(parents=True, exist_ok=True)
for opset in range(9, 18):
    torch.onnx.export(net, x, str(OUT / f"{opset}.onnx"), opset_version=opset, input_names=["x"], output_names=["y"])
net.double()
x64 = x.double().requires_grad_(True)
y = net(x64)
dy = torch.sin(torch.arange(10.0, dtype=torch.float64)).reshape(2, 5)
(y * dy).sum().backward()
numbers = lambda t: [float(f"{v:.8g}") for v in t.flatten().tolist()]
(OUT / "expected.json").write_text(
    json.dumps({"torch": torch.__version__, "x": numbers(x), "y": numbers(y), "dy": numbers(dy), "dx": numbers(x64.grad)}) + "\n"
)
