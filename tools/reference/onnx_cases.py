"""Writes the operator test cases of the installed onnx package (1.23.1) as folders of models and arrays.

    python -m venv v && v/bin/pip install onnx==1.23.1
    v/bin/python tools/reference/onnx_cases.py FOLDER
"""
import pathlib
import sys
import warnings

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.filterwarnings("ignore")  # cases that divide by zero on purpose

for case in collect_testcases(""):
    folder = pathlib.Path(sys.argv[1]) / case.name / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(case.model, folder.parent / "model.onnx")
    inputs, outputs = case.data_sets[0]
    graph = case.model.graph
    for kind, values, infos in (("input", inputs, graph.input), ("output", outputs, graph.output)):
        for i, value in enumerate(values):
            if isinstance(value, (np.ndarray, np.generic)):
                value = numpy_helper.from_array(np.asarray(value), infos[i].name)
            if isinstance(value, TensorProto):  # sequences and optional values are left out
                (folder / f"{kind}_{i}.pb").write_bytes(value.SerializeToString())
