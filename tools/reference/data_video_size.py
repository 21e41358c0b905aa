"""A small picture in other sizes by Pillow's BILINEAR, for the tests of packages/data.

    /usr/bin/python3 tools/reference/data_video_size.py packages/data/test/fixtures/video-size.json
"""
import json
import sys
import numpy as np
from PIL import Image

pixels = np.random.default_rng(0).integers(0, 256, (9, 14, 3), dtype=np.uint8)
sizes = [(5, 4), (14, 9), (20, 13), (3, 17)]
results = [dict(width=w, height=h, pixels=np.asarray(Image.fromarray(pixels).resize((w, h), Image.BILINEAR)).ravel().tolist()) for w, h in sizes]
json.dump(dict(shape=[1, *pixels.shape], pixels=pixels.ravel().tolist(), results=results), open(sys.argv[1], "w"))
