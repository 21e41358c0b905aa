"""Masks and evaluations by pycocotools 2.0.11 (NumPy 1.24) for data that is generated here.

    pip install --no-deps pycocotools==2.0.11
    python3 tools/reference/coco.py packages/data/test/fixtures/coco
"""
import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pycocotools.mask as api
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

rng = np.random.default_rng(18)
out = Path(sys.argv[1])


def text(rle):
    return {"size": [int(v) for v in rle["size"]], "counts": rle["counts"].decode()}


def star(x, y, radius, points):
    """A polygon around a centre, in general not convex."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, points))
    radii = radius * rng.uniform(0.3, 1, points)
    xy = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)
    return [round(float(v), 2) for v in xy.reshape(-1)]


def masks():
    cases = []
    for h, w in [(1, 1), (1, 9), (7, 1), (5, 4), (12, 20), (31, 17)]:
        for share in (0, 0.3, 0.9, 1):
            bits = (rng.random((h, w)) < share).astype(np.uint8)
            rle = api.encode(np.asfortranarray(bits))
            cases.append({"height": h, "width": w, "rows": "".join(map(str, bits.reshape(-1))),
                          "rle": text(rle)["counts"], "area": int(api.area(rle)), "box": api.toBbox(rle).tolist()})
    polygons = []
    shapes = [[0, 0, 10, 0, 10, 10, 0, 10], [2.5, 2.5, 7.5, 2.5, 7.5, 7.5, 2.5, 7.5], [1, 1, 1, 1, 8, 1, 8, 8],
              [-20, -20, -10, -20, -10, -10], [3, 3, 3, 9, 3, 3], [-5.3, 4, 30.7, 4, 30.7, 9.1, -5.3, 9.1]]
    shapes += [star(rng.uniform(-3, 24), rng.uniform(-3, 16), rng.uniform(1, 14), int(rng.integers(3, 12)))
               for _ in range(50)]
    for points in shapes:
        rle = api.frPyObjects([points], 13, 21)[0]
        polygons.append({"points": points, "rle": text(rle)["counts"], "area": int(api.area(rle)),
                         "box": api.toBbox(rle).tolist()})
    rles = [api.frPyObjects([p["points"]], 13, 21)[0] for p in polygons[6:24]]
    a, b = rles[:9], rles[9:]
    crowd = [int(v) for v in rng.integers(0, 2, len(b))]
    boxes = lambda r: [api.toBbox(one).tolist() for one in r]
    iou = {"detections": [text(r) for r in a], "truths": [text(r) for r in b], "crowd": crowd,
           "masks": api.iou(a, b, crowd).tolist(), "boxes": api.iou(np.array(boxes(a)), np.array(boxes(b)), crowd).tolist(),
           "union": text(api.merge(a)), "intersection": text(api.merge(a[:2], intersect=True))}
    return {"height": 13, "width": 21, "masks": cases, "polygons": polygons, "iou": iou}


def data_set(images=40):
    """Ids with gaps, crowds, RLE plain and compressed, holes, categories without truth, ties of scores."""
    gt = {"images": [], "annotations": [], "categories": [{"id": c, "name": f"class {c}"} for c in (7, 2, 30, 11)]}
    detections = []
    for image in rng.permutation(images):
        image = int(image) * 3 + 1
        w, h = int(rng.integers(90, 260)), int(rng.integers(90, 260))
        gt["images"].append({"id": image, "file_name": f"{image}.png", "width": w, "height": h})
        for _ in range(int(rng.integers(0, 6))):
            radius = float(rng.choice([8, 20, 45, 110]))
            x, y = rng.uniform(0, w), rng.uniform(0, h)
            points = star(x, y, radius, int(rng.integers(4, 9)))
            rle = api.frPyObjects([points], h, w)[0]
            area = int(api.area(rle))
            if area == 0:
                continue
            crowd = int(rng.random() < 0.15)
            segmentation = [points]
            if crowd:
                flat = api.decode(rle).reshape(-1, order="F")
                borders = np.flatnonzero(np.diff(np.concatenate([[0], flat]))).tolist()
                segmentation = {"size": [h, w], "counts": np.diff([0, *borders, h * w]).tolist()}
            category = int(rng.choice([7, 2, 11]))
            gt["annotations"].append({"id": len(gt["annotations"]), "image_id": image, "category_id": category,
                                      "segmentation": segmentation, "area": area, "iscrowd": crowd,
                                      "bbox": api.toBbox(rle).tolist()})
            for _ in range(int(rng.integers(0, 3))):
                shift = rng.normal(0, radius / 12, 2)
                moved = [round(v + float(shift[i % 2]), 2) for i, v in enumerate(points)]
                rle_d = api.frPyObjects([moved], h, w)[0]
                if not api.area(rle_d):
                    continue
                detections.append({"image_id": image, "score": round(float(rng.random()), 1),
                                   "category_id": category if rng.random() < 0.9 else int(rng.choice([7, 2, 30, 11])),
                                   "segmentation": text(rle_d), "bbox": api.toBbox(rle_d).tolist()})
    return gt, detections


def people(images=15):
    gt = {"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}]}
    detections = []
    for image in range(images):
        gt["images"].append({"id": image, "file_name": f"{image}.png", "width": 300, "height": 300})
        for _ in range(int(rng.integers(0, 4))):
            size = float(rng.choice([30, 60, 140]))
            x, y = rng.uniform(0, 300 - size, 2).round(1).tolist()
            xy = rng.uniform(0, size, (17, 2)) + [x, y]
            seen = rng.integers(0, 3, 17) * int(rng.random() < 0.85)
            points = np.concatenate([xy.round(1), seen[:, None]], 1)
            gt["annotations"].append({"id": len(gt["annotations"]) + 1, "image_id": image, "category_id": 1,
                                      "keypoints": points.reshape(-1).tolist(), "num_keypoints": int((seen > 0).sum()),
                                      "area": round(size * size * 0.6, 2), "bbox": [x, y, size, size],
                                      "iscrowd": int(rng.random() < 0.1)})
            for _ in range(int(rng.integers(0, 3))):
                moved = np.concatenate([(xy + rng.normal(0, size / 15, (17, 2))).round(1), np.ones((17, 1))], 1)
                detections.append({"image_id": image, "category_id": 1, "score": round(float(rng.random()), 2),
                                   "keypoints": moved.reshape(-1).tolist()})
    return gt, detections


def evaluate(gt, detections, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = json.loads(json.dumps(gt))  # it keeps masks in it
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(json.loads(json.dumps(detections))), kind)
        run.evaluate()
        run.accumulate()
        run.summarize()
    mean = lambda values: float(np.mean(values[values > -1])) if (values > -1).any() else -1.0
    precision = run.eval["precision"]
    categories = {str(c): [mean(precision[:, :, k, 0, -1]), mean(precision[0, :, k, 0, -1])]
                  for k, c in enumerate(run.params.catIds)}
    return {"stats": run.stats.tolist(), "categories": categories}


def without(detections, *fields):
    return [{k: v for k, v in d.items() if k not in fields} for d in detections]


(out / "masks.json").write_text(json.dumps(masks()))
gt, detections = data_set()
(out / "instances.json").write_text(json.dumps({
    "dataset": gt, "detections": detections,
    "bbox": evaluate(gt, without(detections, "segmentation"), "bbox"),
    "segm": evaluate(gt, without(detections, "bbox"), "segm"),
    "segm with boxes": evaluate(gt, detections, "segm"),
    "segm of boxes": evaluate(gt, without(detections, "segmentation"), "segm"),
}))
gt, detections = people()
(out / "keypoints.json").write_text(json.dumps({
    "dataset": gt, "detections": detections,
    "keypoints": evaluate(gt, detections, "keypoints"), "bbox": evaluate(gt, detections, "bbox"),
}))
