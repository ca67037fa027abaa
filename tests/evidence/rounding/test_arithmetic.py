"""What is known of an arithmetic, and what a dot product costs in it."""

import math

import ml_dtypes
import numpy as np
import pytest

from compare.evidence.rounding.arithmetic import (
    Arithmetic,
    growth,
    largest_number,
    plain_arithmetic,
)

F64, F32, F16 = (np.dtype(f"float{bits}") for bits in (64, 32, 16))
BF16 = np.dtype(ml_dtypes.bfloat16)
TF32 = Arithmetic(F32, 10, 23)

CONSTANTS = {  # u, lam, what a factor loses, what a term of a sum loses
    "float64": (plain_arithmetic(F64), 2.0**-53, 2.0**-1022, 0, 2.0**-53),
    "float32": (plain_arithmetic(F32), 2.0**-24, 2.0**-126, 0, 2.0**-24),
    "float32, sums in float64": (Arithmetic(F32, 23, 52), 2.0**-24, 2.0**-126, 0, 2.0**-51),
    "TF32": (TF32, 2.0**-24, 2.0**-126, 2.0**-10, 2.0**-22),
    "bfloat16 products": (Arithmetic(F32, 7, 23), 2.0**-24, 2.0**-126, 2.0**-7, 2.0**-22),
    "float16": (plain_arithmetic(F16), 2.0**-11, 2.0**-24, 0, 2.0**-11),
    "float16, sums in float32": (Arithmetic(F16, 10, 23), 2.0**-11, 2.0**-24, 0, 2.0**-22),
    "bfloat16": (plain_arithmetic(BF16), 2.0**-8, 2.0**-126, 0, 2.0**-8),
    "bfloat16, sums in float32": (Arithmetic(BF16, 7, 23), 2.0**-8, 2.0**-126, 0, 2.0**-22),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants(name):
    arithmetic, *expected = CONSTANTS[name]
    found = (arithmetic.u, arithmetic.lam, arithmetic.operand_u, arithmetic.sum_u)
    assert found == tuple(expected)


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_dot_product_costs_no_less_than_all_its_roundings_in_one_direction(name):
    arithmetic = CONSTANTS[name][0]
    costs = []
    for n in (1, 2, 10, 100):
        factor, term = (1 + arithmetic.operand_u) ** 2, 1 + arithmetic.sum_u
        rounded = 1.0 if arithmetic.is_plain else 1 + arithmetic.u
        costs.append(arithmetic.dot(n))
        assert costs[-1] >= factor * term**n * rounded - 1
        assert arithmetic.dot(n, 2) >= factor * term**n * rounded * (1 + arithmetic.u) ** 2 - 1
    assert costs == sorted(costs)


def test_sums_in_float32_cost_little_however_long_they_are():
    assert plain_arithmetic(BF16).dot(256) == math.inf
    assert Arithmetic(BF16, 7, 23).dot(256) < 1.02 * 2.0**-8
    assert TF32.dot(256) < 2.1 * 2.0**-10


def test_where_numbers_end():
    assert largest_number("float16") == 65504
    assert 3.3e38 < largest_number("bfloat16") < largest_number("float32")


def test_what_so_many_roundings_cost():
    assert growth(0, 2.0**-24) == 0
    assert growth(3, 0.5) == pytest.approx(1.5**3 - 1)
    assert growth(300, 2.0**-8) == pytest.approx((1 + 2.0**-8) ** 300 - 1)
    assert growth(10**6, 2.0**-8) == np.inf
