"""How far a number can be from what was printed: never further than its half unit."""

import functools
import itertools
import math
import re
import sys

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import torch

from compare.formats.read.prints.arrays import read_print
from compare.formats.read.prints.digits import half_units

UNITS = {
    "common_decimals": ("0.50 0.12", [1e-2, 1e-2]),
    "zeros_trimmed_by_numpy": ("0. 0.5 0.12345678", [1e-8] * 3),
    "zeros_trimmed_by_%g": ("0.5 0.123457 123456 1e-10", [1e-6, 1e-6, 1, 1e-10]),
    "decimals_of_large_numbers": ("12345.67 0.01", [1e-2, 1e-2]),
    "whole_numbers_and_decimals": ("100 1.5 0", [1, 1e-1, 1e-1]),
    "exponents": ("1.234e-10 -1.234E+05", [1e-13, 1e2]),
    "exponents_trimmed_by_numpy": ("1.e+20 5.2e-01", [1e19, 1e-2]),
    "exponents_without_a_point": ("1e-05 2e+00", [1e-5, 1]),
    "leading_zeros_do_not_count": ("0.00012 0.5", [1e-5, 1e-2]),
    "zeros_at_the_end_count": ("0.50 123", [1e-2, 1]),
    "zero_with_an_exponent_is_exact": ("0.0000e+00 1.2000e-07", [0, 1e-11]),
    "zeros_only": ("0.0000 -0.0000", [1e-4, 1e-4]),
    "a_point_at_the_end": ("1. 0. 20.", [1] * 3),
    "a_point_at_the_end_and_an_exponent": ("1.e-04 -2.e+01", [1e-4, 1e1]),
    "a_point_at_the_end_and_decimals": ("1. 0.5", [1e-1] * 2),
    "no_digit_before_the_point": (".5 +.25", [1e-2, 1e-2]),
    "integers_may_be_rounded": ("1 -2 +300", [1] * 3),
    "not_finite": ("nan -inf Infinity 0.5", [0, 0, 0, 1e-1]),
    "nothing_finite": ("nan inf", [0, 0]),
    "too_large": ("1e400 0.5", [0, 1e-1]),
    "too_small": ("1e-400 0.5", [0, 1e-1]),
    "exponents_beyond_any_integer": (f"1e{'9' * 5000} 1e-{'9' * 5000} 1.5", [0, 0, 1e-1]),
    "subnormal": ("1.5e-322", [2 * 5e-324]),
}


@pytest.mark.parametrize(("text", "units"), UNITS.values(), ids=UNITS)
def test_units(text, units):
    np.testing.assert_allclose(half_units(text.split()), np.array(units) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("tensor([[0., 0.],\n        [-2., inf]], grad_fn=<TBackward0>)", 0),
        ("w tensor(3.)", 0),
        ("array([0., 0.])", 1),
        ("[0. 0.]", 1),
        ("tensor([0.0000, 1.2000])", 1e-4),
    ],
)
def test_whole_numbers_are_exact_where_torch_prints_them(text, unit):
    (array,) = read_print("a.txt", text).arrays
    np.testing.assert_allclose(array.half_unit, unit / 2, rtol=1e-12)


@pytest.mark.parametrize(
    ("beside", "unit"),
    [
        ("[0.25 1.  ]", 1e-1),
        ("array([0.25, 1.  ])", 1e-1),
        ("array(\n  [1.5e-4])", 1e-1),
        ("[0.25, 1.0]", 1),  # by Python, which says nothing of NumPy
        ("loss 0.25", 1),
        ("[2. 3.]", 1),
    ],
)
def test_a_point_alone_is_trimmed_where_numpy_shows_decimals(beside, unit):
    for text in (f"{beside}\nw [1. 0.]", f"w [1. 0.]\n{beside}"):
        (array,) = (one for one in read_print("a.txt", text).arrays if one.name == "w")
        np.testing.assert_allclose(array.half_unit, unit / 2, rtol=1e-12)


def test_torch_prints_a_point_alone_only_of_whole_numbers():
    for values in ([0.0, 1e-9], [0.0, 3.0000002], [1e-30, 1e30], [0.25, 1.0]):
        for precision in (0, 1, 4, 9):
            torch.set_printoptions(precision=precision)
            try:
                text = str(torch.tensor(values))
            finally:
                torch.set_printoptions(profile="default")
            assert not re.search(r"\d\.(?=[,\]])", text)


SHAPES = {
    "scalar": ("tensor(0.50)", ()),
    "bracketed": ("[[0.5, 1.25], [2., 3.]]", (2, 2)),
    "matrix": ("0.5 1.25\n2 3", (2, 2)),
    "column": ("0.5\n1.25", (2,)),
    "labelled": ("w: 0.5 1.25", (2,)),
}


@pytest.mark.parametrize(("text", "shape"), SHAPES.values(), ids=SHAPES)
def test_every_number_that_is_read_has_its_unit(text, shape):
    (array,) = read_print("a.txt", text).arrays
    assert array.half_unit.shape == array.values.shape == shape
    np.testing.assert_allclose(array.half_unit, 0.5e-2)


def test_arrays_do_not_lend_each_other_digits():
    halves = [array.half_unit.max() for array in read_print("a", "[0.5] [0.25]\n0.125").arrays]
    np.testing.assert_allclose(halves, [0.05, 0.005, 0.0005])


def numpy_text(array, **options):
    with np.printoptions(threshold=sys.maxsize, **options):
        return str(array)


def torch_text(array, **options):
    try:
        torch.set_printoptions(threshold=sys.maxsize, **options)
        return str(torch.tensor(array))
    finally:
        torch.set_printoptions(profile="default")


def percent_text(array, template):
    return "\n".join(" ".join(template % value for value in row) for row in array)


def list_text(array):
    return repr(array.tolist())


PRINTS = {
    f"{text.__name__}_{'_'.join(map(str, options.values()))}": functools.partial(text, **options)
    for text, each in (
        (
            numpy_text,
            [
                {"precision": p, "suppress": s, "floatmode": f}
                for p, s, f in itertools.product(
                    (0, 1, 4, 8, 17), (False, True), ("maxprec", "maxprec_equal", "fixed")
                )
            ],
        ),
        (
            torch_text,
            [
                {"precision": p, "sci_mode": s}
                for p, s in itertools.product((1, 4, 10), (False, True, None))
            ],
        ),
        (list_text, [{}]),
        (percent_text, [{"template": t} for t in ("%.4f", "%.6g", "%.3e")]),
    )
    for options in each
}
magnitudes = st.sampled_from((1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e6))
entries = st.one_of(
    st.sampled_from((0.0, 1.0, 0.5, -2.0, 9.9999999, math.inf, math.nan)),
    st.builds(lambda v, by: v * by, st.floats(-10, 10), magnitudes),
    st.floats(-1e300, 1e300),
)
matrices = st.tuples(st.integers(2, 3), st.integers(2, 3)).flatmap(
    lambda shape: st.lists(entries, min_size=math.prod(shape), max_size=math.prod(shape)).map(
        lambda values: np.array(values).reshape(shape)
    )
)


@pytest.mark.parametrize("text", PRINTS.values(), ids=PRINTS)
@hypothesis.given(array=matrices)
@hypothesis.settings(deadline=None, max_examples=25)
def test_what_was_printed_is_within_the_half_unit(text, array):
    written = text(array)
    hypothesis.assume("." in written or "e" in written)  # all else is taken for integers
    (read,) = read_print("a.txt", written).arrays
    finite = np.isfinite(array) & np.isfinite(read.values)
    true, found = array[finite], read.values[finite]
    with np.errstate(over="ignore"):
        error = np.abs(found - true)
    assert (error <= read.half_unit[finite] * (1 + 1e-9) + np.spacing(np.abs(true))).all()
    assert (read.half_unit[~finite] == 0).all()


@pytest.mark.parametrize("decimals", [1, 4, 9])
@hypothesis.given(array=matrices)
@hypothesis.settings(deadline=None, max_examples=25)
def test_fixed_notation_claims_no_more_than_half_its_last_decimal(decimals, array):
    array = np.clip(array, -1e12, 1e12)
    (read,) = read_print("a.txt", percent_text(array, f"%.{decimals}f")).arrays
    assert (read.half_unit <= 0.5 * 10.0**-decimals * 1.0001).all()
