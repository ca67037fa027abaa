"""Gradients as text that `diff` understands.

One value a line, `sample parameter row column value`, under the same header in every file. Samples,
rows and columns count from 0, parameters from 1 (w1); a bias has row 0. A value has enough digits
to be read back to the same bits.
"""

import functools
import itertools
from collections.abc import Iterator, Mapping

import numpy as np

from compare.formats.dtypes import decimal_digits
from compare.formats.write.number_text import WIDTH, texts_of

HEADER = "# gradients of {network}, {n} samples, {dtype}, {layout}"
COLUMNS = "# sample parameter row column value"

_AT_ONCE = 2**14  # values, so that what is worked out of them stays in a cache


def text_lines(first_sample: int, arrays: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Yields the text of all samples, whole lines at a time.

    Args:
      first_sample: the number of the first one.
      arrays: parameter -> [N, rows, columns] or [N, columns].
    """
    places = _places(tuple((name, array.shape[1:]) for name, array in arrays.items()))
    values = np.concatenate([v.reshape(len(v), -1) for v in arrays.values()], axis=1)
    samples = np.array([str(first_sample + i) for i in range(len(values))], bytes)
    kinds = {"sample": samples.dtype, "place": places.dtype, "number": f"S{WIDTH}", "end": "S1"}
    line = np.dtype([*kinds.items()])
    digits, many = decimal_digits(values.dtype.name), -(-_AT_ONCE // len(places))
    starts = (
        range(0, size, step) for size, step in zip(values.shape, (many, _AT_ONCE), strict=True)
    )
    for sample, entry in itertools.product(*starts):
        rows, entries = slice(sample, sample + many), slice(entry, entry + _AT_ONCE)
        some = values[rows, entries]
        lines = np.zeros(some.shape, line)
        lines["sample"], lines["place"] = samples[rows, None], places[entries]
        lines["number"] = texts_of(some.ravel(), digits).reshape(some.shape)
        lines["end"] = b"\n"
        yield lines.tobytes().translate(None, b"\0").decode()


@functools.lru_cache(maxsize=2)
def _places(shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> np.ndarray:
    """Returns ` parameter row column ` of all entries of one sample, as bytes."""
    lines = [
        f" {name} {row} {column} "
        for name, shape in shapes
        for row, column in itertools.product(*map(range, (1, *shape)[-2:]))
    ]
    return np.array(lines, bytes)
