"""SciPy's and scikit-learn's numbers for the tests of methods/tcc.

    /usr/bin/python3 tools/reference/tcc_metrics.py methods/tcc/test/fixtures/metrics.json
"""
import json
import sys
import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import kendalltau
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

rng = np.random.default_rng(17)


def taus():
    cases = []
    for y in ([0, 0, 1, 1, 2, 2], [5, 4, 3, 2, 1, 0], [1, 1, 1, 1], rng.integers(0, 9, 30).tolist(), rng.permutation(25).tolist()):
        tau = kendalltau(np.arange(len(y)), y).correlation
        cases.append(dict(y=y, tau=None if np.isnan(tau) else float(tau)))
    return cases


def videos(count, noise):
    out = []
    for _ in range(count):
        lengths = rng.integers(3, 9, 4)
        labels = np.repeat(np.arange(4), lengths)
        t = np.linspace(0, 1, len(labels))
        rows = np.stack([t, np.sin(4 * t), np.cos(5 * t)], 1) + rng.normal(0, noise, (len(t), 3))
        out.append((rows, labels))
    return out


def targets(labels, k):
    return np.stack([(np.arange(len(labels)) - np.flatnonzero(labels == c)[-1]) / len(labels) for c in range(k - 1)], 1)


def phases(noise, gamma):
    train, test = videos(6, noise), videos(4, noise)
    X, y = np.concatenate([r for r, _ in train]), np.concatenate([l for _, l in train])
    Xt, yt = np.concatenate([r for r, _ in test]), np.concatenate([l for _, l in test])
    # scikit-learn's default tolerance leaves 1e-3 in decisions; ours is compared at a tighter one
    svc = SVC(gamma=gamma, decision_function_shape="ovo", tol=1e-9).fit(X, y)
    T, Tt = np.concatenate([targets(l, 4) for _, l in train]), np.concatenate([targets(l, 4) for _, l in test])
    columns = r2_score(Tt, LinearRegression().fit(X, T).predict(Xt), multioutput="raw_values")
    ap = {}
    for K in (1, 5, 10):
        shares = []
        for i, (rows, labels) in enumerate(test):
            others = np.concatenate([r for j, (r, _) in enumerate(test) if j != i])
            other_labels = np.concatenate([l for j, (_, l) in enumerate(test) if j != i])
            index = NearestNeighbors(n_neighbors=K).fit(others).kneighbors(rows, return_distance=False)
            shares.append((other_labels[index] == labels[:, None]).mean(1))
        ap[K] = float(np.concatenate(shares).mean())
    pack = lambda vs: [dict(rows=r.tolist(), labels=l.tolist()) for r, l in vs]
    return dict(gamma=gamma, train=pack(train), test=pack(test), decisions=svc.decision_function(Xt).tolist(),
                predictions=svc.predict(Xt).tolist(), accuracy=float(svc.score(Xt, yt)), r2=columns.tolist(), retrieval=ap)


def dtw():
    """By the recursion itself, in NumPy; soft-DTW by its own."""
    q, c = rng.normal(size=(8, 2)).cumsum(0), rng.normal(size=(11, 2)).cumsum(0)
    d = cdist(q, c)
    total = np.full((9, 12), np.inf)
    soft = np.full((9, 12), np.inf)
    total[0, 0] = soft[0, 0] = 0
    gamma = 0.7
    for i in range(8):
        for j in range(11):
            total[i + 1, j + 1] = d[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
            soft[i + 1, j + 1] = d[i, j] ** 2 - gamma * np.logaddexp.reduce([-soft[i, j] / gamma, -soft[i, j + 1] / gamma, -soft[i + 1, j] / gamma])
    return dict(query=q.tolist(), candidate=c.tolist(), cost=float(total[-1, -1]), gamma=gamma, soft=float(soft[-1, -1]), nearest=d.argmin(1).tolist())


json.dump(dict(taus=taus(), phases=[phases(0.05, "scale"), phases(0.3, "scale"), phases(0.3, "auto")], dtw=dtw()), open(sys.argv[1], "w"))
