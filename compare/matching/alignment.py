"""Where two programs part: arrays that stand at places of a reference with other numbers.

If the results differ, there is a first place whose value is nowhere. The array that stands there is
one with which the reference goes on to values that are there: so it proves itself. Then the next
one is looked for, and then the cotangents likewise, against the order of the program.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from compare.matching.continuation import Continuation, State, by_places
from compare.matching.guess import Shapes, guesses
from compare.matching.intermediates import Intermediates, is_input
from compare.matching.layout import Layout
from compare.matching.twins import submodule, twins_of_places
from compare.problem.recording import Key, Recording

Arrays = Mapping[Key, np.ndarray]

_MOST_GUESSES = 16  # for a place
_PROOF = 3  # how much has to be found if an array is taken for a place, to be sure of it
_MOST_TRIALS = 96  # that lead to nothing, in all
_NEAR = 0.1  # how far apart arrays may be, relative to the one, that hold the same weights
_RESULTS = {"forward": "output", "backward": "gradient"}  # of either pass


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
      twins: submodule of the reference -> own ones that hold the same weights.

    Returns:
      The arrays at ('forward', place), and the cotangents at ('backward', place), as the reference
      has its axes, in the order in which they were found.
    """
    search = _Search(going_on, own, arrays, twins_of_places(twins, reference.places))
    for kind in _RESULTS:
        if search.differs(reference, _RESULTS[kind]):
            search.settle(kind)
    return search.given


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
        twins: Mapping[str, Collection[str]],
    ) -> None:
        self.given: dict[Key, np.ndarray] = {}
        self._going_on, self._arrays, self._twins = going_on, arrays, twins
        self._results = own.results
        self._trials = _MOST_TRIALS

    def differs(self, recording: Recording, kind: str) -> bool:
        """Whether results of a kind are others than those of the program."""
        state = State(recording)
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
        while self._trials > 0:
            lost = (key for key in there if not there[key] and key not in {*skipped, *self.given})
            key = next(lost, None)
            if key is None or key[0] != kind:
                return
            found = self._chosen(key, now, there)
            if found is None:
                skipped.add(key)
                continue
            self.given[key] = found
            then = self._after({})
            moved = self._moved(now, then, there)
            there |= {one: self._is_there(one, then) for one in moved}
            now = then

    def _after(self, more: Arrays) -> State:
        return State(self._going_on(by_places({**self.given, **more})))

    def _chosen(self, key: Key, now: State, there: Mapping[Key, bool]) -> np.ndarray | None:
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
                if self._is_there(one, then) and self._is_proof(one, then, array)
            ]
            is_proved = len(gained) >= min(_PROOF, len(moved)) > 0
            if (is_proved and len(gained) > most) or (is_sure and moved and best is None):
                best, most = array, len(gained)
            if gained and len(gained) == len(moved):
                break
            self._trials -= not gained
        return best

    def _candidates(
        self, key: Key, now: State, there: Mapping[Key, bool]
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
        found = [
            one for one in guesses(value, self._arrays, before, known) if one.name not in taken
        ]
        seen: list[np.ndarray] = []
        for one in sorted(found, key=lambda one: not self._is_twin(one.name, place)):
            array = one.layout.of(self._arrays.arrays[one.name])
            if not any(np.array_equal(array, other) for other in seen):
                seen.append(array)
                is_twin = self._is_twin(one.name, place)
                is_sure = one.name == place or (is_twin and one.distance < _NEAR)
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

    def _value(self, place: str, state: State) -> np.ndarray:
        key = "forward", place
        return self.given.get(key, state.arrays[key])

    def _is_there(self, key: Key, state: State) -> bool:
        """Whether the program has an array, or a result, of the reference."""
        kind, place = key
        array = state.arrays[key]
        if kind == "forward":
            return self._arrays.is_constant(array) or self._is_made(place, array)
        if kind == "backward":
            fits = self._arrays.fits(self._value(place, state), array, state.floor(key))
            twins = [one for one in fits if self._is_twin(one.name, place)]
            return any(one.cotangent_apart is not None for one in twins or fits)
        own = self._results.get(key)
        return own is None or self._arrays.are_same(array, own, state.floor(key))

    def _is_made(self, place: str, array: np.ndarray) -> bool:
        """Whether the program has an array; a weight is none that a submodule makes of it."""
        fits = self._arrays.fits(array)
        if fits and all(is_input(one.name) for one in fits):
            return not any(self._is_twin(name, place) for name in self._arrays.of_size(array.size))
        return bool(fits)

    def _is_twin(self, name: str, place: str) -> bool:
        """Whether an array is of a submodule that holds the same weights, or has the same name."""
        return name == place or submodule(name) in self._twins.get(place, ())

    def _is_proof(self, key: Key, state: State, array: np.ndarray) -> bool:
        """Whether to find this says something of the array that it was made of."""
        found = state.arrays[key]
        if key in self._results:
            return True
        return not self._arrays.is_constant(found) and not _are_permuted(found, array)

    def _moved(self, now: State, then: State, keys: Iterable[Key]) -> list[Key]:
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
