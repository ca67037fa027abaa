"""Optimizers of models whose weights are laid out otherwise."""

import numpy as np
import optax
import pytest

from compare import UsageError
from compare.pairing.arrangement import Arrangement, Entries, rearranged
from compare.steps.optimizers.arranged import (
    ArrangedOptimizer,
    check_arrangements,
    with_constants,
)
from compare.steps.optimizers.optax import OptaxOptimizer

THEIRS = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.float32([1, 2]),
    "b": np.float32([3, 4]),
}
TURNED = rearranged("w", THEIRS["w"], (1, 0))
JOINED = Arrangement((Entries(("a", "b"), np.array([2, 0, 3, 1])),))
ARRANGED = {"dense.kernel": TURNED, "both": JOINED}


def test_a_step_is_taken_in_the_layout_of_the_model():
    weights = {name: one.of(THEIRS) for name, one in ARRANGED.items()}
    own = OptaxOptimizer("candidate", weights, optax.sgd(0.5, momentum=0.9))
    optimizer = ArrangedOptimizer(own, ARRANGED, THEIRS)
    slopes = {name: np.ones_like(one) * (i + 1) for i, (name, one) in enumerate(THEIRS.items())}
    optimizer.step(slopes)
    after = optimizer.snapshot
    for name, one in THEIRS.items():
        np.testing.assert_array_equal(after.weights[name], one - slopes[name] / 2)
        np.testing.assert_array_equal(after.state["momentum"][name], slopes[name])
    np.testing.assert_array_equal(own.snapshot.weights["dense.kernel"], THEIRS["w"].T - 0.5)


def test_a_run_takes_the_weights_and_the_state_of_another():
    weights = {name: one.of(THEIRS) for name, one in ARRANGED.items()}
    optimizer, other = (
        ArrangedOptimizer(OptaxOptimizer("candidate", weights, optax.adam(0.1)), ARRANGED, THEIRS)
        for _ in range(2)
    )
    other.step(THEIRS)
    optimizer.start_from(other.snapshot)
    for a, b in ((optimizer.snapshot.weights, other.snapshot.weights),):
        assert all(np.array_equal(a[name], b[name]) for name in THEIRS)
    assert np.array_equal(
        optimizer.snapshot.state["first_moment"]["a"], THEIRS["a"] * np.float32(0.1)
    )


def test_what_is_not_trained_is_a_constant_of_what_is():
    total = Arrangement((*rearranged("a", THEIRS["a"]).terms, *rearranged("b", THEIRS["b"]).terms))
    made = {"bias": with_constants(total, {"b": THEIRS["b"]})}
    theirs = {"a": THEIRS["a"]}
    check_arrangements("candidate", made, theirs)
    own = OptaxOptimizer("candidate", {"bias": made["bias"].of(theirs)}, optax.sgd(0.5, 0.9))
    optimizer = ArrangedOptimizer(own, made, theirs)
    optimizer.step({"a": np.float32([1, 2])})
    np.testing.assert_array_equal(own.snapshot.weights["bias"], [3.5, 5])
    np.testing.assert_array_equal(optimizer.snapshot.weights["a"], [0.5, 1])
    np.testing.assert_array_equal(optimizer.snapshot.state["momentum"]["a"], [1, 2])
    np.testing.assert_array_equal(optimizer.offsets["a"], THEIRS["b"])


@pytest.mark.parametrize(
    ("arranged", "said"),
    [
        ({"bias": Arrangement((*rearranged("a", THEIRS["a"]).terms, *JOINED.terms))}, "made of a"),
        (
            {"bias": Arrangement(rearranged("a", THEIRS["a"]).terms, factor=0.5)},
            "got bias, 0.5 times a",
        ),
        (
            {"one": rearranged("a", THEIRS["a"]), "two": rearranged("a", THEIRS["a"])},
            "every entry of a once, as the reference trains it, got 2 times",
        ),
        (
            {"one": Arrangement((Entries(("a",), np.array([0])),))},
            "got 1 times and 0 times, in one",
        ),
    ],
    ids=["sum", "factor", "tied", "part"],
)
def test_weights_that_are_trained_otherwise_are_refused(arranged, said):
    check_arrangements("candidate", ARRANGED, THEIRS)
    with pytest.raises(UsageError, match=said):
        check_arrangements("candidate", arranged, THEIRS)
