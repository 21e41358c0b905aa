"""Makes methods/fasttext/test/fixtures/curves.json: precision-recall curves of the models beside it on test.txt.

    python3 -P tools/reference/fasttext_curves.py    # -P: `import fasttext` is not the script beside this one

Judges: `get_meter` of fastText's Python module (0.9.2+ds-1+b1, Debian's python3-fasttext) for the curves and the best
points on them, and scikit-learn (1.2.1), which is given that module's scores. The module ends a curve where everything
is found and puts (1, 0) behind it; scikit-learn goes on to the lowest score. The tests never run this script.
"""
import json
import pathlib
import fasttext
import sklearn
from sklearn.metrics import precision_recall_curve

fixtures = pathlib.Path(__file__).parents[2] / "methods/fasttext/test/fixtures"
levels = [0.1, 0.3, 0.5, 0.8, 1.0]
facts = {"fasttext": "0.9.2+ds-1+b1 (Debian)", "sklearn": sklearn.__version__, "levels": levels, "models": {}}


def points(precision, recall):
    return [[round(float(p), 12), round(float(r), 12)] for p, r in zip(precision, recall)]


for name in ["softmax.bin", "ova.bin", "softmax-quantized.ftz"]:
    model = fasttext.load_model(str(fixtures / name))
    meter = model.get_meter(str(fixtures / "test.txt"))
    curves = {}
    for label in [None, *model.labels]:
        of = [] if label is None else [label]
        told = {
            "curve": points(*meter.precision_recall_curve(*of)),
            "precisionAtRecall": [meter.precision_at_recall(level, *of) for level in levels],
            "recallAtPrecision": [meter.recall_at_precision(level, *of) for level in levels],
        }
        if label is not None:
            scores, gold = meter.score_vs_true(label)
            precision, recall, _ = precision_recall_curve(gold, scores)
            told["sklearn"] = points(precision[::-1][1:], recall[::-1][1:])  # the highest score first, without (1, 0)
        curves[label or "all"] = told
    facts["models"][name] = curves
(fixtures / "curves.json").write_text(json.dumps(facts) + "\n")
