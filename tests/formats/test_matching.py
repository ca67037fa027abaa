"""What is put side by side, and that half units of printed digits go where their numbers go."""

import numpy as np
import pytest

from compare.formats.matching import match_arrays
from compare.formats.read.numbers import NamedArray, Numbers

W = np.arange(6.0).reshape(1, 2, 3)
B = np.arange(6.0, 9.0).reshape(1, 3)


def array(name, values, *, exact=False):
    """An array whose half units can be told by its values."""
    return NamedArray(name, values, None if exact else values / 8)


def numbers(*arrays, layout=None):
    return Numbers("a.txt", arrays, layout)


def swapped(values):
    return np.swapaxes(values, 1, 2)


w, b, exact_w = array("w", W), array("b", B), array("w", W, exact=True)
CASES = {
    "as_they_are": (numbers(w, b), numbers(w, b), 2 / 8),
    "one_exact": (numbers(exact_w), numbers(w), 1 / 8),
    "both_exact": (numbers(exact_w), numbers(exact_w), 0),
    "by_name": (numbers(w, b), numbers(b, w), 2 / 8),
    "other_shapes": (numbers(w), numbers(array("w", W.reshape(-1))), 2 / 8),
    "joined": (
        numbers(w, b),
        numbers(array(None, np.arange(4.0)), array(None, np.arange(4.0, 9.0))),
        2 / 8,
    ),
    "joined_and_exact": (
        numbers(exact_w, b),
        numbers(array(None, np.arange(9.0), exact=True)),
        np.where(np.arange(9) < 6, 0, 1 / 8),
    ),
    "transposed": (
        numbers(w, layout="in_out"),
        numbers(array("w", swapped(W)), layout="out_in"),
        2 / 8,
    ),
    "transposed_and_exact": (
        numbers(w, layout="in_out"),
        numbers(array("w", swapped(W), exact=True), layout="out_in"),
        1 / 8,
    ),
}


@pytest.mark.parametrize(("left", "right", "share"), CASES.values(), ids=CASES)
def test_half_units_follow_their_numbers(left, right, share):
    for pair in match_arrays(left, right)[0]:
        np.testing.assert_array_equal(pair.a, pair.b, strict=True)
        np.testing.assert_array_equal(pair.half_units, pair.a * share, strict=True)
