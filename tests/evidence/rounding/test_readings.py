"""The two readings of a bound."""

import numpy as np
import pytest

from compare.evidence.rounding.readings import READINGS, Readings


@pytest.mark.parametrize("size", [1e-3, 1e292])  # beside the smallest float64, as masks have it
def test_the_typical_total_is_the_root_of_the_sum_of_squares(size):
    error = np.full((2, 3), size)
    worst, typical = Readings(np, READINGS).total(3 * error, 4 * error)
    np.testing.assert_allclose(worst, 7 * size)
    np.testing.assert_allclose(typical, 5 * size)
