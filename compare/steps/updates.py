"""The update of a step: what an optimizer made, held against what the reference's would make."""

from collections.abc import Hashable
from typing import Any

import jax
import numpy as np

from compare.evidence.local.check import Check, Checks, check
from compare.evidence.rounding.arithmetic import number_range
from compare.evidence.rounding.enclosure import Enclosure
from compare.evidence.rounding.readings import READINGS
from compare.evidence.rounding.roundoff_transform import analysis_of, evaluated
from compare.evidence.rounding.tracing import Trace, trace
from compare.steps.optimizers.base import Arrays, Snapshot, Update


class Updates:
    """Bounds of what updates make, in a dtype; each is traced once."""

    def __init__(self, dtype: np.dtype) -> None:
        self._dtype = dtype
        self._traces: dict[Hashable, Trace] = {}

    def held(self, update: Update, before: Snapshot, gradients: Arrays, after: Snapshot) -> Checks:
        """Holds what a run has after a step against the update, from what it had before.

        New weights are held against what follows from the state that the run itself has made.

        Args:
          update: of the reference.
          before: what the run had.
          gradients: of the run.
          after: what it has now.

        Returns:
          The checks of its state, and then of its weights.
        """
        weights, state = self._expected(update, before, gradients, after)
        found = [
            self._check("state", f"{name}: {slot}", after.state[slot][name], one)
            for slot, group in state.items()
            for name, one in group.items()
            if name in after.state.get(slot, {})
        ]
        found += [
            self._check("weights", name, after.weights[name], one) for name, one in weights.items()
        ]
        return tuple(found)

    def _expected(
        self, update: Update, before: Snapshot, gradients: Arrays, after: Snapshot
    ) -> tuple[dict[str, Enclosure], dict[str, dict[str, Enclosure]]]:
        count = np.asarray(before.count + 1, np.int32)
        args = (count, before.weights, gradients, before.state, after.state)
        form = (update.key, jax.tree.structure(args))
        if form not in self._traces:
            self._traces[form] = trace(update.call, self._dtype, args, {})
        traced = self._traces[form]._replace(arrays=tuple(jax.tree.leaves(args)))
        analysis = analysis_of(traced, self._dtype, READINGS)
        made: Any = traced.unflatten(evaluated(traced, self._dtype, analysis), lambda one: one)
        return made

    def _check(self, kind: str, name: str, found: np.ndarray, expected: Enclosure) -> Check:
        return check(kind, name, (), found, expected, number_range(self._dtype).u)
