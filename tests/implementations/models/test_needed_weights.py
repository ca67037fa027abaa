"""Weights that stand in another way than a program needs them, which running it proves."""

import numpy as np
import pytest

from compare.implementations.programs.models.needed_weights import needed_weights
from compare.implementations.programs.models.own_weights import OwnWeights
from compare.pairing.pairs import pair
from compare.problem.recording import Recording

RNG = np.random.default_rng(0)
STATE = {f"{name}.weight": RNG.standard_normal((4, 4)) for name in ("fc", "mid", "head")}
X = RNG.standard_normal((3, 4))


def recorded(kernels, places):
    values = [X]
    for kernel in kernels:
        values.append(values[-1] @ kernel)
    return Recording({"output": values[-1]}, {}, {}, dict(zip(places, values[1:], strict=True)))


PLACES = ("fc", "mid", "head")
REFERENCE = recorded([one.T for one in STATE.values()], PLACES)


@pytest.fixture
def found():
    def found(kernel, *, head=1.0, turned=False):
        _, *others = (one.T for one in STATE.values())
        own = {"a.kernel": kernel, "b.kernel": others[0], "c.kernel": others[1]}
        weights = OwnWeights(own, frozenset(), pair(STATE, own))

        def run(weights):
            made = {name: one.of(STATE) for name, one in weights.pairing.arrangements.items()}
            first = made["a.kernel"].T if turned else made["a.kernel"]
            kernels = first, made["b.kernel"], head * made["c.kernel"]
            return recorded(kernels, ("#1", "#2", "#3"))

        needed, _ = needed_weights(weights, run, REFERENCE, PLACES, STATE)
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


def test_a_program_that_takes_usual_weights_in_another_order_says_nothing_of_weights(found):
    assert found(STATE["fc.weight"].T, turned=True).findings == ()
