"""Arrays as NumPy writes them: packages/data/test/fixtures/npy.json (made with NumPy 1.24.2).

Usage: /usr/bin/python3 tools/reference/data_npy.py > packages/data/test/fixtures/npy.json
"""

import base64
import io
import json
import warnings

import numpy as np


def case(name, array, version=None):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.lib.format.write_array(file, array, version=version)
    native = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("="))
    return {
        "name": name,
        "dtype": native.dtype.name,
        "shape": list(array.shape),
        "values": [repr(value) for value in native.reshape(-1).tolist()],
        "file": base64.b64encode(file.getvalue()).decode(),
    }


def main():
    cases = []
    for code in ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]:
        info = np.iinfo(code)
        values = np.array([[info.min, 0, 1], [2, 3, info.max]], code)
        for order in "<>":
            cases.append(case(order + code, values.astype(order + code)))
    for code in ["f4", "f8"]:
        values = np.array([[0.1, -0.0, np.inf], [-np.inf, np.nan, np.finfo(code).tiny]], code)
        for order in "<>":
            cases.append(case(order + code, values.astype(order + code)))
    cases.append(case("bool", np.array([[True, False], [False, True]])))
    cube = np.arange(24, dtype="<i4").reshape(2, 3, 4)
    cases.append(case("fortran 3-d", np.asfortranarray(cube)))
    cases.append(case("fortran 2-d big-endian", np.asfortranarray(cube[0].astype(">f8"))))
    cases.append(case("fortran of one column", np.asfortranarray(cube[:, :1, :1])))
    cases.append(case("scalar", np.array(2.5)))
    cases.append(case("vector", np.array([1.5, 2.5], "<f4")))
    cases.append(case("empty", np.zeros((3, 0, 2), "<f4")))
    cases.append(case("version 2", cube, (2, 0)))
    cases.append(case("version 3", cube, (3, 0)))
    print(json.dumps({"numpy": np.__version__, "cases": cases}, indent=1))


main()
