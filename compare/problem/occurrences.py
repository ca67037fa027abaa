"""The names of places, numbered as a program comes by: a loop passes the same place often."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from compare.problem.cuts import cotangent_name, is_cotangent, place_name

Value = TypeVar("Value")


class Occurrences:
    """Numbers the places of a program in the order in which it is evaluated.

    Of a name that comes for the k-th time, from 0 on, it makes name@k. Cotangents come in the
    opposite order, and have the numbers of the values that they are of. What `jax.checkpoint`
    computes a second time is no place.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._is_again = False

    @contextlib.contextmanager
    def within(self, eqn: Any) -> Iterator[None]:
        """Evaluates a called function, which may be a forward pass that is computed once more."""
        before = self._is_again
        self._is_again = before or eqn.params.get("differentiated") is True
        try:
            yield
        finally:
            self._is_again = before

    def next(self, name: str) -> str | None:
        """Returns the name of a place that comes now, None if it has come before."""
        if is_cotangent(name):
            k = self._count(name)
            last = self._seen.get(place_name(name), k)
            return cotangent_name(_numbered(place_name(name), last - k))
        return None if self._is_again else _numbered(name, self._count(name))

    def before(self, name: str) -> str | None:
        """Returns which place comes once more; None if that cannot be told."""
        return name if self._seen.get(name) == 0 else None

    def _count(self, name: str) -> int:
        self._seen[name] = self._seen.get(name, -1) + 1
        return self._seen[name]


def numbered(lists: Iterable[tuple[str, Iterable[Value]]]) -> dict[str, Value]:
    """Numbers the values of places, each list in the order in which a program came by."""
    occurrences, found = Occurrences(), {}
    for name, values in sorted(lists, key=lambda one: is_cotangent(one[0])):
        for value in values:
            place = occurrences.next(name)
            assert place is not None
            found[place] = value
    return found


def _numbered(name: str, k: int) -> str:
    return f"{name}@{k}" if k else name
