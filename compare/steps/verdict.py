"""How a training run stands: step by step, and as a whole."""

from collections.abc import Callable, Sequence

from compare.evidence.local.check import Check, Checks
from compare.steps.results import StepResult
from compare.steps.rules.slots import SLOTS
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import FREEDOM
from compare.verdict.function_sentences import measured

_RIGHT = Finding("agree", "certificate", "every difference is rounding")


def decide_update(checks: Checks, own: Callable[[], Checks]) -> Finding:
    """Decides on the update of a step, whose gradients are right.

    Args:
      checks: of the state of the optimizer and of the weights, in the order of the data.
      own: returns those of the reference itself.
    """
    wrong = [one for one in checks if not one.holds]
    if not wrong:
        return _RIGHT
    kept = {one.key for one in own() if one.holds}
    first = next((one for one in wrong if one.key in kept), None)
    if first is None:
        sentence = f"{told(wrong[0])}; but so is the reference itself, whose rule is not known"
        return Finding("undecided", "nothing", sentence, wrong[0])
    if all(one.used <= FREEDOM for one in wrong):
        sentence = f"{told(first)}, which another formula may make"
        return Finding("undecided", "nothing", sentence, first)
    return Finding("disagree", "certificate", told(first), first)


def told(one: Check) -> str:
    """Says which part of an update is off, and by how much."""
    if one.kind == "weights":
        return f"the new weights `{one.name}`: {measured(one)}"
    name, _, slot = one.name.rpartition(": ")
    what = f"{SLOTS.get(slot, slot)} of `{name}`" if name else slot
    return f"{what}: {measured(one)}"


def first_step(steps: Sequence[StepResult]) -> StepResult | None:
    """Returns the first step that disagrees; of none the first that is undecided."""
    for verdict in ("disagree", "undecided"):
        for one in steps:
            if one.verdict == verdict:
                return one
    return None


def silent_from(steps: Sequence[StepResult]) -> int | None:
    """Returns the step from which on rounding is as large as what training has changed."""
    known = [one for one in steps if one.rounding is not None]
    for i, one in enumerate(known):
        if all(after.rounding >= after.change for after in known[i:]):  # type: ignore[operator]
            return one.number
    return None
