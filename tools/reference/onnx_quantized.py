"""A network with 8-bit weights (one scale per channel) and activations, as PyTorch exports it (QuantizeLinear and
DequantizeLinear), with its logits and the gradient of its loss in the input: straight through the rounding.

Run from the repository's root:  /usr/bin/python3 tools/reference/onnx_quantized.py
"""
import json
import pathlib

import torch
import torch.nn.functional as F

OUT = pathlib.Path("packages/engine/test/fixtures/narrow")
OUT.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)


class Quantized(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.fc = torch.nn.Linear(64, 5)
        self.register_buffer("scale", self.conv.weight.detach().abs().amax((1, 2, 3)) / 127)
        self.register_buffer("zeros", torch.zeros(4, dtype=torch.int32))

    def forward(self, x):
        # 2 % of the inputs lie outside 0 … 255 and get no gradient.
        x = torch.fake_quantize_per_tensor_affine(x, 1 / 255, 0, 0, 255)
        w = torch.fake_quantize_per_channel_affine(self.conv.weight, self.scale, self.zeros, 0, -128, 127)
        h = F.max_pool2d(F.relu(F.conv2d(x, w, self.conv.bias, padding=1)), 2)
        h = torch.fake_quantize_per_tensor_affine(h, 0.01, 3, 0, 255)
        return self.fc(h.flatten(1))


net = Quantized().eval()
x = (torch.rand(2, 3, 8, 8) * 1.02).requires_grad_()
logits = net(x)
(dx,) = torch.autograd.grad(F.cross_entropy(logits, torch.tensor([1, 3])), x)
torch.onnx.export(net, x, str(OUT / "quantized.onnx"), opset_version=13, input_names=["x"], output_names=["logits"])
numbers = lambda t: [float(f"{v:.8g}") for v in t.detach().flatten().tolist()]
stored = {"x": numbers(x), "logits": numbers(logits), "dx": numbers(dx), "labels": [1, 3]}
(OUT / "quantized.json").write_text(json.dumps(stored) + "\n")
