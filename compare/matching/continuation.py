"""What a reference computes if it goes on from arrays of another program."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from compare.matching.intermediates import quiet
from compare.problem.cuts import cotangent_name
from compare.problem.recording import Key, Recording


class Continuation(Protocol):
    """What a reference computes from arrays that are given at its places."""

    @property
    def places(self) -> Sequence[str]:
        """The names of values and cotangents in the order of the program."""
        ...

    def __call__(self, given: Mapping[str, np.ndarray], /) -> Recording:
        """Returns what it has at all places, each from what is given before."""
        ...


def by_places(arrays: Mapping[Key, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns values and cotangents by the names of places."""
    return {
        cotangent_name(name) if kind == "backward" else name: array
        for (kind, name), array in arrays.items()
    }


class State:
    """What the reference computes from what was given.

    Attributes:
      arrays: values, cotangents and results by kind and name, in float64.
    """

    def __init__(self, recording: Recording) -> None:
        self.arrays = {key: np.asarray(one, np.float64) for key, one in recording.arrays.items()}
        self._floors = {
            kind: quiet(one for key, one in self.arrays.items() if key[0] == kind)
            for kind in ("backward", "gradient")
        }

    def floor(self, key: Key) -> float:
        """Returns what may be taken for 0."""
        return self._floors.get(key[0], 0.0)
