"""What explains pairs of arrays: nothing where numbers fit by chance."""

import numpy as np
import pytest

from compare.evidence.relations.arrangements import NUMBERS, SAMPLES
from compare.evidence.relations.changes import FACTOR
from compare.evidence.relations.search import explain
from compare.formats.matching import ArrayPair
from compare.formats.read.prints.digits import half_units


def printed(name, a, b, form):
    """A pair of two prints of arrays [N, ...]."""
    words = [[format(value, form) for value in values.reshape(-1).tolist()] for values in (a, b)]
    values = [np.array(side, float).reshape(a.shape) for side in words]
    return ArrayPair(name, *values, *(half_units(side).reshape(a.shape) for side in words))


def exact(a, b):
    a, b = (np.asarray(values, np.float64) for values in (a, b))
    return ArrayPair("w", a, b, np.zeros_like(a), np.zeros_like(b))


@pytest.mark.parametrize("form", [".1f", ".2f", ".2g", ".3g", ".9g"])
@pytest.mark.parametrize("shape", [(1, 2), (1, 3), (1, 2, 2), (4, 1), (3, 2, 2)], ids=str)
def test_numbers_that_have_no_relation_are_not_explained(form, shape):
    rng = np.random.default_rng(0)
    for _ in range(10):
        a, b = rng.normal(size=(2, *shape))
        found = explain([printed("w", a, b, form)], 5)
        told = [part.relation.change.kind for part in found.parts] if found else []
        assert told in ([], ["zero"])


@pytest.mark.parametrize("noise", [1e-4, 1e-3, 1e-2])
@pytest.mark.parametrize("form", [".3f", ".3g", ".9g"])
def test_noise_is_no_factor_and_no_constant(form, noise):
    rng = np.random.default_rng(0)
    for factor in (1, 0.5):
        for _ in range(5):
            a, other = rng.normal(size=(2, 1, 3, 3))
            b = factor * a * (1 + noise * other)
            found = explain([printed("w", a, b, form)], 5)
            for part in found.parts if found else ():
                assert part.relation.change == (FACTOR, 0.5)
                assert factor == 0.5


def test_many_numbers_in_another_order():
    a = np.random.default_rng(0).normal(size=(1, 10**5))
    found = explain([exact(a, np.roll(a, 1))], 5)
    assert [part.relation.arrangement for part in found.parts] == [NUMBERS]


@pytest.mark.parametrize("change", [lambda v: v / 2, np.abs], ids=["half", "absolute"])
def test_one_number_among_many_may_be_the_one_that_does_not_fit(change):
    a = np.random.default_rng(0).normal(size=(1, 10**4))
    b = change(a)
    assert explain([exact(a, b)], 5) is not None
    b[0, 1] *= 2
    assert explain([exact(a, b)], 5) is None


def test_very_few_digits_of_many_numbers_show_no_order():
    rng = np.random.default_rng(0)
    a, b = np.linspace(0.1, 0.99, 1000) + 0.002 * rng.random((2, 1, 1000))
    found = explain([printed("w", rng.permuted(a, axis=1), rng.permuted(b, axis=1), ".2f")], 5)
    assert found is None


def test_samples_are_found_though_some_are_the_same():
    a = np.random.default_rng(0).normal(size=(8, 3))
    a[2] = a[5] = 0
    a[3] = a[6]
    found = explain([exact(a, a[[5, 3, 0, 7, 1, 6, 2, 4]])], 5)
    assert [part.relation.arrangement for part in found.parts] == [SAMPLES]
