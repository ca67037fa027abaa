"""When an assumption explains something."""

import numpy as np
import pytest

from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.assumption import explains
from jaxmlp import Batch, Layer
from tests.support.cases import case_of

ONE = np.ones((4, 1), np.float32)
CASE = case_of((Layer(ONE[:1], ONE[0]),), Batch(ONE, ONE), (Layer(ONE[:, None], ONE),), "tanh")


@pytest.mark.parametrize(("found", "is_explained"), [(0.0, True), (0.3, False)])
def test_a_zero_explains_nothing_but_zeros(found, is_explained):
    entries, allowed = np.full((1, 4), found), np.ones((1, 4))
    check = Check("output", "b1", entries, np.zeros((1, 4)), allowed, np.ones(4, bool))
    assert explains(check, np.full((1, 4), 1e9), CASE) == is_explained
