# Input gradients of torchvision classifiers with random weights.
# {"export": name, "folder": f} writes name.onnx, x.bin, dx64.bin (the gradient in float64) and dx.bin (that as float32) and answers their
# shape and how far PyTorch's own float32 gradient is from it, over all and image by image: a rectifier near zero that
# rounding flips moves both.
# {"run": name, "steps": n, "weights": "frozen" or "trainable"} answers the seconds of n gradients. With trainable weights,
# as a network comes, backward() computes the gradients of all weights as well; {"autograd": true} asks autograd.grad for
# that of the input alone.
# {"attack": name, "rows": [...], "targets": [...], "maxiter": m, "weights": …} attacks images of x.bin by scipy_attack.py and
# answers the seconds, and the distortions and gradients of each.
import json, os, sys, time, warnings
warnings.filterwarnings("ignore")
import torch, torchvision, torch.nn.functional as F
torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 2
made = {}

def get(name):
    if name not in made:
        torch.manual_seed(0)
        net = getattr(torchvision.models, name)(weights=None).eval()
        # Weights and statistics that keep activations near 1: with their defaults gradients vanish or explode.
        for m in net.modules():
            if isinstance(m, torch.nn.Conv2d): torch.nn.init.kaiming_normal_(m.weight)
            if isinstance(m, torch.nn.Linear) and not m.weight.any(): torch.nn.init.normal_(m.weight, 0, 0.02)
            if isinstance(m, torch.nn.BatchNorm2d): m.momentum = None; m.reset_running_stats()
        size = 299 if name.startswith("inception") else 224
        net.train()
        with torch.no_grad(): net(torch.rand(4, 3, size, size))
        net.eval()
        for p in net.parameters(): p.requires_grad_(False)
        size = 299 if name.startswith("inception") else 224
        made[name] = (net, torch.rand(batch, 3, size, size), torch.arange(batch) % 1000)
    return made[name]

def gradient(net, x, t, autograd=False):
    x = x.clone().requires_grad_(True)
    loss = F.cross_entropy(net(x), t)
    if autograd: return torch.autograd.grad(loss, x)[0]
    loss.backward()
    return x.grad

for line in sys.stdin:
    ask = json.loads(line)
    if "export" in ask:
        net, x, t = get(ask["export"])
        path = os.path.join(ask["folder"], ask["export"] + ".onnx")
        out = os.dup(1); os.dup2(2, 1)
        for p in net.parameters(): p.requires_grad_(True) # else attention takes a path that cannot be exported
        torch.onnx.export(net, x, path, opset_version=16, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
        if ask.get("unfolded"): # as PyTorch runs it: the export above multiplies batch normalisation into the weights
            torch.onnx.export(net, x, path[:-5] + ".unfolded.onnx", opset_version=16, input_names=["x"], output_names=["y"],
                              training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False,
                              dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
        os.dup2(out, 1)
        for p in net.parameters(): p.requires_grad_(False)
        x.numpy().tofile(os.path.join(ask["folder"], "x.bin"))
        single = gradient(net, x, t)
        double = gradient(net.double(), x.double(), t); net.float()
        double.float().numpy().tofile(os.path.join(ask["folder"], "dx.bin"))
        double.numpy().tofile(os.path.join(ask["folder"], "dx64.bin"))
        each = lambda v: v.flatten(1).norm(dim=1)
        print(json.dumps({"shape": list(x.shape), "error": ((single - double).norm() / double.norm()).item(),
                          "errors": (each(single - double) / each(double)).tolist()}), flush=True)
    elif "attack" in ask:
        from scipy_attack import attack
        net, x, _ = get(ask["attack"])
        for p in net.parameters(): p.requires_grad_(ask.get("weights") == "trainable")
        start = time.perf_counter()
        found = [attack(net, x[row].numpy().astype(float), target, ask["maxiter"]) for row, target in zip(ask["rows"], ask["targets"])]
        answer = {"seconds": time.perf_counter() - start, "distortions": [d for d, _ in found], "gradients": [g for _, g in found]}
        for p in net.parameters(): p.requires_grad_(False); p.grad = None
        print(json.dumps(answer), flush=True)
    else:
        net, x, t = get(ask["run"])
        for p in net.parameters(): p.requires_grad_(ask.get("weights") == "trainable")
        start = time.perf_counter()
        for _ in range(ask["steps"]):
            gradient(net, x, t, ask.get("autograd", False))
            for p in net.parameters(): p.grad = None
        seconds = time.perf_counter() - start
        for p in net.parameters(): p.requires_grad_(False)
        print(json.dumps({"seconds": seconds}), flush=True)
