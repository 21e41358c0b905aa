"""Mask R-CNN's operations by torchvision 0.14.1, forward and gradient: methods/mask-rcnn/test/fixtures/ops.json.

Usage: /usr/bin/python3 tools/reference/mask_rcnn_ops.py > methods/mask-rcnn/test/fixtures/ops.json
"""

import json

import torch
import torchvision
from torchvision import ops
from torchvision.models.detection import _utils as det
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import RoIHeads, paste_masks_in_image
from torchvision.models.detection.rpn import RegionProposalNetwork

torch.manual_seed(18)
cases = []


def case(name, op, attrs, inputs, outputs):
    text = lambda t: {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.detach().reshape(-1).tolist()]}
    cases.append({"name": name, "op": op, "attrs": attrs,
                  "in": {k: text(v) for k, v in inputs.items()}, "out": {k: text(v) for k, v in outputs.items()}})


def random_boxes(n, width, height, largest):
    xy = torch.rand(n, 2) * torch.tensor([width, height]) - 2
    return torch.cat([xy, xy + torch.rand(n, 2) * largest], 1)


def with_gradient(name, op, attrs, x, rois, forward):
    x = x.clone().requires_grad_()
    y = forward(x)
    grad_out = torch.randn_like(y).round(decimals=2)
    y.backward(grad_out)
    case(name, op, attrs, {"x": x, "rois": rois, "grad_out": grad_out}, {"y": y, "grad_x": x.grad})


def regions():
    x = torch.randn(2, 2, 7, 9).round(decimals=2)
    boxes = random_boxes(5, 36, 28, 24).round(decimals=2)
    boxes = torch.cat([boxes, torch.tensor([[5.0, 5, 5, 5], [8, 8, 4, 3], [50, 50, 60, 60], [-9, -9, 60, 60]])])
    rois = torch.cat([(torch.arange(len(boxes)) % 2)[:, None].float(), boxes], 1)
    for aligned in (False, True):
        for samples in (2, 1, 3, 0):
            for size in ([2, 2], [3, 5]) if samples in (2, 0) else ([2, 2],):
                attrs = {"output_size": size, "spatial_scale": 0.25, "sampling_ratio": samples, "aligned": aligned}
                with_gradient(f"roi_align {attrs}", "roi_align", attrs, x, rois,
                              lambda f: ops.roi_align(f, rois, size, 0.25, samples, aligned))
        attrs = {"output_size": [3, 3], "spatial_scale": 0.25, "sampling_ratio": 2, "aligned": aligned}
        with_gradient(f"roi_align_max {attrs}", "roi_align_max", attrs, x, rois, lambda f: torch.max_pool2d(
            ops.roi_align(f, rois, 6, 0.25, 1, aligned), 2))
    rounded = rois.clone()
    rounded[:, 1:] = (rounded[:, 1:] * 0.25).round()
    attrs = {"output_size": [3, 3], "spatial_scale": 0.25, "sampling_ratio": 2}
    with_gradient("roi_warp", "roi_warp", attrs, x, rois, lambda f: ops.roi_align(f, rounded, 3, 1.0, 2, False))
    for size in ([3, 3], [2, 5]):
        attrs = {"output_size": size, "spatial_scale": 0.25}
        with_gradient(f"roi_pool {size}", "roi_pool", attrs, x, rois, lambda f: ops.roi_pool(f, rois, size, 0.25))


def boxes():
    a, b = random_boxes(8, 50, 40, 30), random_boxes(6, 50, 40, 30)
    case("box_iou", "box_iou", {}, {"a": a, "b": b}, {"iou": ops.box_iou(a, b)})
    case("clip", "clip_boxes_to_image", {"size": [40, 50]}, {"a": a}, {"y": ops.clip_boxes_to_image(a, (40, 50))})
    case("small", "remove_small_boxes", {"min_size": 9.0}, {"a": a}, {"keep": ops.remove_small_boxes(a, 9.0)})
    for threshold in (0.3, 0.5, 0.7):
        many, scores = random_boxes(60, 40, 40, 40), torch.rand(60).round(decimals=1)
        kinds = torch.randint(0, 3, (60,))
        scores = scores + torch.arange(60) * 1e-3 * (torch.rand(60) < 0.5)
        order = torch.sort(scores, descending=True, stable=True)[1]
        case(f"nms {threshold}", "nms", {"iou_threshold": threshold}, {"boxes": many, "scores": scores},
             {"keep": ops.nms(many, scores, threshold)})
        keep = torch.zeros(60, dtype=torch.bool)
        for kind in range(3):
            own = torch.where(kinds == kind)[0]
            keep[own[ops.nms(many[own], scores[own], threshold)]] = True
        case(f"batched_nms {threshold}", "batched_nms", {"iou_threshold": threshold},
             {"boxes": many, "scores": scores, "idxs": kinds}, {"keep": order[keep[order]]})
    half = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 10], [3, 3, 3, 3]])
    equal = torch.tensor([0.5, 0.5, 0.5, 0.5])
    case("nms at the threshold", "nms", {"iou_threshold": 0.5}, {"boxes": half, "scores": equal},
         {"keep": ops.nms(half, equal, 0.5)})
    proposals, truths = random_boxes(6, 90, 60, 40), random_boxes(6, 90, 60, 40)
    deltas = torch.randn(6, 8) * torch.tensor([1.0, 1, 2, 2, 9, 9, 30, 30])
    for weights in ((1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)):
        coder = det.BoxCoder(weights)
        case(f"box_coder {weights[0]}", "box_coder", {"weights": weights},
             {"proposals": proposals, "gt": truths, "deltas": deltas},
             {"encoded": coder.encode_single(truths, proposals), "decoded": coder.decode(deltas, [proposals]).reshape(6, 8)})
    quality = torch.cat([ops.box_iou(truths, proposals), torch.rand(3, 6).round(decimals=1)])
    for high, low, low_quality in ((0.7, 0.3, True), (0.5, 0.5, False)):
        case(f"matcher {high}", "matcher", {"high": high, "low": low, "low_quality": low_quality}, {"q": quality},
             {"m": det.Matcher(high, low, low_quality)(quality)})
    sizes = torch.tensor([1.0, 8, 111.99, 112, 112.01, 223.9999, 224, 224.001, 448, 447.99, 2000, 3e-3])
    corner = torch.stack([torch.zeros(12), torch.zeros(12), sizes, sizes], 1)
    mapper = ops.poolers.LevelMapper(2, 5)
    case("levels", "level_mapper", {}, {"boxes": corner}, {"level": mapper([corner])})


def anchors():
    for name, sizes, maps in (("fpn", ((8,), (16,), (100,)), ((8, 10), (4, 5), (2, 3))), ("c4", ((32, 64, 7),), ((3, 4),))):
        generator = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
        images = ImageList(torch.zeros(1, 3, 32, 40), [(32, 40)])
        all_anchors = generator(images, [torch.zeros(1, 1, *m) for m in maps])[0]
        case(f"anchors {name}", "anchors", {"sizes": sizes, "ratios": [0.5, 1, 2], "image": [32, 40], "maps": maps},
             {}, {"anchors": all_anchors})


def masks():
    box = torch.cat([random_boxes(5, 20, 16, 18), torch.tensor([[-4.7, -3.2, 30.0, 25.0], [3.0, 3, 3.2, 3.1]])])
    prob = torch.rand(7, 1, 4, 4)
    case("paste", "paste_masks_in_image", {"size": [16, 20]}, {"masks": prob, "boxes": box},
         {"y": paste_masks_in_image(prob, box, (16, 20))})


def stages():
    shape = (40, 50)
    generator = AnchorGenerator(((8,), (16,)), ((0.5, 1.0, 2.0),) * 2)
    images = ImageList(torch.zeros(1, 3, 40, 50), [shape])
    maps = [(5, 7), (3, 4)]
    all_anchors = generator(images, [torch.zeros(1, 1, *m) for m in maps])[0]
    counts = [3 * h * w for h, w in maps]
    limits = {"training": 60, "testing": 40}, {"training": 30, "testing": 25}
    rpn = RegionProposalNetwork(generator, None, 0.7, 0.3, 256, 0.5, *limits, 0.7).eval()
    objectness, deltas = torch.randn(sum(counts)) * 2, torch.randn(sum(counts), 4) * 0.4
    proposals = rpn.box_coder.decode(deltas, [all_anchors]).view(1, -1, 4)
    kept, scores = rpn.filter_proposals(proposals, objectness[:, None], [shape], counts)
    case("proposals", "proposals", {"size": shape, "counts": counts, "pre": 40, "post": 25, "nms": 0.7},
         {"anchors": all_anchors, "objectness": objectness, "deltas": deltas}, {"boxes": kept[0], "scores": scores[0]})
    regions = random_boxes(30, 50, 40, 30)
    logits, moves = torch.randn(30, 4) * 2, torch.randn(30, 16)
    heads = RoIHeads(None, None, None, 0.5, 0.5, 512, 0.25, None, 0.05, 0.5, 20).eval()
    found, scores, labels = heads.postprocess_detections(logits, moves, [regions], [shape])
    case("detections", "detections", {"size": shape, "most": 20}, {"proposals": regions, "logits": logits, "deltas": moves},
         {"boxes": found[0], "scores": scores[0], "labels": labels[0]})


regions()
boxes()
anchors()
masks()
stages()
print(json.dumps({"torchvision": torchvision.__version__, "cases": cases}))
