"""What may stand at a place that is nowhere."""

import numpy as np

from compare.matching.guess import guesses
from compare.matching.intermediates import Intermediates


def test_a_place_that_holds_the_same_weights_is_tried_first_however_far_it_is():
    rng = np.random.default_rng(0)
    value = rng.standard_normal((3, 5))
    near = value + 1e-3 * rng.standard_normal((3, 5))
    own = Intermediates({"#1.a": near, "attention": rng.standard_normal((3, 5))}, 1e-9)
    names = [one.name for one in guesses(value, own, (), {}, {"attention"})]
    assert names[0] == "attention"
    assert "#1.a" in names
