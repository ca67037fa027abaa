"""Numbers of two files: to how many digits they are shown and agree, and what one is of another."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from compare.evidence.differences.digits import agree_significant
from compare.evidence.differences.prints import (
    beyond,
    digits_agreed,
    known,
    print_as_zero,
    shown,
)
from compare.formats.matching import ArrayPair
from compare.formats.read.prints.digits import half_units

NAN = float("nan")


def exact(a, b):
    a, b = np.array([a], np.float64), np.array([b], np.float64)
    return ArrayPair("w", a, b, np.zeros_like(a), np.zeros_like(b))


def printed(a, b):
    """A pair of two prints, each of words between spaces."""
    sides = [text.split() for text in (a, b)]
    values = [np.array([side], np.float64) for side in sides]
    return ArrayPair("w", *values, *(half_units(side)[None] for side in sides))


@hypothesis.given(st.floats(1e-300, 1e300), st.integers(0, 17))
@hypothesis.settings(deadline=None, max_examples=100)
def test_digits_agreed_is_the_most_that_agree(a, power):
    pair = exact([a], [a * (1 + 10.0**-power)])
    agreeing = [k for k in range(1, 18) if agree_significant(pair.a, pair.b, k).all()]
    assert digits_agreed(pair) == max(agreeing, default=0) == len(agreeing)


DIGITS = {
    "equal": (exact([1, 2], [1, 2]), 17),
    "the_worst_decides": (exact([1, 2], [1, 2.0004]), 4),
    "nothing_agrees": (exact([1], [-1]), 0),
    "nan": (exact([NAN], [NAN]), 17),
    "nan_and_number": (exact([NAN], [1]), 0),
    "as_many_as_are_printed": (printed("0.2512 1.5000", "0.2512 1.5000"), 4),
    "fewer_than_are_printed": (printed("0.2512 1.5000", "0.2516 1.5000"), 3),
    "unknown_ones_are_left_out": (printed("0.25 0.01 0.00", "0.25 0.01 0.00"), 2),
    "none_is_known": (printed("0.00 0.01", "0.00 0.01"), None),
    "known_on_one_side": (printed("0.00", "0.001234"), None),
    "zeros_in_full": (printed("0.0e0 1.2e0", "0.0e0 1.2e0"), 2),
}


@pytest.mark.parametrize(("pair", "expected"), DIGITS.values(), ids=DIGITS)
def test_digits_agreed(pair, expected):
    assert digits_agreed(pair) == expected


def test_what_is_shown_and_known_by_hand():
    pair = printed("0.00 0.09 0.10 12.34 -0.00", "0.00 0.09 0.10 12.34 0.50")
    assert known(pair).tolist() == [[False, False, True, True, False]]
    assert shown(pair, 1).tolist() == [[False, True, True, True, False]]
    assert shown(pair, 2).tolist() == [[False, False, True, True, False]]
    assert shown(pair, 4).tolist() == [[False, False, False, True, False]]
    assert not shown(pair, 5).any()
    assert print_as_zero(pair).tolist() == [[True, False, False, False, True]]
    assert beyond(pair, 5).tolist() == [[False, False, False, False, True]]
