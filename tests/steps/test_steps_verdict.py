"""What follows from the steps of a run."""

import dataclasses

import pytest

from compare.steps.results import StepResult
from compare.steps.verdict import decide_run, silent_from

RIGHT = StepResult(
    1, "agree", "certificate", "every difference is rounding", None, 0.2, 0.1, True, 1.0, 1.0, 0.0,
    1e-7, 1e-2,
)  # fmt: skip


def run(length=20, **changed):
    """Returns steps, of which some are changed: step_3={...}."""
    return [
        dataclasses.replace(RIGHT, number=i, **changed.get(f"step_{i}", {}))
        for i in range(1, length + 1)
    ]


OPEN = {"verdict": "undecided", "basis": "nothing", "sentence": "bounds say nothing"}


@pytest.mark.parametrize(
    ("steps", "verdict", "sentence"),
    [
        (run(), "agree", "at all 20 steps every difference is rounding"),
        (
            run(step_3=OPEN),
            "undecided",
            "at 19 of 20 steps every difference is rounding; nothing can be said of step 3: bounds "
            "say nothing",
        ),
        (run(step_3=OPEN, step_5={**OPEN, "update": 2.0}), "undecided", "step 5, bounds say"),
        (run(step_3={**OPEN, "loss": float("nan")}), "undecided", "step 3, bounds say nothing"),
        (run(step_3=OPEN, step_9={"verdict": "disagree"}), "disagree", "step 9, every"),
        (
            [dataclasses.replace(one, is_seen=False) for one in run(2)],
            "undecided",
            "no step moves a weight farther than rounding may in float32",
        ),
    ],
)
def test_the_verdict_on_a_run(steps, verdict, sentence):
    found, _ = decide_run(steps, "float32")
    assert found.verdict == verdict
    assert found.sentence.startswith(sentence)


def test_from_which_step_on_the_runs_say_nothing():
    assert silent_from(run()) is None
    assert silent_from(run(4, step_3={"rounding": 1.0}, step_4={"rounding": 1.0})) == 3
    assert silent_from(run(4, step_2={"rounding": 1.0})) is None
    assert silent_from(run(2, step_2={"rounding": None})) is None
