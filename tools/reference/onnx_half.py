"""A small classifier in float16 and in bfloat16, initialisers and inputs and outputs, with the outputs of onnx's own
reference evaluator.

    python -m venv v && v/bin/pip install onnx==1.23.1
    v/bin/python tools/reference/onnx_half.py
"""
import json
import pathlib

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

OUT = pathlib.Path("packages/engine/test/fixtures/narrow")
OUT.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(0)
W, b = random.normal(0, 0.3, (4, 3, 3, 3)), random.normal(0, 0.1, 4)
V, c = random.normal(0, 0.3, (5, 64)), random.normal(0, 0.1, 5)
x = random.uniform(0, 1, (2, 3, 8, 8))
stored = {}
for name, code, dtype in (
    ("float16", TensorProto.FLOAT16, np.float16),
    ("bfloat16", TensorProto.BFLOAT16, ml_dtypes.bfloat16),
):
    def weight(key, array):
        raw = array.astype(dtype).view(np.uint16).astype("<u2").tobytes()
        return helper.make_tensor(key, code, array.shape, raw, raw=True)

    nodes = [
        helper.make_node("Conv", ["x", "W", "b"], ["h0"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["h0"], ["h1"]),
        helper.make_node("MaxPool", ["h1"], ["h2"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["h2"], ["h3"]),
        # An exporter's detour: to float32 for one operator.
        helper.make_node("Cast", ["h3"], ["h4"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["h4", "half"], ["h5"]),
        helper.make_node("Cast", ["h5"], ["h6"], to=code),
        helper.make_node("Gemm", ["h6", "V", "c"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", code, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", code, ["N", 5])],
        [
            weight("W", W), weight("b", b), weight("V", V), weight("c", c),
            helper.make_tensor("half", TensorProto.FLOAT, [], [0.5]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, OUT / f"{name}.onnx")
    given = x.astype(dtype)
    (logits,) = ReferenceEvaluator(model).run(None, {"x": given})
    stored[name] = {
        "x": given.astype(np.float64).ravel().tolist(),
        "logits": logits.astype(np.float64).ravel().tolist(),
    }
(OUT / "half.json").write_text(json.dumps(stored) + "\n")
