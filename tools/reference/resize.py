"""Pillow's BILINEAR, which widens its triangle when it shrinks, for the site's own resampling; values in float32.

    python3 tools/reference/resize.py apps/site/test/fixtures/resize-pillow.json
"""
import json
import sys
import numpy as np
import PIL
from PIL import Image

rng = np.random.default_rng(0)
cases = []
for (h, w), (height, width) in [((7, 5), (3, 4)), ((4, 6), (9, 11)), ((16, 16), (5, 5)), ((3, 8), (3, 2))]:
    image = rng.random((h, w)).astype(np.float32).round(3)
    out = Image.fromarray(image, mode="F").resize((width, height), Image.BILINEAR)
    cases.append(
        {
            "from": [h, w],
            "to": [height, width],
            "image": [round(float(v), 3) for v in image.ravel()],
            "resized": [round(float(v), 6) for v in np.asarray(out).ravel()],
        }
    )
with open(sys.argv[1], "w") as file:
    json.dump({"pillow": PIL.__version__, "cases": cases}, file)
    file.write("\n")
