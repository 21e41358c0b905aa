"""Intervals and quantiles by SciPy and NumPy: packages/data/test/fixtures/metrics.json (SciPy 1.10.1, NumPy 1.24.2).

Usage: /usr/bin/python3 tools/reference/data_metrics.py > packages/data/test/fixtures/metrics.json
"""

import json

import numpy as np
import scipy
from scipy import stats


def main():
    rng = np.random.default_rng(0)
    means, quantiles = [], []
    for count in [2, 3, 4, 5, 10, 31, 500, 1001, 1500]:
        values = rng.normal(3, 2, count).round(3)
        low, high = stats.t.interval(0.95, count - 1, values.mean(), stats.sem(values))
        means.append(
            {"values": values.tolist(), "mean": values.mean(), "sd": values.std(ddof=1), "low": low, "high": high}
        )
    for count in [1, 2, 5, 8]:
        values = rng.normal(0, 1, count).round(3)
        qs = [0, 0.1, 0.25, 0.5, 0.9, 1]
        quantiles.append({"values": values.tolist(), "qs": qs, "expected": np.quantile(values, qs).tolist()})
    shares = []
    for hits, count in [(0, 10), (1, 10), (5, 10), (10, 10), (500, 500), (123, 1000)]:
        interval = stats.binomtest(hits, count).proportion_ci(0.95, "wilson")
        shares.append({"hits": hits, "count": count, "low": interval.low, "high": interval.high})
    versions = {"scipy": scipy.__version__, "numpy": np.__version__}
    print(json.dumps(versions | {"means": means, "quantiles": quantiles, "shares": shares}))


main()
