"""The bound of a sum over a batch holds for any order of the sum, and says what it says exactly."""

import ml_dtypes
import numpy as np
import pytest

from compare.evidence.batches.case import BatchCase
from compare.evidence.batches.expected import expected, is_doubtful, one_sided, ratios, unknown
from compare.evidence.batches.terms import joined, terms_of
from compare.evidence.rounding.arithmetic import plain_arithmetic

DTYPES = ("float64", "float32", "bfloat16", "float16")


def one_by_one(terms, dtype):
    total = np.zeros(terms.shape[1:], dtype)
    for term in terms:
        total = (total + term).astype(dtype)
    return total


WAYS = {
    "forwards": lambda terms, weight: one_by_one(terms, terms.dtype) * weight,
    "backwards": lambda terms, weight: one_by_one(terms[::-1], terms.dtype) * weight,
    "weighted before": lambda terms, weight: one_by_one(terms * weight, terms.dtype),
    "in float64": lambda terms, weight: (
        terms.astype(np.float64).sum(axis=0) * float(weight)
    ).astype(terms.dtype),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("n", [1, 2, 33, 1000])
def test_no_order_of_the_sum_is_outside(dtype, way, n):
    kind = ml_dtypes.bfloat16 if dtype == "bfloat16" else np.dtype(dtype)
    arithmetic = plain_arithmetic(kind)
    rng = np.random.default_rng(n)
    for scale in (1e-6, 1.0, 20.0):
        gradients = (scale * rng.normal(size=(n, 40))).astype(kind)
        weight = np.array(1 / n, kind)
        found = WAYS[way](gradients, weight)
        right = expected(terms_of(gradients), np.full(n, 1 / n), 1 / n, arithmetic)
        assert ratios(found, right).max() <= 1
        assert not one_sided(found, right).any()


def test_a_mistake_of_a_few_ulp_in_one_term_is_outside():
    gradients = np.random.default_rng(0).random((2, 50)).astype(np.float32)
    found = gradients.sum(axis=0) * np.float32(1 + 1e-5)
    right = expected(terms_of(gradients), np.ones(2), 1.0, plain_arithmetic(np.float32))
    assert ratios(found, right).min() > 1


def test_what_is_hidden_and_what_may_be_off_is_allowed_for():
    gradients = np.ones((3, 2), np.float32)
    exact = terms_of(gradients)
    hidden = terms_of(gradients, hidden=np.full((3, 2), 0.5))
    off = exact.with_errors(np.full((3, 2), 0.25), np.zeros((3, 2)))
    arithmetic = plain_arithmetic(np.float32)
    allowed = [expected(one, np.ones(3), 1.0, arithmetic).allowed for one in (exact, hidden, off)]
    np.testing.assert_allclose(np.array(allowed)[:, 0], [0, 1.5, 0.75], atol=1e-5)


def test_what_a_batch_has_once_is_neither_averaged_nor_added_up():
    once = np.array([10.0, 20.0])
    terms = terms_of(np.array([[1.0, 2.0], [3.0, 4.0]]) + once, once=once)
    arithmetic = plain_arithmetic(np.float64)
    assert expected(terms, np.ones(2), 1.0, arithmetic).value.tolist() == [14.0, 26.0]
    assert expected(terms, np.full(2, 0.5), 0.5, arithmetic).value.tolist() == [12.0, 23.0]


def test_rows_that_are_added_up_expect_the_same():
    gradients = np.random.default_rng(0).normal(size=(9, 4))
    whole = terms_of(gradients)
    first = terms_of(gradients[:5])
    last = terms_of(gradients[5:], after=gradients[:5].sum(axis=0))
    pooled = joined([first.pooled(first=True, last=False), last.pooled(first=False, last=True)])
    assert pooled.counts.tolist() == [1, 4, 3, 1]
    assert pooled.n == 9
    arithmetic = plain_arithmetic(np.float32)
    one = expected(whole, np.full(9, 1 / 9), 1 / 9, arithmetic)
    other = expected(pooled, np.full(4, 1 / 9), 1 / 9, arithmetic)
    for a, b in zip(one[:3], other[:3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("rows", [1, 2])
def test_one_row_is_first_and_last(rows):
    assert terms_of(np.ones((rows, 2))).pooled(first=True, last=True).counts.sum() == rows


def test_an_overflow_on_the_way_is_no_mistake():
    gradients = np.full((4, 1), 6e4, np.float16)
    arithmetic = plain_arithmetic(np.float16)
    may = expected(terms_of(gradients), np.full(4, 0.25), 0.25, arithmetic)
    cannot = expected(terms_of(gradients / 16), np.full(4, 0.25), 0.25, arithmetic)
    infinite = np.array([np.inf])
    assert (one_sided(infinite, may).any(), unknown(infinite, may).all()) == (False, True)
    assert (one_sided(infinite, cannot).all(), unknown(infinite, cannot).any()) == (True, False)


def test_a_difference_within_a_vacuous_bound_is_doubtful():
    exact = terms_of(np.ones((4, 3), np.float32))
    vacuous = exact.with_errors(np.full((4, 3), 5.0), np.full((4, 3), 1e-6))
    right = expected(vacuous, np.ones(4), 1.0, plain_arithmetic(np.float32))
    found = np.array([4.0, 4.00001, 8.0], np.float32)
    assert ratios(found, right).max() <= 1
    assert is_doubtful(found, right).tolist() == [False, False, True]


@pytest.mark.parametrize("n", [5, 400])
def test_what_is_flushed_term_by_term_is_not_doubtful(n):
    lam = float(np.finfo(np.float32).smallest_normal)
    gradients = np.full((n, 1), 0.9 * lam * n)
    right = expected(terms_of(gradients), np.full(n, 1 / n), 1 / n, plain_arithmetic(np.float32))
    flushed = np.zeros(1, np.float32)
    assert right.value[0] > 0.8 * n * lam
    assert ratios(flushed, right).max() <= 1
    assert not is_doubtful(flushed, right).any()


def test_rounding_of_what_has_no_square_in_float64_is_not_doubtful():
    gradients = np.array([[1e-200], [1e-214 - 1e-200]])
    right = expected(terms_of(gradients), np.ones(2), 1.0, plain_arithmetic(np.float64))
    found = right.value + 2e-216
    assert ratios(found, right).max() <= 1
    assert not is_doubtful(found, right).any()


def test_a_batch_that_is_not_finite_does_not_hold():
    terms = {"b1": terms_of(np.ones((2, 1)))}
    case = BatchCase(
        {"b1": np.array([np.nan])}, {"b1": np.zeros(1)}, terms, 1.0, plain_arithmetic(np.float32)
    )
    assert not case.holds("b1")
