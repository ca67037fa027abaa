"""Gradients as text that `diff` understands.

One value a line, `sample parameter row column value`, under the same header in every file. Samples,
rows and columns count from 0, parameters from 1 (w1); a bias has row 0. A value has enough digits
to be read back to the same bits.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from compare.formats.dtypes import decimal_digits

HEADER = "# gradients of {network}, {n} samples, {dtype}, {layout}"
COLUMNS = "# sample parameter row column value"


def text_lines(first_sample: int, arrays: Mapping[str, np.ndarray]) -> Sequence[str]:
    """Returns the text of every sample, [N] strings of many lines each.

    Args:
      first_sample: the number of the first one.
      arrays: parameter -> [N, rows, columns] or [N, columns].
    """
    lines = [
        f"\0 {name} {row} {column} {number}\n"
        for name, array in arrays.items()
        for number in (_number_format(array.dtype),)
        for row, column in np.ndindex(*(1, *array.shape[1:])[-2:])
    ]
    template = "".join(lines)
    values = np.concatenate([v.reshape(len(v), -1) for v in arrays.values()], axis=1)
    return [
        template.replace("\0", str(sample)) % tuple(row)
        for sample, row in enumerate(values.tolist(), start=first_sample)
    ]


def _number_format(dtype: np.dtype) -> str:
    return f"%.{decimal_digits(dtype.name)}g"
