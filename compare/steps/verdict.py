"""How a training run stands: step by step, and as a whole."""

import math
from collections.abc import Callable, Sequence

from compare.evidence.local.check import Check, Checks
from compare.numbers import counted, first_few
from compare.steps.exact_update import ExactUpdate
from compare.steps.results import StepResult
from compare.steps.rules.slots import SLOTS
from compare.verdict import function_sentences
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import FREEDOM

BY_WEIGHT = ("agree", "undecided", "disagree")  # verdicts
_NAMED = 3  # steps that a sentence names
_RIGHT = Finding("agree", "certificate", "every difference is rounding")


def decide_step(
    gradients: Finding,
    update: Checks,
    own: Callable[[], Checks],
    exact: Callable[[], ExactUpdate],
) -> Finding:
    """Decides on a step.

    Args:
      gradients: what their evidence has come to.
      update: checks of the state of the optimizer and of the weights, in the order of the data.
      own: returns those of the reference itself.
      exact: returns what the update says in float64.
    """
    if gradients.verdict == "disagree":
        return gradients
    found = _decide_update(update, own, exact)
    return max(gradients, found, key=_weight)


def _weight(one: Finding) -> tuple[int, bool]:
    """Orders findings: what rests on float64 is more to be told than what is proved."""
    return BY_WEIGHT.index(one.verdict), one.basis == "float64"


def _decide_update(
    checks: Checks, own: Callable[[], Checks], exact: Callable[[], ExactUpdate]
) -> Finding:
    wrong = [one for one in checks if not one.holds]
    if not wrong:
        return _RIGHT
    kept = {one.key for one in own() if one.holds}
    first = next((one for one in wrong if one.key in kept), None)
    if first is None:
        sentence = f"{told(wrong[0])}; but so is the reference itself, so that its rule is another"
        return Finding("undecided", "nothing", sentence, wrong[0])
    if all(one.used <= FREEDOM for one in wrong):
        return _decide_slight(first, exact())
    return Finding("disagree", "certificate", f"{told(first)}; the gradients are right", first)


def _decide_slight(first: Check, exact: ExactUpdate) -> Finding:
    """Decides on an update that is a little farther off than rounding explains."""
    if exact.verdict == "same":
        sentence = (
            f"in float64 its update is the same; {told(first)}, which another formula may make"
        )
        return Finding("agree", "float64", sentence, remarks=(sentence,))
    if exact.verdict == "different":
        sentence = (
            f"{told(first)}; the gradients are right; in float64 its update is wrong too, by "
            f"{exact.off:.1g} of it"
        )
        return Finding("disagree", "float64", sentence, first)
    sentence = f"{told(first)}, which another formula may make"
    if not math.isnan(exact.off):
        sentence += (
            f"; in float64 its update is off by {exact.off:.1g} of it, which numbers that it holds "
            "in float32 may make; dtype='float64' shows more"
        )
    return Finding("undecided", "nothing", sentence, first)


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
    if first is not None:
        sentence = _open(steps) if _is_silent(first) else f"step {first.number:,}, {first.sentence}"
        return Finding(first.verdict, first.basis, sentence, first.first), first
    unseen = [one.number for one in steps if not one.is_seen]
    if len(unseen) == len(steps):
        sentence = (
            f"no step moves a weight farther than rounding may in {dtype}, so that updates are not "
            "seen" + "; dtype='float64' shows them" * (dtype != "float64")
        )
        return Finding("undecided", "nothing", sentence), None
    basis = "float64" if any(one.basis == "float64" for one in steps) else "certificate"
    said = f"all {len(steps):,} steps" if len(steps) > 1 else "its step"
    sentence = f"at {said} every difference is rounding"
    return Finding("agree", basis, sentence, remarks=_unseen(unseen, dtype)), None


def _open(steps: Sequence[StepResult]) -> str:
    """Says of which steps nothing can be said, as where numbers that are compared are equal."""
    silent = [one for one in steps if _is_silent(one)]
    right = f"at {len(steps) - len(silent):,} of {len(steps):,} steps every difference is rounding"
    open_steps = first_few([f"{one.number:,}" for one in silent], _NAMED)
    return f"{right}; nothing can be said of step {open_steps}: {silent[0].sentence}"


def _unseen(numbers: Sequence[int], dtype: str) -> tuple[str, ...]:
    if not numbers:
        return ()
    return (
        f"{counted(len(numbers), 'step')}, the first of them {numbers[0]:,}, moved no weight "
        f"farther than rounding may in {dtype}, so that these updates are not seen",
    )


def _first(steps: Sequence[StepResult]) -> StepResult | None:
    """Returns the first step that disagrees; else one that is undecided, by a check that fails."""
    for is_one in (
        lambda one: one.verdict == "disagree",
        lambda one: one.verdict == "undecided" and not _is_silent(one),
        lambda one: one.verdict == "undecided",
    ):
        found = next(filter(is_one, steps), None)
        if found is not None:
            return found
    return None


def _is_silent(one: StepResult) -> bool:
    """Whether every check of a step holds, and some say nothing."""
    is_finite = math.isfinite(one.loss) and math.isfinite(one.apart)
    return one.verdict == "undecided" and one.used <= 1 and is_finite


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
