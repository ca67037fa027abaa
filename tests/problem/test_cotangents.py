"""The cotangents that gradients are pulled back from, if none are given."""

import numpy as np
import pytest

from compare.problem.function import Outputs
from compare.problem.given_cotangents import drawn_cotangents


@pytest.mark.parametrize("seed", [0, 1])
def test_they_are_none_of_the_numbers_that_a_user_draws_from_the_same_seed(seed):
    """Against x itself the gradient of a layer norm, say, is nearly 0, and shows nothing."""
    x = np.random.default_rng(seed).standard_normal((4, 8)).astype(np.float32)
    (drawn,) = drawn_cotangents(Outputs(None, {"output": x}), x.dtype, seed).values()
    assert drawn.dtype == x.dtype
    assert not np.isin(drawn, x).any()
    (again,) = drawn_cotangents(Outputs(None, {"output": x}), x.dtype, seed).values()
    assert (again == drawn).all()
