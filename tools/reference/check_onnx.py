"""ONNX's own checker and strict shape inference on models that the engine wrote.

Run from the repository's root:
    node tools/reference/check-export.ts FOLDER && /usr/bin/python3 tools/reference/check_onnx.py FOLDER
"""
import pathlib
import sys

import onnx

for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    print(f"{path.name}: {len(model.graph.node)} nodes, valid (onnx {onnx.__version__})")
