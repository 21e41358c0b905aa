"""Reference values of the operator tests, by PyTorch in float64: outputs, and gradients of <dy, output>.

Run from the repository's root:  /usr/bin/python3 tools/reference/ops_torch.py
Writes packages/engine/test/fixtures/ops/<family>.json, one line per case. Made with PyTorch 1.13.0a0 as Debian 12 ships it.
"""
import pathlib
import zlib

import torch
import torch.nn.functional as F
import torchvision

OUT = pathlib.Path("packages/engine/test/fixtures/ops")
families = {}
family = None
generator = torch.Generator()


def begin(name):
    global family
    family = families.setdefault(name, {})


def v(*shape, low=-2.0, high=2.0):
    """Distinct values in (low, high), shuffled, three decimals, so that maxima and kinks are not ties."""
    n = 1
    for dim in shape:
        n *= dim
    places = torch.randperm(n, generator=generator).double() + 0.2 + 0.6 * torch.rand(n, generator=generator).double()
    values = low + (high - low) * places / n
    return torch.tensor([round(float(x), 3) for x in values], dtype=torch.float64).reshape(shape)


def ints(values, dtype=torch.int64):
    return torch.tensor(values, dtype=dtype)


def bools(values):
    return torch.tensor(values, dtype=torch.bool)


def frozen(x):
    """An input whose gradient PyTorch does not give."""
    x.frozen = True
    return x


def case(op, name, function, inputs, grad=True):
    """`inputs` is a function, so that each case draws from a seed of its own name."""
    key = f"{op}: {name}"
    generator.manual_seed(zlib.crc32(key.encode()))
    xs = [x.requires_grad_() if x.is_floating_point() and grad and not hasattr(x, "frozen") else x for x in inputs()]
    out = function(*xs)
    outs = list(out) if isinstance(out, (tuple, list)) else [out]
    record = {"in": xs, "out": outs}
    first = outs[0]
    if grad:
        dy = torch.rand(first.shape, generator=generator).double() * 2 - 1
        dy = torch.round(dy * 100) / 100
        wrt = [x for x in xs if x.requires_grad]
        if first.requires_grad:
            found = torch.autograd.grad((first * dy).sum(), wrt, allow_unused=True)
        else:
            found = [None for _ in wrt]
        grads = iter(found)
        record["dy"] = [dy]
        record["grads"] = [
            None if not x.requires_grad else (lambda g: torch.zeros_like(x) if g is None else g)(next(grads)) for x in xs
        ]
    assert key not in family, key
    family[key] = record


def number(x):
    if isinstance(x, bool):
        return str(int(x))
    if isinstance(x, int):
        return str(x)
    if x != x:
        return '"NaN"'
    if x in (float("inf"), float("-inf")):
        return '"Infinity"' if x > 0 else '"-Infinity"'
    text = f"{x:.8g}"
    return "0" if text == "-0" else text


def write_tensor(x):
    if x is None:
        return "null"
    kind = "b" if x.dtype == torch.bool else "f" if x.is_floating_point() else str(x.dtype)[6:]
    shape = ",".join(map(str, x.shape))
    return f'["{kind}",[{shape}],[{",".join(number(y) for y in x.detach().flatten().tolist())}]]'


def write_all():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, cases in families.items():
        lines = []
        for key, record in cases.items():
            parts = ",".join(f'"{part}":[{",".join(write_tensor(x) for x in xs)}]' for part, xs in record.items())
            lines.append(f'"{key}":{{{parts}}}')
        (OUT / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


# --- elementwise
begin("elementwise")
two = {
    "Add": torch.add,
    "Sub": torch.sub,
    "Mul": torch.mul,
    "Div": torch.div,
    "Min": torch.minimum,
    "Max": torch.maximum,
}
for op, f in two.items():
    case(op, "same shape", f, lambda: [v(2, 3), v(2, 3)])
    case(op, "both broadcast", f, lambda: [v(2, 1, 3), v(4, 1)])
    case(op, "scalar", f, lambda: [v(), v(2, 2)])
case("Pow", "same shape", torch.pow, lambda: [v(2, 3, low=0.3, high=2), v(2, 3)])
case("Pow", "both broadcast", torch.pow, lambda: [v(3, 1, low=0.3, high=2), v(2)])
case("Pow", "square of negatives", lambda x: x**2, lambda: [v(5)])
for op, f in {"Greater": torch.gt, "Less": torch.lt}.items():
    case(op, "broadcast, with a tie", f, lambda: [ints([[1.0, 2.0, 3.0]], torch.float64), ints([[2.0], [3.5]], torch.float64)], grad=False)
case("Equal", "broadcast", torch.eq, lambda: [ints([[1.0, 2.0, 3.0]], torch.float64), ints([[2.0], [3.0]], torch.float64)], grad=False)
case("Equal", "integers", torch.eq, lambda: [ints([1, 2, 3]), ints([1, 5, 3])], grad=False)
for op, f in {"And": torch.logical_and, "Or": torch.logical_or}.items():
    case(op, "broadcast", f, lambda: [bools([[False, True]]), bools([[False], [True]])], grad=False)
case("Not", "both", torch.logical_not, lambda: [bools([False, True])], grad=False)
one = {
    "Neg": torch.neg,
    "Abs": torch.abs,
    "Sign": torch.sign,
    "Exp": torch.exp,
    "Relu": torch.relu,
    "Sigmoid": torch.sigmoid,
    "Tanh": torch.tanh,
    "Erf": torch.erf,
    "Softplus": F.softplus,
}
for op, f in one.items():
    case(op, "both signs", f, lambda: [v(2, 4)])
    if op in ("Sigmoid", "Tanh", "Erf", "Softplus"):
        case(op, "far out", f, lambda: [ints([-80.0, -12.5, 12.5, 80.0], torch.float64)])
for op, f in {"Log": torch.log, "Sqrt": torch.sqrt}.items():
    case(op, "positive", f, lambda: [v(2, 4, low=0.2, high=3)])
case("Reciprocal", "both signs", torch.reciprocal, lambda: [torch.cat([v(4, low=0.3, high=2), v(4, low=-2, high=-0.3)])])
case("LeakyRelu", "default slope", lambda x: F.leaky_relu(x, 0.01), lambda: [v(2, 4)])
case("LeakyRelu", "slope 0.3", lambda x: F.leaky_relu(x, 0.3), lambda: [v(2, 4)])
case("Clip", "both limits", lambda x: torch.clamp(x, -0.7, 1.1), lambda: [v(2, 5)])
case("Clip", "from below", lambda x: torch.clamp(x, min=-0.7), lambda: [v(6)])
case("Clip", "from above", lambda x: torch.clamp(x, max=0.2), lambda: [v(6)])
case("Within", "open and closed", lambda x: x * ((x > -1) & (x <= 1.5)), lambda: [v(8)])
case("Within", "one limit", lambda x: x * (x < 0.3), lambda: [v(6)])
case("Where", "all three broadcast", torch.where, lambda: [bools([[True], [False]]), v(3, 1, 1), v(4)])
case("Cast", "to integer and back", lambda x: x.to(torch.int64).to(torch.float64), lambda: [v(6)], grad=False)
case("Cast", "bool to float", lambda x: x.to(torch.float64), lambda: [bools([True, False])], grad=False)
case("Identity", "matrix", lambda x: x * 1, lambda: [v(2, 3)])
case("StopGradient", "one factor of two", lambda x: x * x.detach(), lambda: [v(5)])

for op, f in {"GreaterOrEqual": torch.ge, "LessOrEqual": torch.le}.items():
    case(op, "broadcast, with a tie", f, lambda: [ints([[1.0, 2.0, 3.0]], torch.float64), ints([[2.0], [3.5]], torch.float64)], grad=False)
case("Xor", "broadcast", torch.logical_xor, lambda: [bools([[False, True]]), bools([[False], [True]])], grad=False)
nan, inf = float("nan"), float("inf")
case("IsNaN", "all kinds", torch.isnan, lambda: [ints([1.0, nan, inf, -inf], torch.float64)], grad=False)
case("IsInf", "all kinds", torch.isinf, lambda: [ints([1.0, nan, inf, -inf], torch.float64)], grad=False)
case("Mod", "floats, sign of the dividend", torch.fmod, lambda: [v(4, 2), v(2, low=0.4, high=0.9)])
case("Mod", "integers, sign of the divisor", torch.remainder, lambda: [ints([-7, 7, -7, 7]), ints([3, 3, -3, -3])], grad=False)
halves = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.3, -0.7]
for op, f in {"Floor": torch.floor, "Ceil": torch.ceil, "Round": torch.round}.items():
    case(op, "both signs", f, lambda: [v(6)])
    case(op, "halves", f, lambda: [ints(halves, torch.float64)], grad=False)
case("StraightThrough", "a step that passes its gradient", lambda x: x + (torch.sign(x) - x).detach(), lambda: [v(6)])

# --- activations, circular and hyperbolic functions
begin("activation")
case("HardSigmoid", "ONNX's slope", lambda x: torch.clamp(0.2 * x + 0.5, 0, 1), lambda: [v(8, low=-4, high=4)])
case("HardSigmoid", "PyTorch's slope", F.hardsigmoid, lambda: [v(8, low=-4, high=4)])
case("BoundedRelu", "ReLU6", F.relu6, lambda: [v(8, low=-4, high=9)])
case("BoundedRelu", "up to 1.5", lambda x: F.hardtanh(x, 0.0, 1.5), lambda: [v(8)])
case("HardSwish", "both signs", F.hardswish, lambda: [v(8, low=-4, high=4)])
case("Elu", "both signs", F.elu, lambda: [v(6)])
case("Elu", "alpha 0.4, far out", lambda x: F.elu(x, 0.4), lambda: [ints([-800.0, -3.0, 3.0, 800.0], torch.float64)])
case("Selu", "both signs", F.selu, lambda: [v(6)])
case("Celu", "alpha 1", F.celu, lambda: [v(6)])
case("Celu", "alpha 0.6", lambda x: F.celu(x, 0.6), lambda: [v(6)])
case("ThresholdedRelu", "above 0.7", lambda x: F.threshold(x, 0.7, 0), lambda: [v(6)])
case("PRelu", "a slope per channel", lambda x, a: F.prelu(x, a.reshape(-1)), lambda: [v(2, 3, 2), v(3, 1)])
case("PRelu", "one slope", lambda x, a: F.prelu(x, a), lambda: [v(2, 3), v(1)])
case("Softsign", "both signs", F.softsign, lambda: [v(6)])
for op, f in {"Sin": torch.sin, "Cos": torch.cos, "Sinh": torch.sinh, "Cosh": torch.cosh, "Asinh": torch.asinh, "Atan": torch.atan}.items():
    case(op, "both signs", f, lambda: [v(8, low=-4, high=4)])
case("Tan", "both signs", torch.tan, lambda: [v(6, low=-1.4, high=1.4)])
for op, f in {"Asin": torch.asin, "Acos": torch.acos, "Atanh": torch.atanh}.items():
    case(op, "both signs", f, lambda: [v(6, low=-0.9, high=0.9)])
case("Acosh", "above 1", torch.acosh, lambda: [v(6, low=1.2, high=4)])

# --- reductions
begin("reduce")
for op, f in {"ReduceSum": torch.sum, "ReduceMean": torch.mean, "ReduceMax": torch.amax, "ReduceMin": torch.amin}.items():
    case(op, "all axes", lambda x, f=f: f(x, dim=(0, 1, 2)), lambda: [v(2, 3, 2)])
    case(op, "middle axis", lambda x, f=f: f(x, dim=1), lambda: [v(2, 3, 2)])
    case(op, "outer axes, kept", lambda x, f=f: f(x, dim=(0, -1), keepdim=True), lambda: [v(2, 3, 2)])
for op, f in {"Softmax": torch.softmax, "LogSoftmax": torch.log_softmax}.items():
    case(op, "last axis", lambda x, f=f: f(x, -1), lambda: [v(2, 4)])
    case(op, "first axis of three", lambda x, f=f: f(x, 0), lambda: [v(3, 2, 2)])
    case(op, "large logits", lambda x, f=f: f(x, -1), lambda: [ints([[200.0, 198.5, -300.0]], torch.float64)])
case("ArgMax", "last axis", lambda x: torch.argmax(x, -1), lambda: [v(3, 5)], grad=False)
case("ArgMax", "first axis, kept", lambda x: torch.argmax(x, 0, keepdim=True), lambda: [v(3, 5)], grad=False)

case("ReduceProd", "middle axis", lambda x: x.prod(1), lambda: [v(2, 3, 2)])
case("ReduceProd", "all axes", lambda x: x.prod(), lambda: [v(4)])
case("ReduceProd", "outer axes, kept", lambda x: x.prod(0, keepdim=True).prod(2, keepdim=True), lambda: [v(2, 2, 2)])
more = {
    "ReduceL1": lambda x, d, k: x.abs().sum(d, keepdim=k),
    "ReduceL2": lambda x, d, k: x.pow(2).sum(d, keepdim=k).sqrt(),
    "ReduceSumSquare": lambda x, d, k: x.pow(2).sum(d, keepdim=k),
    "ReduceLogSum": lambda x, d, k: x.sum(d, keepdim=k).log(),
    "ReduceLogSumExp": lambda x, d, k: torch.logsumexp(x, d, keepdim=k),
}
for op, f in more.items():
    low = 0.2 if op == "ReduceLogSum" else -2
    case(op, "all axes", lambda x, f=f: f(x, (0, 1, 2), False), lambda: [v(2, 3, 2, low=low)])
    case(op, "middle axis", lambda x, f=f: f(x, (1,), False), lambda: [v(2, 3, 2, low=low)])
    case(op, "outer axes, kept", lambda x, f=f: f(x, (0, 2), True), lambda: [v(2, 3, 2, low=low)])
case("ReduceLogSumExp", "large, kept", lambda x: torch.logsumexp(x, 1, keepdim=True), lambda: [ints([[900.0, 898.5, 10.0]], torch.float64)])
case("ArgMin", "last axis", lambda x: torch.argmin(x, -1), lambda: [v(3, 5)], grad=False)
case("ArgMin", "first axis, kept", lambda x: torch.argmin(x, 0, keepdim=True), lambda: [v(3, 5)], grad=False)
case("TopK", "three largest", lambda x: torch.topk(x, 3), lambda: [v(2, 5)])
case("TopK", "two smallest of the first axis", lambda x: torch.topk(x, 2, 0, largest=False), lambda: [v(4, 2)])
case("CumSum", "last axis", lambda x: x.cumsum(-1), lambda: [v(2, 4)])
case("CumSum", "first axis, exclusive", lambda x: x.cumsum(0) - x, lambda: [v(4, 2)])
case("CumSum", "from the end", lambda x: x.flip(1).cumsum(1).flip(1), lambda: [v(2, 4)])

# --- linear algebra
begin("linalg")
case("MatMul", "matrices", torch.matmul, lambda: [v(2, 3), v(3, 4)])
case("MatMul", "batches broadcast on both sides", torch.matmul, lambda: [v(2, 1, 2, 3), v(3, 3, 2)])
case("MatMul", "a row and a column", torch.matmul, lambda: [v(1, 5), v(5, 1)])
case("Gemm", "plain", lambda a, b: a @ b, lambda: [v(2, 3), v(3, 4)])
case("Gemm", "bias row", lambda a, b, c: a @ b + c, lambda: [v(2, 3), v(3, 4), v(4)])
case("Gemm", "scaled, bias column", lambda a, b, c: 0.5 * (a @ b) + 2 * c, lambda: [v(2, 3), v(3, 4), v(2, 1)])
case("Gemm", "A transposed", lambda a, b: 1.5 * (a.T @ b), lambda: [v(3, 2), v(3, 4)])
case("Gemm", "B transposed", lambda a, b, c: a @ b.T + c, lambda: [v(2, 3), v(4, 3), v()])
case("Gemm", "both transposed", lambda a, b: -1 * (a.T @ b.T), lambda: [v(3, 2), v(4, 3)])

# --- layout
begin("layout")
case("Reshape", "with a free size", lambda x: x.reshape(3, -1), lambda: [v(2, 3, 2)])
case("Flatten", "after the batch", lambda x: x.flatten(1), lambda: [v(2, 3, 2)])
case("Flatten", "before the last", lambda x: x.reshape(6, 2), lambda: [v(2, 3, 2)])
case("Transpose", "three axes", lambda x: x.permute(2, 0, 1), lambda: [v(2, 3, 4)])
case("Transpose", "reversed", lambda x: x.T, lambda: [v(2, 3)])
case("Expand", "new and old axes", lambda x: x.expand(2, 3, 4), lambda: [v(3, 1)])
case("Concat", "three along the last axis", lambda a, b, c: torch.cat([a, b, c], -1), lambda: [v(2, 1), v(2, 3), v(2, 2)])
case("Concat", "the same value twice", lambda a, b: torch.cat([a, b, a], 0), lambda: [v(1, 3), v(2, 3)])
case("Split", "second part used", lambda x: torch.split(x, [1, 3, 2], 1)[1], lambda: [v(2, 6)])
case("Split", "products of parts", lambda x: (lambda p: p[0] * p[2])(torch.split(x, [2, 1, 2], 0)), lambda: [v(5, 2)])
case("Slice", "two axes", lambda x: x[1:3, 2:], lambda: [v(4, 5)])
case("Slice", "steps", lambda x: x[:, 1::2], lambda: [v(2, 6)])
case("Slice", "step 3 with a rest", lambda x: x[::3], lambda: [v(8)])
case("Slice", "reversed", lambda x: x.flip(1), lambda: [v(2, 4)])
case("Slice", "step -2 from inside", lambda x: x.flip(0)[1:6:2], lambda: [v(8, 2)])
case("Slice", "negative bounds", lambda x: x[-3:-1], lambda: [v(5)])
case("Slice", "bounds outside", lambda x: x[2:], lambda: [v(5)])
case("Slice", "nothing", lambda x: x[3:3], lambda: [v(5)])
case("Pad", "constant", lambda x: F.pad(x, (1, 2, 0, 3), value=1.5), lambda: [v(2, 3)])
case("Pad", "reflect", lambda x: F.pad(x, (1, 2, 2, 0), mode="reflect"), lambda: [v(1, 2, 3, 4)])
case("Pad", "edge", lambda x: F.pad(x, (1, 2, 3, 0), mode="replicate"), lambda: [v(1, 2, 2, 3)])

# --- indexing
begin("indexing")
case("GatherND", "elements, repeated", lambda x, i: x[i[..., 0], i[..., 1]], lambda: [v(3, 4), ints([[[0, 1], [2, 3]], [[0, 1], [1, 0]]])])
case("GatherND", "rows", lambda x, i: x[i[..., 0]], lambda: [v(3, 4), ints([[2], [0], [2]])])
case("GatherND", "a shared axis", lambda x, i: torch.stack([x[b][i[b, :, 0]] for b in range(2)]), lambda: [v(2, 3, 2), ints([[[2], [0]], [[1], [1]]])])
case("ScatterND", "add, repeated", lambda x, i, u: x.index_put((i[:, 0], i[:, 1]), u, accumulate=True), lambda: [v(3, 3), ints([[0, 1], [2, 2], [0, 1]]), v(3)])
case("ScatterND", "replace rows", lambda x, i, u: x.index_put((i[:, 0],), u), lambda: [v(4, 2), ints([[3], [1]]), v(2, 2)])
case("Trilu", "upper", torch.triu, lambda: [v(2, 3, 3)])
case("Trilu", "lower, one above the diagonal", lambda x: torch.tril(x, 1), lambda: [v(3, 4)])
case("Gather", "rows, repeated", lambda x, i: x[i], lambda: [v(4, 3), ints([2, 0, 2])])
case("Gather", "middle axis, matrix of indices", lambda x, i: x[:, i], lambda: [v(2, 4, 2), ints([[3, 0], [1, 3]])])
case("Gather", "negative index", lambda x, i: x[i], lambda: [v(4, 2), ints([-1, 1])])
case("Gather", "one scalar index", lambda x, i: x[:, i], lambda: [v(3, 4), ints(2)])
case("GatherElements", "last axis, repeated", lambda x, i: x.gather(1, i), lambda: [v(2, 4), ints([[0, 3, 3], [1, 1, 2]])])
case("GatherElements", "first axis, fewer columns", lambda x, i: x.gather(0, i), lambda: [v(3, 3), ints([[2, 0]])])
case("ScatterElements", "add, repeated", lambda x, i, u: x.scatter_add(1, i, u), lambda: [v(2, 4), ints([[0, 3, 3], [1, 1, 2]]), v(2, 3)])
case("ScatterElements", "replace", lambda x, i, u: x.scatter(0, i, u), lambda: [v(4, 2), ints([[3, 0], [1, 2]]), v(2, 2)])

# --- convolution and pooling
begin("conv")
case("Conv", "1-D", F.conv1d, lambda: [v(2, 3, 7), v(2, 3, 3), v(2)])
case("Conv", "1-D strided and dilated", lambda x, w: F.conv1d(x, w, None, 2, 2, 2), lambda: [v(1, 2, 9), v(3, 2, 3)])
case("Conv", "2-D", F.conv2d, lambda: [v(2, 2, 5, 4), v(3, 2, 3, 2), v(3)])
case("Conv", "stride 2, a rest left over", lambda x, w: F.conv2d(x, w, None, 2, 1), lambda: [v(1, 2, 6, 7), v(2, 2, 3, 3)])
case("Conv", "stride larger than kernel", lambda x, w: F.conv2d(x, w, None, 3), lambda: [v(1, 2, 8, 8), v(2, 2, 2, 2)])
case("Conv", "pointwise", F.conv2d, lambda: [v(2, 3, 3, 2), v(4, 3, 1, 1)])
case("Conv", "pointwise, stride 2", lambda x, w: F.conv2d(x, w, None, 2), lambda: [v(1, 3, 5, 4), v(2, 3, 1, 1)])
case("Conv", "uneven pads", lambda x, w: F.conv2d(F.pad(x, (0, 2, 1, 0)), w), lambda: [v(1, 2, 4, 3), v(2, 2, 3, 3)])
case("Conv", "pads wider than the kernel", lambda x, w: F.conv2d(x, w, None, 1, 3), lambda: [v(1, 1, 2, 3), v(2, 1, 2, 2)])
case("Conv", "dilated", lambda x, w: F.conv2d(x, w, None, 1, 2, (2, 1)), lambda: [v(1, 2, 6, 5), v(2, 2, 3, 2)])
case("Conv", "two groups", lambda x, w, b: F.conv2d(x, w, b, 1, 1, 1, 2), lambda: [v(1, 4, 4, 3), v(6, 2, 3, 3), v(6)])
case("Conv", "depthwise", lambda x, w: F.conv2d(x, w, None, 1, 1, 1, 3), lambda: [v(2, 3, 4, 3), v(3, 1, 3, 3)])
case("Conv", "depthwise, two per channel, stride 2", lambda x, w: F.conv2d(x, w, None, 2, 1, 1, 2), lambda: [v(1, 2, 5, 5), v(4, 1, 3, 3)])
case("Conv", "eight channels", lambda x, w: F.conv2d(x, w, None, 1, 1), lambda: [v(1, 8, 3, 3), v(2, 8, 3, 3)])
case("Conv", "3-D", lambda x, w, b: F.conv3d(x, w, b, 1, (1, 0, 1)), lambda: [v(1, 2, 3, 3, 4), v(2, 2, 2, 3, 3), v(2)])
case("Conv", "3-D strided", lambda x, w: F.conv3d(x, w, None, (1, 2, 2), (1, 1, 1)), lambda: [v(1, 1, 3, 5, 4), v(2, 1, 2, 3, 2)])


def input_grad(shape, convolve):
    def f(w, dy):
        x = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(convolve(x, w), x, dy, create_graph=True)[0]

    return f


def weight_grad(shape, convolve):
    def f(x, dy):
        w = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(convolve(x, w), w, dy, create_graph=True)[0]

    return f


case("ConvInputGrad", "stride 2, uneven rest", input_grad((1, 2, 6, 5), lambda x, w: F.conv2d(x, w, None, 2, 1)), lambda: [v(3, 2, 3, 3), v(1, 3, 3, 3)])
case("ConvInputGrad", "eight channels in two groups", input_grad((1, 16, 3, 3), lambda x, w: F.conv2d(x, w, None, 1, 1, 1, 2)), lambda: [v(2, 8, 3, 3), v(1, 2, 3, 3)])
case("ConvInputGrad", "eight channels, dilated", input_grad((1, 8, 4, 4), lambda x, w: F.conv2d(x, w, None, 1, 1, 2)), lambda: [v(1, 8, 2, 2), v(1, 1, 4, 4)])
case("ConvWeightGrad", "stride 2, uneven rest", weight_grad((3, 2, 3, 3), lambda x, w: F.conv2d(x, w, None, 2, 1)), lambda: [v(1, 2, 6, 5), v(1, 3, 3, 3)])
case("ConvWeightGrad", "pointwise in two groups", weight_grad((4, 2, 1, 1), lambda x, w: F.conv2d(x, w, None, 1, 0, 1, 2)), lambda: [v(2, 4, 2, 3), v(2, 4, 2, 3)])
case("ConvTranspose", "2-D", F.conv_transpose2d, lambda: [v(1, 2, 3, 3), v(2, 3, 3, 2), v(3)])
case("ConvTranspose", "stride 2, output padding", lambda x, w: F.conv_transpose2d(x, w, None, 2, 1, 1), lambda: [v(2, 2, 3, 2), v(2, 2, 3, 3)])
case("ConvTranspose", "groups and dilation", lambda x, w, b: F.conv_transpose2d(x, w, b, 1, 1, 0, 2, 2), lambda: [v(1, 4, 3, 4), v(4, 2, 2, 3), v(4)])
case("ConvTranspose", "1-D", lambda x, w: F.conv_transpose1d(x, w, None, 3), lambda: [v(1, 2, 4), v(2, 1, 2)])
case("ConvTranspose", "3-D", lambda x, w: F.conv_transpose3d(x, w, None, 2, 1), lambda: [v(1, 2, 2, 3, 2), v(2, 1, 2, 2, 3)])


def flat_places(result, planes_size):
    """PyTorch's places count within a channel, ONNX's within the whole tensor."""
    y, places = result
    n = y.shape[0] * y.shape[1]
    return y, places + (torch.arange(n) * planes_size).reshape(y.shape[0], y.shape[1], *[1] * (y.dim() - 2))


def max_pool(x, *args, **kwargs):
    size = 1
    for dim in x.shape[2:]:
        size *= dim
    f = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}[x.dim() - 2]
    return flat_places(f(x, *args, **kwargs, return_indices=True), size)


case("MaxPool", "2x2", lambda x: max_pool(x, 2), lambda: [v(2, 2, 4, 6)])
case("MaxPool", "overlapping, padded", lambda x: max_pool(x, 3, 2, 1), lambda: [v(1, 2, 6, 5)])
case("MaxPool", "overlapping, stride 1", lambda x: max_pool(x, (2, 3), 1), lambda: [v(1, 2, 4, 4)])
case("MaxPool", "ceil mode", lambda x: max_pool(x, 3, 2, 0, ceil_mode=True), lambda: [v(1, 1, 6, 6)])
case("MaxPool", "ceil mode, last window outside", lambda x: max_pool(x, 2, 3, 1, ceil_mode=True), lambda: [v(1, 1, 5, 6)])
case("MaxPool", "dilated", lambda x: max_pool(x, 2, 1, 0, 2), lambda: [v(1, 1, 5, 4)])
case("MaxPool", "1-D", lambda x: max_pool(x, 3, 2), lambda: [v(2, 2, 7)])
case("MaxPool", "3-D", lambda x: max_pool(x, (1, 2, 2), (1, 2, 2)), lambda: [v(1, 2, 2, 4, 4)])
case("MaxPool", "negative input, padded", lambda x: max_pool(x, 3, 2, 1), lambda: [v(1, 1, 4, 4, low=-5, high=-1)])


def pool_grad(x, dy):
    places = max_pool(x, 3, 2, 1)[1].flatten()
    return torch.zeros(x.numel(), dtype=torch.float64).index_add(0, places, dy.flatten()).reshape(x.shape) + 0 * x


case("MaxPoolGrad", "overlapping, padded", pool_grad, lambda: [v(1, 2, 6, 5), v(1, 2, 3, 3)])
case("MaxPoolAt", "overlapping, padded", lambda x, d: d.flatten()[max_pool(x, 3, 2, 1)[1]] + 0 * x.sum(), lambda: [v(1, 2, 6, 5), v(1, 2, 6, 5)])
case("AveragePool", "2x2", lambda x: F.avg_pool2d(x, 2), lambda: [v(2, 2, 4, 6)])
case("AveragePool", "overlapping, padding not counted", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), lambda: [v(1, 2, 6, 5)])
case("AveragePool", "overlapping, padding counted", lambda x: F.avg_pool2d(x, 3, 2, 1), lambda: [v(1, 2, 6, 5)])
case("AveragePool", "ceil mode", lambda x: F.avg_pool2d(x, 3, 2, 0, ceil_mode=True), lambda: [v(1, 1, 6, 6)])
case("AveragePool", "ceil mode, padding counted", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), lambda: [v(1, 1, 6, 6)])
case("AveragePool", "ceil mode, padding not counted", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False), lambda: [v(1, 1, 6, 6)])
case("AveragePool", "1-D", lambda x: F.avg_pool1d(x, 3, 2), lambda: [v(1, 2, 7)])
case("AveragePool", "3-D", lambda x: F.avg_pool3d(x, 2, 1), lambda: [v(1, 1, 3, 3, 3)])


def average_grad(dy):
    x = torch.zeros(1, 2, 6, 5, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), x, dy, create_graph=True)[0]


case("AveragePoolGrad", "overlapping, padding not counted", average_grad, lambda: [v(1, 2, 3, 3)])
case("GlobalAveragePool", "2-D", lambda x: x.mean((2, 3), keepdim=True), lambda: [v(2, 3, 3, 2)])
case("GlobalAveragePool", "3-D", lambda x: x.mean((2, 3, 4), keepdim=True), lambda: [v(1, 2, 2, 2, 3)])

case("GlobalMaxPool", "2-D", lambda x: x.amax((2, 3), keepdim=True), lambda: [v(2, 3, 3, 2)])
case("GlobalMaxPool", "1-D", lambda x: x.amax(2, keepdim=True), lambda: [v(2, 2, 4)])

# --- resampling, regions, sums over named axes, quantisation
begin("detect")


def interpolate(size, mode, corners=None):
    return lambda x: F.interpolate(x, size, mode=mode, align_corners=corners)


case("Resize", "nearest, twice", interpolate((4, 6), "nearest"), lambda: [v(1, 2, 2, 3)])
case("Resize", "nearest, 3 to 5 and 4 to 3", interpolate((5, 3), "nearest"), lambda: [v(1, 1, 3, 4)])
case("Resize", "linear, up and down", interpolate((5, 2), "bilinear", False), lambda: [v(1, 2, 3, 4)])
case("Resize", "linear, aligned corners", interpolate((5, 7), "bilinear", True), lambda: [v(1, 1, 3, 4)])
case("Resize", "linear, to one", interpolate((1, 1), "bilinear", False), lambda: [v(1, 1, 3, 4)])
case("Resize", "cubic", interpolate((5, 3), "bicubic", False), lambda: [v(1, 1, 4, 4)])
case("Resize", "linear, 3-D", interpolate((3, 4, 3), "trilinear", False), lambda: [v(1, 1, 2, 3, 2)])
case("Resize", "nearest, by scales of one half", lambda x: x[..., ::2, ::2], lambda: [v(1, 1, 4, 6)])
for equation, shapes in {
    "bij,bjk->bik": [(2, 2, 3), (2, 3, 2)],
    "i,j->ij": [(3,), (2,)],
    "ij->ji": [(2, 3)],
    "ijk->j": [(2, 3, 2)],
    "ii->i": [(3, 3)],
    "ii": [(3, 3)],
    "...ij,...jk->...ik": [(2, 2, 3), (2, 3, 2)],
    "ab,bc,cd->ad": [(2, 3), (3, 2), (2, 2)],
    "nchw,kc->nkhw": [(1, 2, 2, 2), (3, 2)],
    "ij,j": [(2, 3), (3,)],
}.items():
    case("Einsum", equation, lambda *xs, e=equation: torch.einsum(e, *xs), lambda shapes=shapes: [v(*s) for s in shapes])

import torchvision


def regions(images=2):
    boxes = [[0.5, 1.2, 5.1, 4.3], [2.0, 0.0, 3.0, 5.0], [-3.0, -2.0, 2.2, 2.5], [4.0, 3.5, 9.0, 8.0], [1.0, 1.0, 1.2, 1.1]]
    return [v(images, 2, 5, 6), torch.tensor(boxes, dtype=torch.float64), torch.tensor([i % images for i in range(len(boxes))])]


def roi_align(size, ratio, scale=1.0, aligned=False):
    def f(x, boxes, batch):
        rois = torch.cat([batch.double().unsqueeze(1), boxes.detach()], 1)
        return torchvision.ops.roi_align(x, rois, size, scale, ratio, aligned)

    return f


def roi_max(x, boxes, batch, size=2, ratio=2):
    """ONNX's maximum: of each neighbour of each sample times its weight, by plain loops."""
    H, W = x.shape[2:]
    out = []
    for r in range(len(boxes)):
        x1, y1, x2, y2 = (float(t) for t in boxes[r])
        h, w = max(y2 - y1, 1.0) / size, max(x2 - x1, 1.0) / size
        for i in range(size):
            for j in range(size):
                found = []
                for s in range(ratio):
                    for t in range(ratio):
                        py, px = y1 + (i + (s + 0.5) / ratio) * h, x1 + (j + (t + 0.5) / ratio) * w
                        ok = -1 <= py <= H and -1 <= px <= W
                        py, px = min(max(py, 0), H - 1), min(max(px, 0), W - 1)
                        ly, lx = int(py), int(px)
                        for yy, wy in ((ly, 1 - (py - ly)), (min(ly + 1, H - 1), py - ly)):
                            for xx, wx in ((lx, 1 - (px - lx)), (min(lx + 1, W - 1), px - lx)):
                                found.append(x[batch[r], :, yy, xx] * (wy * wx if ok else 0.0))
                out.append(torch.stack(found).amax(0))
    return torch.stack(out).reshape(len(boxes), size, size, -1).permute(0, 3, 1, 2)


case("RoiAlign", "pixels at 0", roi_align((2, 3), 2), lambda: regions())
case("RoiAlign", "pixels at one half", roi_align((2, 2), 2, aligned=True), lambda: regions())
case("RoiAlign", "half the scale, three samples, one image", roi_align((2, 2), 3, 0.5), lambda: regions(1))
case("RoiAlign", "samples by the size of the box", roi_align((2, 2), 0), lambda: regions(), grad=False)


def affine_grid(x, scale, zero, low, high, axis):
    shape = [-1 if i == axis else 1 for i in range(x.dim())] if scale.dim() else []
    s, z = scale.reshape(shape), zero.reshape(shape)
    inside = ((torch.round(x / s) + z >= low) & (torch.round(x / s) + z <= high)).detach()
    through = x / s + (torch.round(x / s) - x / s).detach()
    return inside, s, z, torch.clamp(through + z, low, high)


def quantized(x, scale, zero):
    return affine_grid(x, scale, zero.double(), -128, 127, 1)[3].detach().round().to(torch.int8)


def dequantized(q, scale, zero):
    return (q.double() - zero.double().reshape(-1, 1)) * scale.reshape(-1, 1)


def learned_step(x, scale, zero):
    inside, s, z, q = affine_grid(x, scale, zero.double(), -128, 127, 1)
    return (q - z) * s


case("QuantizeLinear", "per tensor, limited", quantized, lambda: [v(2, 5), torch.tensor(0.011, dtype=torch.float64), ints(3, torch.int8)], grad=False)
case("QuantizeLinear", "per column", quantized, lambda: [v(2, 3), v(3, low=0.01, high=0.3), ints([3, -4, 0], torch.int8)], grad=False)
case("QuantizeLinear", "and back, straight through", learned_step, lambda: [v(2, 3), v(3, low=0.01, high=0.3), ints([3, -4, 0], torch.int8)])
case("DequantizeLinear", "per row", dequantized, lambda: [ints([[1, -128], [127, 5]], torch.int8), v(2, low=0.1, high=1), ints([3, -4], torch.int8)])

# --- normalisation
begin("normalize")


def bn_eval(x, w, b, mean, var):
    shape = [1, -1] + [1] * (x.dim() - 2)
    column = lambda t: t.reshape(shape)
    return (x - column(mean)) / torch.sqrt(column(var) + 1e-5) * column(w) + column(b)


def bn_train(x, w, b):
    axes = [0, *range(2, x.dim())]
    return F.batch_norm(x, None, None, w, b, training=True), x.mean(axes), x.var(axes, unbiased=False)


def positive(*shape):
    return v(*shape, low=0.3, high=2)


case("BatchNormalization", "images", bn_eval, lambda: [v(2, 3, 2, 2), v(3), v(3), v(3), positive(3)])
case("BatchNormalization", "rows", bn_eval, lambda: [v(4, 3), v(3), v(3), v(3), positive(3)])
case("BatchNormalizationTraining", "images", bn_train, lambda: [v(2, 3, 2, 3), v(3), v(3)])
case("BatchNormalizationTraining", "rows", bn_train, lambda: [v(5, 2), v(2), v(2)])
case("BatchNormalizationTraining", "video", bn_train, lambda: [v(2, 2, 2, 2, 2), v(2), v(2)])
case("BatchNormalizationTraining", "one pixel, one channel", bn_train, lambda: [v(4, 1, 1, 1), v(1), v(1)])
case("LayerNormalization", "last axis", lambda x, w, b: F.layer_norm(x, (4,), w, b), lambda: [v(2, 3, 4), v(4), v(4)])
case("LayerNormalization", "two axes, no bias", lambda x, w: F.layer_norm(x, (3, 2), w), lambda: [v(2, 3, 2), v(3, 2)])
case("LRN", "five channels", lambda x: F.local_response_norm(x, 5, 0.3, 0.75, 2.0), lambda: [v(1, 7, 2, 2)])
case("LRN", "two channels", lambda x: x / (1.0 + 0.4 / 2 * (x**2 + F.pad(x, (0, 0, 0, 1))[:, 1:] ** 2)) ** 0.6, lambda: [v(1, 3, 2)])

# --- functions of several nodes
begin("composite")
case("batchNorm", "training", lambda x, w, b, m, r: [F.batch_norm(x, m2 := m.detach().clone(), r2 := r.detach().clone(), w, b, True, 0.1), m2, r2], lambda: [v(3, 2, 2, 2), v(2), v(2), v(2), positive(2)])
case("batchNorm", "evaluation", bn_eval, lambda: [v(3, 2, 2, 2), v(2), v(2), v(2), positive(2)])
case("groupNorm", "two groups", lambda x, w, b: F.group_norm(x, 2, w, b), lambda: [v(2, 4, 2, 2), v(4), v(4)])
case("instanceNorm", "images", lambda x, w, b: F.instance_norm(x, weight=w, bias=b), lambda: [v(2, 3, 2, 2), v(3), v(3)])
case("sigmoidCrossEntropy", "mean", F.binary_cross_entropy_with_logits, lambda: [v(2, 3), v(2, 3, low=0, high=1)])
case("sigmoidCrossEntropy", "far out", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"), lambda: [ints([-90.0, 90.0, 90.0], torch.float64), ints([0.0, 1.0, 0.0], torch.float64)])
case("softmaxCrossEntropy", "mean", F.cross_entropy, lambda: [v(3, 4), ints([2, 0, 3])])
case("softmaxCrossEntropy", "each row", lambda x, t: F.cross_entropy(x, t, reduction="none"), lambda: [v(3, 4), ints([2, 0, 3])])
case("softmaxCrossEntropy", "sum", lambda x, t: F.cross_entropy(x, t, reduction="sum"), lambda: [v(3, 4), ints([2, 0, 3])])
case("softmaxCrossEntropy", "places, weights, an ignored label", lambda x, t, w: F.cross_entropy(x, t, w, ignore_index=-1), lambda: [v(2, 3, 2), ints([[0, -1], [2, 1]]), frozen(positive(3))])
case("negativeLogLikelihood", "mean", F.nll_loss, lambda: [v(3, 4), ints([2, 0, 3])])
case("negativeLogLikelihood", "weights, each", lambda x, t, w: F.nll_loss(x, t, w, reduction="none"), lambda: [v(3, 4), ints([2, 0, 3]), frozen(positive(4))])
case("negativeLogLikelihood", "an ignored label, sum", lambda x, t: F.nll_loss(x, t, ignore_index=1, reduction="sum"), lambda: [v(3, 4), ints([2, 1, 3])])
case("negativeLogLikelihood", "an ignored label, mean", lambda x, t: F.nll_loss(x, t, ignore_index=1), lambda: [v(3, 4), ints([2, 1, 3])])
case("smoothL1", "mean", F.smooth_l1_loss, lambda: [v(2, 4), v(2, 4)])
case("smoothL1", "beta 1/9, each", lambda x, t: F.smooth_l1_loss(x, t, reduction="none", beta=1 / 9), lambda: [v(2, 4, low=0, high=0.4), v(2, 4, low=0, high=0.4)])
case("smoothL1", "beta 0, sum", lambda x, t: F.smooth_l1_loss(x, t, reduction="sum", beta=0), lambda: [v(4), v(4)])
case("gelu", "exact", F.gelu, lambda: [v(6, low=-4, high=4)])
case("gelu", "tanh", lambda x: F.gelu(x, approximate="tanh"), lambda: [v(6, low=-4, high=4)])
case("silu", "both signs", F.silu, lambda: [v(6, low=-4, high=4)])
case("mish", "both signs", F.mish, lambda: [v(6, low=-4, high=4)])
case("roundStraightThrough", "both signs", lambda x: x + (torch.round(x) - x).detach(), lambda: [v(6)])
case("adaptiveAveragePool", "5x6 to 3x2", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), lambda: [v(1, 2, 5, 6)])
case("adaptiveAveragePool", "4x6 to 2x3", lambda x: F.adaptive_avg_pool2d(x, (2, 3)), lambda: [v(1, 1, 4, 6)])
case("adaptiveAveragePool", "3 to 5", lambda x: F.adaptive_avg_pool1d(x, 5), lambda: [v(1, 2, 3)])
case("adaptiveMaxPool", "5x6 to 3x2", lambda x: F.adaptive_max_pool2d(x, (3, 2)), lambda: [v(1, 2, 5, 6)])
case("adaptiveMaxPool", "4x6 to 2x3", lambda x: F.adaptive_max_pool2d(x, (2, 3)), lambda: [v(1, 1, 4, 6)])
case("roiAlign", "maximum", roi_max, lambda: regions())


def padded(found, rows):
    """Rows of -1 after what was found."""
    return torch.cat([found, torch.full((rows - found.shape[0], found.shape[1]), -1, dtype=torch.int64)])


def nms(boxes, scores, most, overlap, threshold):
    """torchvision's, of each image and class; boxes are y1 x1 y2 x2, which overlap as x1 y1 x2 y2 do."""
    rows = []
    for n in range(scores.shape[0]):
        for k in range(scores.shape[1]):
            above = torch.nonzero(scores[n, k] > threshold)[:, 0]
            kept = above[torchvision.ops.nms(boxes[n][above].detach(), scores[n, k][above].detach(), overlap)][:most]
            rows += [[n, k, int(b)] for b in kept]
    return padded(torch.tensor(rows, dtype=torch.int64), scores.shape[0] * scores.shape[1] * min(boxes.shape[1], most))


def boxes(n, b):
    corner, size = v(n, b, 2, low=0, high=4), v(n, b, 2, low=1, high=5)
    return torch.cat([corner, corner + size], 2)


begin("select")
case("NonZero", "a matrix", lambda x: padded(torch.nonzero(x), 6).T.contiguous(), lambda: [ints([[0, 2, 0], [3, 0, -1]])], grad=False)
case("NonZero", "nothing found", lambda x: padded(torch.nonzero(x), 3).T.contiguous(), lambda: [bools([0, 0, 0])], grad=False)
case("NonMaxSuppression", "two images, two classes", lambda b, s: nms(b, s, 3, 0.3, -9), lambda: [boxes(2, 6), v(2, 2, 6)], grad=False)
case("NonMaxSuppression", "above a score", lambda b, s: nms(b, s, 9, 0.5, 0.4), lambda: [boxes(1, 8), v(1, 2, 8)], grad=False)

write_all()
