"""One array held against what is expected of it."""

import numpy as np
import pytest

from compare.evidence.local.check import check
from compare.evidence.rounding.enclosure import Enclosure


def checked(found, expected, worst=1e-6):
    expected = np.asarray(expected)
    error = np.broadcast_to(np.asarray(worst, np.float64), expected.shape)
    one = Enclosure(expected, np.stack([error, error / 10]))
    return check("output", "y", ("h",), np.asarray(found), one, 2.0**-24)


def test_the_entry_that_uses_most_is_told():
    one = checked([1.0, 2.0, 3.0001], [1.0, 2.0, 3.0])
    assert (one.index, one.found, one.expected, one.beyond) == ((2,), 3.0001, 3.0, 1)
    assert not one.holds
    assert one.relative == pytest.approx(1e-4 / 3)


def test_all_entries_that_are_beyond_are_counted():
    floor = 4 * 3 * 2.0**-24
    found = [1 + 1.5 * (1e-6 + floor), 2.001, 3.0]
    assert checked(found, [1.0, 2.0, 3.0]).beyond == 2


def test_nan_and_infinity_agree_with_themselves_alone():
    same = checked([np.nan, np.inf, -np.inf, 1.0], [np.nan, np.inf, -np.inf, 1.0], np.inf)
    assert (same.holds, same.nans, same.vacuous, same.undefined) == (True, 1, 1, 0)
    assert not checked([np.nan], [1.0]).holds
    assert not checked([np.inf], [1.0]).holds
    assert not checked([1.0], [np.inf], 0.0).holds


def test_an_infinite_bound_proves_nothing_and_is_counted():
    one = checked([np.inf, 1.0, 2.0], [1.0, np.nan, 2.0], [np.inf, np.inf, 1e-6])
    assert (one.holds, one.overflown, one.undefined, one.vacuous) == (True, 1, 1, 2)
    assert one.index == (0,)


@pytest.mark.parametrize("kind", [np.int32, bool])
def test_integers_and_booleans_are_exact_or_uncertain(kind):
    found, expected = np.array([1, 0], kind), np.array([1, 1], kind)
    certain, uncertain = checked(found, expected, 0.0), checked(found, expected, [0.0, 1.0])
    assert (certain.holds, certain.index, certain.beyond) == (False, (1,), 1)
    assert (uncertain.holds, uncertain.vacuous) == (True, 1)


def test_what_is_empty_holds():
    one = checked(np.zeros((0, 3)), np.zeros((0, 3)))
    assert (one.holds, one.is_typical, one.entries, one.vacuous) == (True, True, 0, 0)


def test_zero_is_what_may_be_nothing_but_rounding():
    assert checked([0.0, 1e-9], [1e-8, -1e-8]).is_zero
    assert not checked([0.0, 1e-9], [1e-8, 1e-3]).is_zero
    assert not checked([0.0], [0.0], np.inf).is_zero
