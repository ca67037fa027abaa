"""How much of what rounding explains the steps of a run use."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.local.entries import Entries, entries_of
from compare.evidence.rounding.arithmetic import number_range
from compare.steps.rules.expected import WEIGHTS, Expected, Key, expected
from compare.steps.rules.step import Step

Steps = Sequence[Step]


class Share(NamedTuple):
    """One array that a step has made.

    Attributes:
      number: of the step.
      key: 'weights' or a slot, and the name of the weights.
      used: the largest share of its bound that an entry uses; over 1 it is no rounding.
      entry: which one that is, counted in the order of memory.
    """

    number: int
    key: Key
    used: float
    entry: int


def shares(steps: Steps, dtype: np.dtype) -> Iterator[Share]:
    """Yields the share of every array that steps have made, as far as it was recorded.

    Args:
      steps: one after another.
      dtype: in which they were computed.
    """
    for number, key, entries in compared(steps, dtype):
        used = entries.used
        if used.size:
            index = int(np.argmax(used))
            yield Share(number, key, float(used.ravel()[index]), index)


def compared(steps: Steps, dtype: np.dtype) -> Iterator[tuple[int, Key, Entries]]:
    """Yields what every step has made beside what is expected of it."""
    u = number_range(dtype).u
    made: Expected = {}
    for step in steps:
        made = expected(step, dtype, made)
        for key, known in made.items():
            found = recorded(step, key)
            if found is not None:
                yield step.number, key, entries_of(found, known, u)


def recorded(step: Step, key: Key) -> np.ndarray | None:
    """Returns what a run had after a step."""
    kind, name = key
    arrays = step.new_weights if kind == WEIGHTS else step.new_state.get(kind, {})
    return arrays.get(name)


def hold(steps: Steps, dtype: np.dtype) -> bool:
    """Whether rounding explains all that steps have made."""
    return all(one.used <= 1 for one in shares(steps, dtype))
