"""Where two programs part: arrays that stand at places of a reference with other numbers.

If the results differ, there is a first place whose value is nowhere. The array that stands there is
one with which the reference goes on to values that are there: so it proves itself. Then the next
one is looked for, and then the cotangents likewise, against the order of the program.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from compare.matching.guess import Shapes, guesses
from compare.matching.intermediates import Intermediates, quiet
from compare.matching.layout import Layout
from compare.problem.cuts import cotangent_name
from compare.problem.recording import Key, Recording

Arrays = Mapping[Key, np.ndarray]

_MOST_GUESSES = 16  # for a place
_PROOF = 3  # how much has to be found if an array is taken for a place, to be sure of it
_MOST_TRIALS = 96  # that lead to nothing, in all
_NEAR = 0.1  # how far apart arrays may be, relative to the one, that hold the same weights
_RESULTS = {"forward": "output", "backward": "gradient"}  # of either pass


class Continuation(Protocol):
    """What a reference computes from arrays that are given at its places."""

    @property
    def places(self) -> Sequence[str]:
        """The names of values and cotangents in the order of the program."""
        ...

    def __call__(self, given: Mapping[str, np.ndarray], /) -> Recording:
        """Returns what it has at all places, each from what is given before."""
        ...


def stand_ins(
    going_on: Continuation,
    reference: Recording,
    own: Recording,
    arrays: Intermediates,
    twins: Mapping[str, Sequence[str]],
) -> dict[Key, np.ndarray]:
    """Returns what a program has at the places where it parts from a reference.

    Args:
      going_on: what the reference computes from arrays at some places.
      reference: computed in float64.
      own: of the program, with its results by the names of the reference.
      arrays: the places of the program.
      twins: place -> own places that hold the same weights.

    Returns:
      The arrays at ('forward', place), and the cotangents at ('backward', place), as the reference
      has its axes, in the order in which they were found.
    """
    search = _Search(going_on, own, arrays, twins)
    for kind in _RESULTS:
        if search.differs(reference, _RESULTS[kind]):
            search.settle(kind)
    return search.given


def by_places(arrays: Arrays) -> dict[str, np.ndarray]:
    """Returns values and cotangents by the names of places."""
    return {
        cotangent_name(name) if kind == "backward" else name: array
        for (kind, name), array in arrays.items()
    }


class _State:
    """What the reference computes from what was given."""

    def __init__(self, recording: Recording) -> None:
        self.arrays = {key: np.asarray(one, np.float64) for key, one in recording.arrays.items()}
        self._floors = {
            kind: quiet(one for key, one in self.arrays.items() if key[0] == kind)
            for kind in ("backward", "gradient")
        }

    def floor(self, key: Key) -> float:
        """Returns what may be taken for 0."""
        return self._floors.get(key[0], 0.0)


class _Search:
    """What is known so far.

    Attributes:
      given: the arrays from which the reference goes on.
    """

    def __init__(
        self,
        going_on: Continuation,
        own: Recording,
        arrays: Intermediates,
        twins: Mapping[str, Sequence[str]],
    ) -> None:
        self.given: dict[Key, np.ndarray] = {}
        self._going_on, self._arrays, self._twins = going_on, arrays, twins
        self._results = own.results
        self._trials = _MOST_TRIALS

    def differs(self, recording: Recording, kind: str) -> bool:
        """Whether results of a kind are others than those of the program."""
        state = _State(recording)
        return not all(self._is_there(key, state) for key in state.arrays if key[0] == kind)

    def settle(self, kind: str) -> None:
        """Finds what stands at places until the results of a pass are those of the program."""
        now = self._after({})
        there = {
            key: self._is_there(key, now)
            for wanted in (kind, _RESULTS[kind])
            for key in now.arrays
            if key[0] == wanted
        }
        skipped: set[Key] = set()
        weak: list[Key] = []  # what little has come of
        while self._trials > 0:
            lost = (key for key in there if not there[key] and key not in {*skipped, *self.given})
            key = next(lost, None)
            if key is None or key[0] != kind:
                break
            found = self._chosen(key, now, there)
            if found is None:
                skipped.add(key)
                continue
            self.given[key] = found
            then = self._after({})
            moved = self._moved(now, then, there)
            there |= {one: self._is_there(one, then) for one in moved}
            if sum(there[one] for one in moved) < _PROOF:
                weak.append(key)
            now = then
        if weak and not all(one for key, one in there.items() if key[0] != kind):
            doubtful = list(self.given).index(weak[0])
            self.given = dict(list(self.given.items())[:doubtful])

    def _after(self, more: Arrays) -> _State:
        return _State(self._going_on(by_places({**self.given, **more})))

    def _chosen(self, key: Key, now: _State, there: Mapping[Key, bool]) -> np.ndarray | None:
        """Returns the array with which the reference goes on to most of what is there."""
        best, most = None, 0
        for array, is_sure in self._candidates(key, now, there):
            then = self._after({key: array})
            moved = [one for one in self._moved(now, then, there) if one != key]
            if any(there[one] for one in moved):
                return None  # what depends on it is right: it is nowhere, but no other one
            gained = [
                one
                for one in moved
                if self._is_there(one, then)
                and (one in self._results or not _are_permuted(then.arrays[one], array))
            ]
            if len(gained) > most or (is_sure and moved and best is None):
                best, most = array, len(gained)
            if gained and len(gained) == len(moved):
                break
            self._trials -= not gained
        return best

    def _candidates(
        self, key: Key, now: _State, there: Mapping[Key, bool]
    ) -> Iterator[tuple[np.ndarray, bool]]:
        """Yields arrays that may stand there, and whether they do if nothing says otherwise."""
        kind, place = key
        value = self._value(place, now)
        if kind == "backward":
            slopes = self._cotangents(value)
            yield from ((one, len(slopes) == 1) for one in slopes)
            return
        taken: set[str] = set()
        before: set[str] = set()
        known: dict[Shapes, set[Layout]] = {}
        for other in there:
            if other == key:
                before = set(taken)
            if other[0] == kind and (there[other] or other in self.given):
                expected = self._value(other[1], now)
                for fit in self._arrays.fits(expected):
                    taken.add(fit.name)
                    shapes = self._arrays.arrays[fit.name].shape, expected.shape
                    known.setdefault(shapes, set()).add(fit.layout)
        first = {place, *self._twins.get(place, ())}
        found = guesses(value, self._arrays, before, known, first)
        seen: list[np.ndarray] = []
        for one in (one for one in found if one.name not in taken):
            array = one.layout.of(self._arrays.arrays[one.name])
            if not any(np.array_equal(array, other) for other in seen):
                seen.append(array)
                is_sure = one.name == place or (one.name in first and one.distance < _NEAR)
                yield array, is_sure
            if len(seen) == _MOST_GUESSES:
                return

    def _cotangents(self, value: np.ndarray) -> list[np.ndarray]:
        """Returns the different cotangents of arrays that have a value."""
        seen: list[np.ndarray] = []
        for fit in self._arrays.fits(value):
            slope = self._arrays.cotangent(fit.name, fit.layout)
            if slope is not None and not any(np.array_equal(slope, one) for one in seen):
                seen.append(slope)
        return seen

    def _value(self, place: str, state: _State) -> np.ndarray:
        key = "forward", place
        return self.given.get(key, state.arrays[key])

    def _is_there(self, key: Key, state: _State) -> bool:
        """Whether the program has an array, or a result, of the reference."""
        kind, place = key
        array = state.arrays[key]
        if kind == "forward":
            return self._arrays.is_constant(array) or bool(self._arrays.fits(array))
        if kind == "backward":
            fits = self._arrays.fits(self._value(place, state), array, state.floor(key))
            return any(one.cotangent_apart is not None for one in fits)
        own = self._results.get(key)
        return own is None or self._arrays.are_same(array, own, state.floor(key))

    def _moved(self, now: _State, then: _State, keys: Iterable[Key]) -> list[Key]:
        """Returns what is another one than it was."""
        return [
            key
            for key in keys
            if key not in self.given
            and not self._arrays.are_same(now.arrays[key], then.arrays[key], now.floor(key))
        ]


def _are_permuted(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether arrays have the same entries, in any order."""
    return a.size == b.size and np.allclose(np.sort(a, axis=None), np.sort(b, axis=None))
