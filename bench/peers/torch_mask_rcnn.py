"""torchvision's maskrcnn_resnet50_fpn with random weights: seconds and peak memory.

Usage: torch_mask_rcnn.py weights FILE.pth | infer FILE.pth | train FILE.pth
"""

import json
import resource
import sys
import time

import torch
from torchvision.models.detection import maskrcnn_resnet50_fpn

if len(sys.argv) < 3:
    sys.exit()  # asked whether it can run
mode, path = sys.argv[1:]
torch.manual_seed(0)
model = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, rpn_post_nms_top_n_train=1000)
if mode == "weights":
    torch.save(model.state_dict(), path)
    sys.exit()
model.load_state_dict(torch.load(path))
torch.set_num_threads(2)
times, found = [], 0
if mode == "infer":
    model.eval()
    for _ in range(2):
        image = torch.rand(3, 800, 1066)
        start = time.perf_counter()
        with torch.no_grad():
            found = len(model([image])[0]["scores"])
        times.append(time.perf_counter() - start)
else:
    model.transform.min_size, model.transform.max_size = (512,), 512
    model.train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1e-4, momentum=0.9, weight_decay=1e-4)
    mask = torch.zeros(1, 512, 512, dtype=torch.uint8)
    mask[:, 100:300, 120:260] = 1
    target = {"boxes": torch.tensor([[120.0, 100, 260, 300]]), "labels": torch.tensor([1]), "masks": mask}
    for _ in range(3):
        image = torch.rand(3, 512, 512)
        start = time.perf_counter()
        loss = sum(model([image], [target]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        times.append(time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": times[-1], "peakMb": peak, "found": found}))
