"""Weights that stand in another way than a program needs them, which running it proves."""

import numpy as np
import pytest

from compare.implementations.programs.models.needed_weights import needed_weights
from compare.implementations.programs.models.own_weights import OwnWeights
from compare.pairing.pairs import pair
from compare.problem.recording import Recording

RNG = np.random.default_rng(0)
STATE = {"fc.weight": RNG.standard_normal((4, 4)), "head.weight": RNG.standard_normal((2, 4))}
X = RNG.standard_normal((3, 4))


def recorded(first, second, places):
    h = X @ first.T
    y = h @ second.T
    return Recording({"output": y}, {}, {}, dict(zip(places, (h, y), strict=True)))


REFERENCE = recorded(*STATE.values(), ("fc", "head"))


@pytest.fixture
def found():
    def found(kernel, *, head=1.0):
        own = {"a.kernel": kernel, "b.kernel": STATE["head.weight"].T}
        weights = OwnWeights(own, frozenset(), pair(STATE, own))

        def run(weights):
            made = {name: one.of(STATE) for name, one in weights.pairing.arrangements.items()}
            return recorded(made["a.kernel"].T, head * made["b.kernel"].T, ("#1", "#2"))

        needed, _ = needed_weights(weights, run, REFERENCE, ("fc", "head"), STATE)
        return needed.pairing

    return found


def test_weights_as_they_are_needed_stay(found):
    pairing = found(STATE["fc.weight"].T)
    assert pairing.findings == ()


@pytest.mark.parametrize("head", [1.0, 3.0], ids=["alone", "beside another mistake"])
@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (STATE["fc.weight"], "`fc` is right with this instead: transposed"),
        (STATE["fc.weight"].T / 2, "`fc` is right with this instead: without the factor"),
    ],
)
def test_weights_that_are_needed_in_another_way_are_told(found, kernel, said, head):
    pairing = found(kernel, head=head)
    (finding,) = pairing.findings
    assert said in finding.sentence
    assert (finding.own, finding.theirs) == ("a.kernel", ("fc.weight",))
    assert finding.worst == np.abs(kernel - STATE["fc.weight"].T).max()
    np.testing.assert_array_equal(pairing.arrangements["a.kernel"].of(STATE), STATE["fc.weight"].T)


def test_another_mistake_says_nothing_of_weights(found):
    assert found(STATE["fc.weight"].T, head=3.0).findings == ()
