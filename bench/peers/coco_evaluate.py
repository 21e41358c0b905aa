"""One evaluation by pycocotools: prints its numbers, its seconds after and with reading, and its peak memory as JSON."""
import contextlib
import io
import json
import resource
import sys
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

start = time.perf_counter()
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(sys.argv[1])
    run = COCOeval(truth, truth.loadRes(sys.argv[2]), sys.argv[3])
    read = time.perf_counter()
    run.evaluate()
    run.accumulate()
    run.summarize()
end = time.perf_counter()
print(json.dumps({"stats": run.stats.tolist(), "evaluation": end - read, "whole": end - start,
                  "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
