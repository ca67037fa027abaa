"""Prints, and what is read from them."""

import numpy as np

from compare.formats.read.prints.arrays import read_print


def read(text):
    return read_print("a.txt", text)


def check(text, *expected):
    """Checks names, shapes and values of all arrays, given as (name, values)."""
    found = read(text)
    assert found.layout is None
    assert found.names == tuple(name for name, _ in expected)
    for array, (_, values) in zip(found.arrays, expected, strict=True):
        np.testing.assert_array_equal(array.values, values, strict=True)
