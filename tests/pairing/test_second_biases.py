"""Two biases of a candidate, of which the reference has only the sum."""

import numpy as np

from compare.pairing.pairs import pair
from tests.pairing.networks import recurrent_weights


def test_the_first_is_the_sum_less_the_second():
    own = recurrent_weights(4)
    theirs = {
        "cell.weight_ih": own["rnn.weight_ih_l0"],
        "cell.weight_hh": own["rnn.weight_hh_l0"],
        "cell.bias": own["rnn.bias_ih_l0"] + own["rnn.bias_hh_l0"],
    }
    found = pair(theirs, own)
    assert found.findings == found.kept == found.unused == ()
    assert found.layouts["rnn.bias_ih_l0"] == "less `rnn.bias_hh_l0`"
    first = found.arrangements["rnn.bias_ih_l0"]
    np.testing.assert_allclose(first.of(theirs), own["rnn.bias_ih_l0"], rtol=1e-6, atol=1e-7)


def test_a_bias_that_is_not_the_sum_is_still_told():
    own = recurrent_weights(4)
    theirs = {
        "cell.weight_ih": own["rnn.weight_ih_l0"],
        "cell.weight_hh": own["rnn.weight_hh_l0"],
        "cell.bias": own["rnn.bias_ih_l0"] - own["rnn.bias_hh_l0"],
    }
    assert [one.own for one in pair(theirs, own).findings] == ["rnn.bias_ih_l0"]
