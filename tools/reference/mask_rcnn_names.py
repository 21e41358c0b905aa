"""Names and shapes of torchvision 0.14.1's Mask R-CNNs, and of the older layout that its published file of the first has.

torchvision renames the older names as it loads them; that it takes these ones is asserted.

Usage: /usr/bin/python3 tools/reference/mask_rcnn_names.py > methods/mask-rcnn/test/fixtures/torchvision-names.json
"""

import json
import re

import torchvision
from torchvision.models.detection import maskrcnn_resnet50_fpn, maskrcnn_resnet50_fpn_v2

# As FeaturePyramidNetwork, RPNHead and MaskRCNNHeads name them in _load_from_state_dict, the other way round.
OLDER = [
    (r"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d)\.0\.", r"\1."),
    (r"^(rpn\.head\.conv)\.0\.0\.", r"\1."),
    (r"^roi_heads\.mask_head\.(\d)\.0\.", lambda m: f"roi_heads.mask_head.mask_fcn{int(m[1]) + 1}."),
]

first = maskrcnn_resnet50_fpn(weights=None, weights_backbone=None)
second = maskrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None)
older = {}
for name, array in first.state_dict().items():
    was = name
    for pattern, to in OLDER:
        was = re.sub(pattern, to, was)
    older[was] = array
first.load_state_dict(older, strict=True)  # plain dict: no version, so that the older names are expected
shapes = lambda state: {name: list(array.shape) for name, array in state.items()}
print(json.dumps({"torchvision": torchvision.__version__, "v1": shapes(first.state_dict()), "older": shapes(older),
                  "v2": shapes(second.state_dict())}, separators=(",", ":")))
