"""Files of torch.save in both formats, and what PyTorch reads back from them.

    /usr/bin/python3 tools/reference/nn_torch_files.py packages/nn/test/fixtures/torch-files
"""
import json
import sys
from collections import OrderedDict
from pathlib import Path
import torch

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)

base = torch.arange(24, dtype=torch.float32) / 7
dtypes = OrderedDict(
    f64=torch.tensor([1 / 3, -0.0, float("inf")], dtype=torch.float64),
    f32=torch.randn(2, 3),
    f16=torch.tensor([1.5, -65504, 6e-8, float("inf")], dtype=torch.float16),
    bf16=torch.tensor([1.5, -3e38, 1e-40], dtype=torch.bfloat16),
    i64=torch.tensor([2**62, -(2**63), 5]),
    i32=torch.tensor([[2**31 - 1], [-(2**31)]], dtype=torch.int32),
    i16=torch.tensor([32767, -32768], dtype=torch.int16),
    i8=torch.tensor([127, -128], dtype=torch.int8),
    u8=torch.tensor([0, 255], dtype=torch.uint8),
    bool=torch.tensor([True, False]),
)
views = dict(
    transposed=base.view(4, 6).t(),
    columns=base.view(2, 3, 4)[:, 1:, ::2],
    shared_row=base[6:12],
    expanded=base[3].expand(2, 5),
    scalar=torch.tensor(2.5),
    empty=torch.empty(0, 3),
    permuted=base.view(2, 3, 4).permute(2, 0, 1),
    channels_last=torch.randn(1, 2, 3, 3).contiguous(memory_format=torch.channels_last),
    ints=torch.arange(12, dtype=torch.int64).view(3, 4).t(),
)
model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
model(torch.randn(2, 1, 5, 5)).sum().backward()
optimizer.step()
checkpoint = dict(
    epoch=3, step=2**40, big=-(2**80), loss=0.25, name="résumé", done=False, none=None, sizes=(1, (2, 3), []),
    parameter=model[0].weight, state_dict=model.state_dict(), optimizer=optimizer.state_dict(),
)
parallel = {f"module.{name}": value for name, value in model.state_dict().items()}


def plain(value):
    if isinstance(value, torch.Tensor):
        flat = value.detach().flatten()
        numbers = flat.tolist() if flat.dtype in (torch.int64,) else flat.to(torch.float64).tolist()
        return {"tensor": str(value.dtype), "shape": list(value.shape), "data": [str(x) for x in numbers]}
    if isinstance(value, dict):
        return {"dict": [[plain(k), plain(v)] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return [plain(x) for x in value]
    return {"int": str(value)} if isinstance(value, int) and not isinstance(value, bool) else value


expected = {"madeBy": f"tools/reference/nn_torch_files.py, torch {torch.__version__}", "files": {}}
for name, value in dict(dtypes=dtypes, views=views, checkpoint=checkpoint, parallel=parallel).items():
    for suffix, zipped in [("pt", True), ("legacy.pt", False)]:
        if name in ("parallel",) and zipped:
            continue
        torch.save(value, out / f"{name}.{suffix}", _use_new_zipfile_serialization=zipped)
        expected["files"][f"{name}.{suffix}"] = plain(torch.load(out / f"{name}.{suffix}"))
torch.save(dtypes, out / "protocol5.pt", pickle_protocol=5)
expected["files"]["protocol5.pt"] = plain(dtypes)
(out / "expected.json").write_text(json.dumps(expected) + "\n")
