"""Dumps beside the same lines, written one after another."""

import numpy as np
import pytest

from compare.formats.dtypes import decimal_digits
from compare.formats.write.dump import text_lines


def one_by_one(first, arrays):
    lines = []
    for sample in range(len(next(iter(arrays.values())))):
        for name, array in arrays.items():
            digits = decimal_digits(array.dtype.name)
            rows = array[sample] if array.ndim == 3 else array[sample][None]
            for (row, column), value in np.ndenumerate(rows):
                lines.append(f"{first + sample} {name} {row} {column} {value:.{digits}g}\n")
    return "".join(lines)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(12, 3, 2), (2, 150, 130), (1, 1, 2)])
def test_lines_are_those_written_one_after_another(shape, dtype):
    rng = np.random.default_rng(0)
    n, columns = shape[0], shape[-1]
    arrays = {"w1": rng.normal(size=shape), "b1": rng.normal(size=(n, columns))}
    arrays |= {"w2": rng.normal(size=(n, columns, 1)), "b2": np.zeros((n, 1))}
    arrays = {name: array.astype(dtype) for name, array in arrays.items()}
    arrays["w1"][arrays["w1"] < 0.1] = -0.0
    assert "".join(text_lines(99, arrays)) == one_by_one(99, arrays)
