"""Small images as Pillow writes and reads them: packages/data/test/fixtures/images.json (made with Pillow 9.4.0).

Usage: /usr/bin/python3 tools/reference/data_images.py > packages/data/test/fixtures/images.json
"""

import base64
import io
import json

import numpy as np
import PIL
from PIL import Image


def case(name, image, fmt, **options):
    file = io.BytesIO()
    image.save(file, fmt, **options)
    read = Image.open(io.BytesIO(file.getvalue()))
    return {
        "name": name,
        "rgb": np.asarray(read.convert("RGB")).transpose(2, 0, 1).reshape(-1).tolist(),
        "gray": np.asarray(read.convert("L")).reshape(-1).tolist(),
        "widthPx": image.width,
        "heightPx": image.height,
        "file": base64.b64encode(file.getvalue()).decode(),
    }


def main():
    rng = np.random.default_rng(0)
    rgb = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    smooth = np.stack(np.broadcast_arrays(*np.ogrid[0:240:16j, 0:240:24j], 128.0), 2).astype(np.uint8)
    gray = Image.fromarray(rng.integers(0, 256, (5, 7), dtype=np.uint8))
    palette = rgb.quantize(8)
    cases = [
        case("png rgb", rgb, "PNG"),
        case("png gray", gray, "PNG"),
        case("png palette", palette, "PNG"),
        case("png 1 bit", gray.convert("1"), "PNG"),
        case("webp lossless", rgb, "WEBP", lossless=True),
        case("jpeg 4:4:4", Image.fromarray(smooth), "JPEG", quality=95, subsampling=0),
        case("jpeg gray", Image.fromarray(smooth[..., 0]), "JPEG", quality=95),
    ]
    print(json.dumps({"pillow": PIL.__version__, "cases": cases}))


main()
