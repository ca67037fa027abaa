"""The update of a step: what an optimizer made, held against what the reference's would make."""

import dataclasses
from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.evidence.local.check import Check, Checks, check
from compare.evidence.rounding.arithmetic import number_range
from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.readings import READINGS
from compare.evidence.rounding.roundoff_transform import analysis_of, evaluated
from compare.evidence.rounding.tracing import Trace, trace
from compare.steps.optimizers.base import Update
from compare.steps.rules.step import Arrays, Slots, Step


class Made(NamedTuple):
    """What is known of an update that was made.

    Attributes:
      checks: of the state of the optimizer, and then of the weights.
      state: as it should be.
      is_seen: whether it has moved any weight farther than rounding may.
    """

    checks: Checks
    state: Slots
    is_seen: bool


class Updates:
    """Bounds of what updates make, in a dtype; each is traced once."""

    def __init__(self, dtype: np.dtype) -> None:
        self._dtype = dtype
        self._traces: dict[Hashable, Trace] = {}

    def held(self, update: Update, step: Step, offsets: Arrays = MappingProxyType({})) -> Made:
        """Holds what a run has after a step against the update, from what it had before.

        New weights are held against what follows from the state that the run itself has made.

        Args:
          update: of the reference.
          step: of the run.
          offsets: constants in what the run trains, by the names of weights: it rounds the sums.
        """
        weights, state = self._expected(update, step)
        checks = [
            self._check("state", f"{name}: {slot}" if name else slot, found, one)
            for slot, group in state.items()
            for name, one in _in_order(group, step.weights)
            if (found := step.new_state.get(slot, {}).get(name)) is not None
        ]
        of_weights = [
            self._check("weights", name, step.new_weights[name], self._wide(one, offsets.get(name)))
            for name, one in _in_order(weights, step.weights)
        ]
        as_made = {
            slot: {name: one.value.astype(self._dtype) for name, one in group.items()}
            for slot, group in state.items()
        }
        return Made((*checks, *of_weights), as_made, any(_is_seen(one, step) for one in of_weights))

    def of_sums(self, update: Update, step: Step, offsets: Arrays) -> str | None:
        """Says that it is sums with constants which the run updates, if that explains a step."""

        def summed(weights: Arrays) -> dict[str, np.ndarray]:
            return {
                name: (one + offsets[name]).astype(one.dtype) if name in offsets else one
                for name, one in weights.items()
            }

        both = summed(step.weights), summed(step.new_weights)
        other = dataclasses.replace(step, weights=both[0], new_weights=both[1])
        if not all(one.holds for one in self.held(update, other, offsets).checks):
            return None
        named = " and ".join(f"`{name}`" for name in offsets)
        return (
            f"in it {named} and a constant that is added are one array, so that its weight decay "
            "acts on both; let the constant be 0"
        )

    def _expected(
        self, update: Update, step: Step
    ) -> tuple[dict[str, Enclosure], dict[str, dict[str, Enclosure]]]:
        count = np.asarray(step.number, np.int32)
        states = _arrays(step.state), _arrays(step.new_state)
        args = (update.known, count, step.weights, step.gradients, *states)
        form = (update.key, jax.tree.structure(args))
        if form not in self._traces:
            self._traces[form] = trace(update.call, self._dtype, args, {})
        traced = self._traces[form]._replace(arrays=tuple(jax.tree.leaves(args)))
        analysis = analysis_of(traced, self._dtype, READINGS)
        made: Any = traced.unflatten(evaluated(traced, self._dtype, analysis), lambda one: one)
        return made

    def _wide(self, one: Enclosure, offset: np.ndarray | None) -> Enclosure:
        """Returns bounds that leave room for the rounding of a sum with a constant."""
        if offset is None:
            return one
        more = 2 * number_range(self._dtype).u * (np.abs(offset) + np.abs(one.value))
        return dataclasses.replace(one, error=one.error + more)

    def _check(self, kind: str, name: str, found: np.ndarray, expected: Enclosure) -> Check:
        return check(kind, name, (), found, expected, number_range(self._dtype).u)


def _is_seen(one: Check, step: Step) -> bool:
    """Whether a step has moved an entry farther than what its check allows."""
    before, after = (
        np.asarray(of[one.name], np.float64) for of in (step.weights, step.new_weights)
    )
    return bool(np.abs(after - before).max(initial=0) > one.worst + one.floor)


def _arrays(state: Slots) -> dict[str, Arrays]:
    """Leaves out how often each array was updated, which the number of the step says."""
    return {slot: dict(group) for slot, group in state.items() if slot != "count"}


def _in_order(group: Mapping[str, Enclosure], names: Iterable[str]) -> list[tuple[str, Enclosure]]:
    """Returns arrays in the order of the model, and last what is of no weights."""
    order = [*(name for name in names if name in group), *(n for n in group if n not in names)]
    return [(name, group[name]) for name in dict.fromkeys(order)]
