"""Reference runs of SciPy's L-BFGS-B (SciPy 1.10 wraps the Fortran code, version 3.0) on the problems of
packages/engine/test/lbfgsb/problems.ts.

    python3 tools/reference/lbfgsb_scipy.py > packages/engine/test/fixtures/lbfgsb-scipy.json
"""
import json
import numpy as np
import scipy
from scipy.optimize import fmin_l_bfgs_b

INF = np.inf


def driver1(n):
    def fg(x):
        g = np.zeros(n)
        t = x[1:] - x[:-1] ** 2
        f = 0.25 * (x[0] - 1) ** 2 + np.sum(t ** 2)
        g[0] = 2 * (x[0] - 1)
        g[:-1] -= 16 * x[:-1] * t
        g[1:] += 8 * t
        return 4 * f, g
    return fg, [3.0] * n, [(1, 100) if i % 2 == 0 else (-100, 100) for i in range(n)]


def rosenbrock(x):
    a, b = x
    return 100 * (b - a * a) ** 2 + (1 - a) ** 2, np.array([-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)])


def hs3(x):
    a, b = x
    return b + 1e-5 * (b - a) ** 2, np.array([-2e-5 * (b - a), 1 + 2e-5 * (b - a)])


def hs4(x):
    return (x[0] + 1) ** 3 / 3 + x[1], np.array([(x[0] + 1) ** 2, 1.0])


def hs5(x):
    a, b = x
    f = np.sin(a + b) + (a - b) ** 2 - 1.5 * a + 2.5 * b + 1
    return f, np.array([np.cos(a + b) + 2 * (a - b) - 1.5, np.cos(a + b) - 2 * (a - b) + 2.5])


def hs25(x):
    a, b, c = x
    i = 0.01 * np.arange(1, 100)
    base = 25 + (-50 * np.log(i)) ** (2 / 3) - b
    power = base ** c
    e = np.exp(-power / a)
    r = e - i
    return np.sum(r ** 2), np.array([
        np.sum(2 * r * e * power / a ** 2),
        np.sum(2 * r * e * c * base ** (c - 1) / a),
        np.sum(-2 * r * e * power * np.log(base) / a)])


def hs38(x):
    a, b, c, d = x
    f = (100 * (b - a * a) ** 2 + (1 - a) ** 2 + 90 * (d - c * c) ** 2 + (1 - c) ** 2
         + 10.1 * ((b - 1) ** 2 + (d - 1) ** 2) + 19.8 * (b - 1) * (d - 1))
    return f, np.array([
        -400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a) + 20.2 * (b - 1) + 19.8 * (d - 1),
        -360 * c * (d - c * c) - 2 * (1 - c), 180 * (d - c * c) + 20.2 * (d - 1) + 19.8 * (b - 1)])


def hs45(x):
    return 2 - np.prod(x) / 120, np.array([-np.prod(np.delete(x, i)) / 120 for i in range(5)])


def hs110(x):
    low, high, root = np.log(x - 2), np.log(10 - x), np.prod(x) ** 0.2
    return np.sum(low ** 2 + high ** 2) - root, 2 * low / (x - 2) - 2 * high / (10 - x) - 0.2 * root / x


EXACT = dict(factr=10, pgtol=1e-10)
runs = [
    ("driver1 n=25", *driver1(25), dict(m=5, factr=1e7, pgtol=1e-5)),
    ("driver1 n=1000", *driver1(1000), dict(factr=10, pgtol=1e-5)),
    ("driver1, two fixed", driver1(25)[0], [3.0] * 25,
     [(1, 1) if i in (3, 7) else b for i, b in enumerate(driver1(25)[2])], EXACT),
    ("HS1", rosenbrock, [-2, 1], [(-INF, INF), (-1.5, INF)], EXACT),
    ("HS2", rosenbrock, [-2, 1], [(-INF, INF), (1.5, INF)], EXACT),
    ("HS2 from (1.5, 1.5)", rosenbrock, [1.5, 1.5], [(-INF, INF), (1.5, INF)], EXACT),
    ("HS3", hs3, [10, 1], [(-INF, INF), (0, INF)], EXACT),
    ("HS4", hs4, [1.125, 0.125], [(1, INF), (0, INF)], EXACT),
    ("HS5", hs5, [0, 0], [(-1.5, 4), (-3, 3)], EXACT),
    ("HS25", hs25, [100, 12.5, 3], [(0.1, 100), (0, 25.6), (0, 5)], EXACT),
    ("HS38", hs38, [-3, -1, -3, -1], [(-10, 10)] * 4, EXACT),
    ("HS45", hs45, [2] * 5, [(0, i + 1) for i in range(5)], EXACT),
    ("HS110", hs110, [9] * 10, [(2.001, 9.999)] * 10, EXACT),
]
out = {"scipy": scipy.__version__, "numpy": np.__version__, "runs": []}
for name, fg, x0, bounds, options in runs:
    trace = []

    def traced(x, fg=fg):
        f, g = fg(x)
        trace.append(float(f))
        return float(f), g

    bounds = [(None if l == -INF else l, None if u == INF else u) for l, u in bounds]
    x, f, d = fmin_l_bfgs_b(traced, np.array(x0, float), bounds=bounds, **options)
    out["runs"].append({
        "name": name, "f": float(f), "x": [float(v) for v in x[:10]], "iterations": d["nit"], "evaluations": d["funcalls"],
        "task": d["task"], "evaluated": trace})


def line_searches():
    """Trial steps of MINPACK-2's dcsrch (as SciPy wraps it) on functions of More and Thuente 1994, section 5."""
    from scipy.optimize import _minpack2 as minpack2

    def phi1(a, b=2.0):
        return -a / (a * a + b), (a * a - b) / (a * a + b) ** 2

    def phi2(a, b=0.004):
        return (a + b) ** 5 - 2 * (a + b) ** 4, 5 * (a + b) ** 4 - 8 * (a + b) ** 3

    def phi3(a, b=0.01, l=39):
        w = l * np.pi / 2
        if a <= 1 - b:
            p, d = 1 - a, -1.0
        elif a >= 1 + b:
            p, d = a - 1, 1.0
        else:
            p, d = (a - 1) ** 2 / (2 * b) + b / 2, (a - 1) / b
        return p + 2 * (1 - b) / (l * np.pi) * np.sin(w * a), d + (1 - b) * np.cos(w * a)

    found = []
    for name, phi in (("phi1", phi1), ("phi2", phi2), ("phi3", phi3)):
        for first in (1e-3, 1e-1, 1e1, 1e3):
            isave, dsave = np.zeros(2, np.intc), np.zeros(13)
            task, (f, g), step, trials = b"START", phi(0.0), first, []
            while True:
                step, f, g, task = minpack2.dcsrch(
                    step, f, g, 1e-3, 0.9, 0.1, task, 0.0, 1e10, isave, dsave)
                if task[:2] != b"FG":
                    break
                trials.append(float(step))
                f, g = phi(step)
            found.append({"function": name, "first": first, "trials": trials, "accepted": float(step)})
    return found


out["lineSearches"] = line_searches()
print(json.dumps(out, indent=1))
