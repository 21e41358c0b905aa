"""What torchvision reads from packages/data/mnist-subset: packages/data/test/fixtures/mnist.json (torchvision 0.14.1).

Usage: /usr/bin/python3 tools/reference/data_mnist.py > packages/data/test/fixtures/mnist.json
"""

import gzip
import json
import os
import tempfile

import torchvision
from torchvision.datasets.mnist import read_image_file, read_label_file

SUBSET = "packages/data/mnist-subset"


def unpacked(read, name):
    with tempfile.NamedTemporaryFile() as raw, gzip.open(os.path.join(SUBSET, name + ".gz")) as packed:
        raw.write(packed.read())
        raw.flush()
        return read(raw.name)


def main():
    out = {"torchvision": torchvision.__version__}
    for split, prefix in [("train", "train"), ("test", "t10k")]:
        images = unpacked(read_image_file, prefix + "-images-idx3-ubyte")
        labels = unpacked(read_label_file, prefix + "-labels-idx1-ubyte")
        unit = images.float().div(255)
        out[split] = {
            "shape": list(images.shape),
            "mean": unit.double().mean().item(),
            "std": unit.double().std(unbiased=False).item(),
            "firstLabels": labels[:30].tolist(),
            "pixelSums": images[:50].long().sum((1, 2)).tolist(),
            "row14OfImage7": unit[7, 14].tolist(),
        }
    print(json.dumps(out))


main()
