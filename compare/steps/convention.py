"""A state of an optimizer that is kept in another scale, and makes the same weights."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from compare.evidence.local.check import Checks
from compare.steps.optimizers.base import Update
from compare.steps.results import StepResult
from compare.steps.rules.slots import SLOTS
from compare.steps.rules.step import Arrays, Slots, Step
from compare.steps.updates import Updates
from compare.verdict.finding import Finding

_FEWEST = 3  # steps that tell a scale from another rule: at the first one they may look alike
_SAME = 1e-4  # of the largest entry: how well a scale is kept


class Convention:
    """A run whose state is off from its first step on, followed by its weights alone.

    It is so that a momentum may hold gradients times the learning rate, say.
    """

    def __init__(self, *, restart: bool) -> None:
        """Begins.

        Args:
          restart: whether each step starts from the state of the reference, which such a run
            reads in another scale.
        """
        self._restart, self._steps, self._holds = restart, 0, True
        self._state: Slots = {}  # as that of the reference would be
        self._scales: dict[str, float] = {}  # slot -> that of the run, as a share of it

    def take(self, updates: Updates, update: Update, step: Step, offsets: Arrays) -> Checks:
        """Takes a step of the run, the first one first, and returns checks of its weights."""
        before = step.state if self._steps == 0 else self._state
        made = updates.held(update, dataclasses.replace(step, state=before, new_state={}), offsets)
        self._state = made.state
        self._steps += 1
        self._holds = all(one.holds for one in made.checks if one.kind == "weights") and all(
            self._keeps_scale(slot, group, step.new_state.get(slot, {}))
            for slot, group in made.state.items()
        )
        return made.checks

    @property
    def is_possible(self) -> bool:
        """Whether all steps so far are explained by it, so that the next one is asked."""
        return self._holds and not (self._restart and self._steps)

    @property
    def is_other(self) -> bool:
        """Whether it explains the run."""
        return self._holds and bool(self._others)

    def decide(self, by_weights: Finding, strict: StepResult) -> Finding:
        """Decides on a run that it explains.

        Args:
          by_weights: what is found of it without the state.
          strict: the first step, with the state.
        """
        if self._steps >= _FEWEST and not self._restart:
            return by_weights._replace(remarks=(*by_weights.remarks, self._said))
        more = "without restart, " * self._restart + f"{_FEWEST} steps or more tell"
        sentence = f"step 1, {strict.sentence}; the weights agree: it may be another scale; {more}"
        return Finding("undecided", "nothing", sentence, strict.first)

    @property
    def _others(self) -> Mapping[str, float]:
        return {slot: one for slot, one in self._scales.items() if abs(one - 1) > _SAME}

    @property
    def _said(self) -> str:
        slot, scale = next(iter(self._others.items()))
        return (
            f"{SLOTS.get(slot, slot)} is {scale:.4g} times that of the reference at all steps, "
            "which is another convention: the weights are the same"
        )

    def _keeps_scale(self, slot: str, wanted: Arrays, found: Arrays) -> bool:
        """Whether a state is that of the reference times one number, of all steps and weights."""
        for name in wanted.keys() & found.keys():
            a, b = (one[name].astype(np.float64) for one in (wanted, found))
            if slot not in self._scales and a.any():
                self._scales[slot] = float((a * b).sum() / (a * a).sum())
            expected = self._scales.get(slot, 1.0) * a
            if not np.abs(b - expected).max(initial=0) <= _SAME * np.abs(expected).max(initial=0):
                return False
        return True


def may_be_convention(first: Finding) -> bool:
    """Whether a first step fails by a state, so that its weights have to be asked."""
    return first.verdict == "disagree" and first.first is not None and first.first.kind == "state"


def by_weights(result: StepResult, gradients: Finding, update: Checks) -> StepResult:
    """Returns the result of a step whose state is not asked, and whose weights hold."""
    return dataclasses.replace(
        result,
        verdict=gradients.verdict,
        basis=gradients.basis,
        sentence=gradients.sentence,
        first=gradients.first,
        update=max((one.used for one in update if one.kind == "weights"), default=0.0),
    )
