"""A small Mask R-CNN of torchvision 0.14.1: its detections, its five losses and their gradients' norms.

Weights and pictures come from a generator that the test has too (whole numbers, so that both have the same bits).

With "v2" the layout of maskrcnn_resnet50_fpn_v2, and its detections only: normalisation in pyramid and heads, two
convolutions in the proposal head, convolutions in the box head.

With "c4" the fourth stage's features, the fifth stage in the heads (§3). With "c5" features of stride 32, RoIPool, masks by
fully connected layers and a softmax over classes (Table 2): torchvision's code with these parts put in their places. With "keypoints" keypointrcnn's head beside the masks'.

Usage: /usr/bin/python3 tools/reference/mask_rcnn_network.py > methods/mask-rcnn/test/fixtures/network.json
       /usr/bin/python3 tools/reference/mask_rcnn_network.py v2 > methods/mask-rcnn/test/fixtures/network-v2.json
       … c4 > …/network-c4.json, … c5 > …/network-c5.json, … keypoints > …/network-keypoints.json
"""

import json
import math
import sys

import numpy as np
import torch
import torchvision
from torchvision.models.detection import MaskRCNN, _utils, roi_heads
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNConvFCHead, TwoMLPHead, FastRCNNPredictor
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock
from torchvision.ops.misc import FrozenBatchNorm2d

MEAN, SD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def uniform(count, seed):
    """(k / 2^23) − 1 for 24 bits k of a linear congruential generator."""
    out, state = np.empty(count), seed
    for i in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out[i] = (state >> 8) / 2**23 - 1
    return out


class Small(ResNet):
    """8, 8, 16, 16 channels and a bottleneck a stage."""

    def __init__(self):
        super().__init__(Bottleneck, [1, 1, 1, 1], norm_layer=FrozenBatchNorm2d)
        self.inplanes = 8
        self.conv1 = torch.nn.Conv2d(3, 8, 7, 2, 3, bias=False)
        self.bn1 = FrozenBatchNorm2d(8)
        for stage, planes in enumerate((4, 4, 8, 8)):
            setattr(self, f"layer{stage + 1}", self._make_layer(Bottleneck, planes, 1, stride=1 if stage == 0 else 2))


def sampler(labels_per_image, count, share):
    """The first positives and negatives, in place of random ones."""
    positives, negatives = [], []
    for labels in labels_per_image:
        positive, negative = torch.where(labels >= 1)[0], torch.where(labels == 0)[0]
        positive = positive[: int(count * share)]
        negative = negative[: count - len(positive)]
        mask = lambda index: torch.zeros_like(labels, dtype=torch.uint8).index_fill_(0, index, 1)
        positives.append(mask(positive))
        negatives.append(mask(negative))
    return positives, negatives


_utils.BalancedPositiveNegativeSampler.__call__ = lambda self, labels: sampler(
    labels, self.batch_size_per_image, self.positive_fraction)
settings = dict(min_size=64, max_size=96, rpn_pre_nms_top_n_train=200, rpn_pre_nms_top_n_test=100,
                rpn_post_nms_top_n_train=60, rpn_post_nms_top_n_test=40, rpn_batch_size_per_image=64,
                box_batch_size_per_image=32, box_score_thresh=0.05, box_detections_per_img=10)
layers = {f"layer{i}": str(i - 1) for i in (1, 2, 3, 4)}
anchors = AnchorGenerator(((8,), (16,), (32,), (64,), (96,)), ((0.5, 1.0, 2.0),) * 5)
kind = (sys.argv[1:] or ["fpn"])[0]
v2 = kind == "v2"
norm = dict(norm_layer=torch.nn.BatchNorm2d) if v2 else {}
heads = dict(rpn_head=RPNHead(8, 3, conv_depth=2), box_head=FastRCNNConvFCHead((8, 7, 7), [8] * 4, [16], **norm)
             ) if v2 else dict(box_head=TwoMLPHead(8 * 49, 16))


class Alone(ExtraFPNBlock):
    """No further level."""

    def forward(self, results, x, names):
        return results, names


class FifthStage(torch.nn.Module):
    """Features of regions through the fifth stage, which both heads share; and their mean for boxes."""

    def __init__(self, stage, mean):
        super().__init__()
        self.stage, self.mean = [stage], mean

    def forward(self, x):
        x = self.stage[0](x)
        return x.mean((2, 3)) if self.mean else x


class Fourth(torch.nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body, self.out_channels = body, 32

    def forward(self, x):
        b = self.body
        return {"0": b.layer3(b.layer2(b.layer1(b.maxpool(b.relu(b.bn1(b.conv1(x)))))))}


class Pool(torchvision.ops.MultiScaleRoIAlign):
    """RoIPool in the place of RoIAlign."""

    def __init__(self, size):
        super().__init__(["0"], size, 2)

    def forward(self, x, boxes, sizes):
        return torchvision.ops.roi_pool(x["0"], boxes, self.output_size, 1 / 32)


class Connected(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = torch.nn.Linear(8 * 196, 16)

    def forward(self, x):
        return torch.relu(self.fc1(x.flatten(1)))


class Drawn(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.mask_fc = torch.nn.Linear(16, 4 * 784)

    def forward(self, x):
        return self.mask_fc(x).reshape(-1, 4, 28, 28)


def softmax_loss(logits, proposals, masks, labels, matched):
    """Cross entropy of each pixel with the share of it that is the object, the rest background."""
    own = torch.cat([label[index] for label, index in zip(labels, matched)])
    targets = torch.cat([roi_heads.project_masks_on_boxes(m, p, i, logits.shape[-1])
                         for m, p, i in zip(masks, proposals, matched)])
    log = torch.log_softmax(logits, 1)
    return -(targets * log[torch.arange(len(own)), own] + (1 - targets) * log[:, 0]).mean()


def softmax_masks(logits, labels):
    own = torch.cat(labels)
    masks = logits.softmax(1)[torch.arange(len(own)), own][:, None]
    return masks.split([len(label) for label in labels])


names = {}
if kind == "c4":
    body = Small()
    fifth = body.layer4
    del body.layer4, body.fc
    one = AnchorGenerator(((8, 16, 32, 64, 96),), ((0.5, 1.0, 2.0),))
    regions = lambda: torchvision.ops.MultiScaleRoIAlign(["0"], 14, 2)
    model = MaskRCNN(Fourth(body), rpn_anchor_generator=one, box_roi_pool=regions(), mask_roi_pool=regions(),
                     box_head=FifthStage(fifth, True), box_predictor=FastRCNNPredictor(32, 4),
                     mask_head=FifthStage(fifth, False), mask_predictor=MaskRCNNPredictor(32, 8, 4), **settings)
    model.roi_heads.res5 = fifth
elif kind == "c5":
    roi_heads.maskrcnn_loss, roi_heads.maskrcnn_inference = softmax_loss, softmax_masks
    one = AnchorGenerator(((8, 16, 32, 64, 96),), ((0.5, 1.0, 2.0),))
    fpn = BackboneWithFPN(Small(), {"layer4": "0"}, [32], 8, extra_blocks=Alone())
    model = MaskRCNN(fpn, rpn_anchor_generator=one, box_roi_pool=Pool(7), mask_roi_pool=Pool(14),
                     box_head=TwoMLPHead(8 * 49, 16), box_predictor=FastRCNNPredictor(16, 4),
                     mask_head=Connected(), mask_predictor=Drawn(), **settings)
    names = {"inner_blocks.0": "inner_blocks.3", "layer_blocks.0": "layer_blocks.3"}
else:
    model = MaskRCNN(BackboneWithFPN(Small(), layers, [16, 16, 32, 32], 8, **norm), rpn_anchor_generator=anchors,
                     box_predictor=FastRCNNPredictor(16, 4), **heads,
                     mask_head=MaskRCNNHeads(8, (8,) * 4, 1, **norm), mask_predictor=MaskRCNNPredictor(8, 8, 4),
                     **settings)
    if kind == "keypoints":
        model.roi_heads.keypoint_roi_pool = torchvision.ops.MultiScaleRoIAlign(["0", "1", "2", "3"], 14, 2)
        model.roi_heads.keypoint_head = KeypointRCNNHeads(8, (8, 8))
        model.roi_heads.keypoint_predictor = KeypointRCNNPredictor(8, 3)


def renamed(name):
    for theirs, ours in names.items():
        name = name.replace(theirs, ours)
    return name


state = {name: array for name, array in model.state_dict().items() if "num_batches" not in name}
for seed, (name, array) in enumerate(state.items()):
    drawn = torch.tensor(uniform(array.numel(), seed), dtype=torch.float32).reshape(array.shape)
    if "running_var" in name:
        drawn = drawn * 0.25 + 1
    elif array.ndim > 1:
        small = any(part in name for part in ("cls_", "bbox_pred", "mask_fcn_logits", "mask_fc."))
        drawn = drawn * float(np.float32(math.sqrt((0.5 if small else 4) / array[0].numel())))
    elif name.rsplit(".", 1)[0] + ".running_mean" in state:
        drawn = drawn * 0.25 + (1 if name.endswith("weight") else 0)
    else:
        drawn = drawn * 0.125
    array.copy_(drawn)
images, targets, pictures = [], [], []
for i, (h, w) in enumerate(((70, 90), (64, 60))):
    pixels = ((uniform(3 * h * w, 1000 + i) + 1) * 127.9).astype(np.uint8).reshape(3, h, w)
    y, x = np.mgrid[0:h, 0:w]
    masks = []
    for k, (cy, cx, r) in enumerate(((30, 35, 18), (40, 44, 12))):
        inside = (y - cy) ** 2 + (x - cx) ** 2 < r * r
        pixels[k, inside] = 255
        masks.append(inside)
    boxes = [[17.0 + i, 12, 53, 48], [32, 28, 56, 52.0 - i]]
    pictures.append([h, w])
    images.append(torch.tensor(pixels / np.float32(255), dtype=torch.float32))
    targets.append({"boxes": torch.tensor(boxes), "labels": torch.tensor([1, 2 + i]),
                    "masks": torch.tensor(np.array(masks), dtype=torch.uint8)})
if kind == "keypoints":  # inside, on the far border, not labelled, outside
    for i, target in enumerate(targets):
        target["keypoints"] = torch.tensor([[[20, 15, 2], [53, 48, 1], [30, 30, 0]], [[40 + i, 33, 1], [90, 20, 2], [33, 50, 2.0]]])
losses, norms = {}, {}
if not v2:
    model.train()
    losses = model(images, targets)
    sum(losses.values()).backward()
    norms = {renamed(n): float(p.grad.double().norm()) for n, p in model.named_parameters() if p.grad is not None}
model.eval()
with torch.no_grad():
    found = model(images)
nine = lambda t: [float(f"{v:.9g}") for v in t.reshape(-1).tolist()]
print(json.dumps({
    "torchvision": torchvision.__version__,
    "settings": settings,
    "anchorSizes": [8, 16, 32, 64, 96],
    "shapes": {renamed(name): list(array.shape) for name, array in state.items()},
    "pictures": pictures,
    "targets": [{"boxes": t["boxes"].tolist(), "labels": t["labels"].tolist(),
                 **({"keypoints": t["keypoints"].tolist()} if "keypoints" in t else {})} for t in targets],
    "losses": {name: float(value) for name, value in losses.items()},
    "gradientNorms": norms,
    "found": [{"boxes": nine(f["boxes"]), "scores": nine(f["scores"]), "labels": f["labels"].tolist(),
               "maskSums": nine(f["masks"].sum((1, 2, 3))),
               **({"keypoints": nine(f["keypoints"]), "keypointScores": nine(f["keypoints_scores"])}
                  if "keypoints" in f else {})} for f in found],
}))
