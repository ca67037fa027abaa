"""How a training run stands: step by step, and as a whole."""

import math
from collections.abc import Callable, Sequence

from compare.evidence.local.check import Check, Checks
from compare.numbers import counted
from compare.steps.results import StepResult
from compare.steps.rules.slots import SLOTS
from compare.verdict import function_sentences
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import FREEDOM

BY_WEIGHT = ("agree", "undecided", "disagree")  # verdicts
_RIGHT = Finding("agree", "certificate", "every difference is rounding")


def decide_step(gradients: Finding, update: Checks, own: Callable[[], Checks]) -> Finding:
    """Decides on a step.

    Args:
      gradients: what their evidence has come to.
      update: checks of the state of the optimizer and of the weights, in the order of the data.
      own: returns those of the reference itself.
    """
    if gradients.verdict == "disagree":
        return gradients
    found = _decide_update(update, own)
    is_heavier = BY_WEIGHT.index(found.verdict) > BY_WEIGHT.index(gradients.verdict)
    return found if is_heavier else gradients


def _decide_update(checks: Checks, own: Callable[[], Checks]) -> Finding:
    wrong = [one for one in checks if not one.holds]
    if not wrong:
        return _RIGHT
    kept = {one.key for one in own() if one.holds}
    first = next((one for one in wrong if one.key in kept), None)
    if first is None:
        sentence = f"{told(wrong[0])}; but so is the reference itself, so that its rule is another"
        return Finding("undecided", "nothing", sentence, wrong[0])
    if all(one.used <= FREEDOM for one in wrong):
        sentence = f"{told(first)}, which another formula may make"
        return Finding("undecided", "nothing", sentence, first)
    return Finding("disagree", "certificate", f"{told(first)}; the gradients are right", first)


def decide_later(checks: Checks) -> Finding:
    """Decides on a step after one that has failed, by its checks alone."""
    wrong = next((one for one in checks if not one.holds), None)
    if wrong is None:
        return _RIGHT
    return Finding("disagree", "certificate", told(wrong), wrong)


def decide_run(steps: Sequence[StepResult], dtype: str) -> tuple[Finding, StepResult | None]:
    """Decides on a run, and returns the first step that does not agree.

    Args:
      steps: of it.
      dtype: the name of that which it was computed in.
    """
    first = _first(steps)
    unseen = [one.number for one in steps if not one.is_seen]
    if first is not None:
        sentence = f"step {first.number:,}, {first.sentence}"
        return Finding(first.verdict, first.basis, sentence, first.first), first
    if len(unseen) == len(steps):
        sentence = (
            f"no step moves a weight farther than rounding may in {dtype}, so that updates are not "
            "seen" + "; dtype='float64' shows them" * (dtype != "float64")
        )
        return Finding("undecided", "nothing", sentence), None
    basis = "float64" if any(one.basis == "float64" for one in steps) else "certificate"
    said = f"all {len(steps):,} steps" if len(steps) > 1 else "its step"
    remarks: tuple[str, ...] = ()
    if unseen:
        remarks = (
            f"{counted(len(unseen), 'step')}, the first of them {unseen[0]:,}, moved no weight "
            f"farther than rounding may in {dtype}, so that these updates are not seen",
        )
    return Finding("agree", basis, f"at {said} every difference is rounding", remarks=remarks), None


def _first(steps: Sequence[StepResult]) -> StepResult | None:
    """Returns the first step that disagrees; of none the first that is undecided."""
    for verdict in ("disagree", "undecided"):
        for one in steps:
            if one.verdict == verdict:
                return one
    return None


def told(one: Check) -> str:
    """Says what of a step is off, and by how much."""
    if one.kind == "weights":
        return f"the new weights `{one.name}`: {function_sentences.measured(one)}"
    if one.kind != "state":
        return function_sentences.told(one)
    name, _, slot = one.name.rpartition(": ")
    what = f"{SLOTS.get(slot, slot)} of `{name}`" if name else slot
    return f"{what}: {function_sentences.measured(one)}"


def silent_from(steps: Sequence[StepResult]) -> int | None:
    """Returns the step from which on rounding is as large as what training has changed."""
    found = None
    for one in steps:
        if one.rounding is None or not 0 < one.rounding < math.inf or one.rounding < one.change:
            found = None
        elif found is None:
            found = one.number
    return found
