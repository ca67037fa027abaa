"""Arrays printed entry by entry: lines such as 'dL/dW1[0][2] = 0.5'."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray
from compare.formats.read.prints.digits import are_integers, half_units
from compare.formats.read.prints.patterns import (
    NUMBER,
    SIGN,
    last_name,
    numbers_in,
    value_of,
    without_layer,
)

_MOST_AXES = 8
_INDEX = r"[\[(]\s*\d{1,9}(?:\s*,\s*\d{1,9})*\s*[\])]"
_ENTRY = re.compile(  # 'dL/dW1[0][2] = 0.5', 'grad W2 (0, 0): tensor(0.5)'
    rf"(?P<title>[^\[\](){{}}=:]{{1,80}})(?P<index>(?:{_INDEX}\s*)+){SIGN}"
    rf"\s*(?:(?:tensor|array)\(\s*(?P<wrapped>{NUMBER})[^()]*\)|(?P<value>{NUMBER}))[\s,;]*",
    re.IGNORECASE,
)


class Entry(NamedTuple):
    """One number of an array."""

    name: str
    place: tuple[int, ...]  # its indices
    word: str  # the number as it was printed


def entry_of(line: str) -> Entry | None:
    """Returns the entry that a line holds, None for any other line."""
    found = _ENTRY.fullmatch(line)
    name = last_name(found["title"]) if found else None
    if found is None or name is None or numbers_in(without_layer(found["title"])):
        return None
    index = tuple(int(one) for one in re.findall(r"\d+", found["index"]))
    return Entry(name, index, found["value"] or found["wrapped"])


def arrays_of(path: str, entries: Iterable[Entry]) -> Iterator[NamedArray]:
    """Puts entries together; those of a name that come again are of the next sample.

    Raises:
      UsageError: for an array with gaps.
    """
    found: dict[str, dict[tuple[int, ...], str]] = {}
    for entry in entries:
        if entry.place in found.get(entry.name, ()):
            yield from _arrays(path, found)
            found = {}
        found.setdefault(entry.name, {})[entry.place] = entry.word
    yield from _arrays(path, found)


def _arrays(path: str, found: dict[str, dict[tuple[int, ...], str]]) -> Iterator[NamedArray]:
    for name, words in found.items():
        yield _array(path, name, list(words), list(words.values()))


def _array(
    path: str, name: str, places: Sequence[tuple[int, ...]], words: Sequence[str]
) -> NamedArray:
    axes = {len(place) for place in places}
    if len(axes) > 1 or max(axes) > _MOST_AXES:
        raise _gaps(path, name, len(words))
    at = np.array(places, int).reshape(len(places), -1)
    if at.size and at.min(axis=0).min() == at.min(axis=0).max() == 1:
        at -= 1  # counted from 1
    shape = tuple(int(size) for size in at.max(axis=0) + 1)
    if np.prod(shape, dtype=float) != len(words):
        raise _gaps(path, name, len(words))
    order = np.ravel_multi_index(tuple(at.T), shape).argsort() if shape else [0]
    sorted_words = [words[i] for i in order]
    values = np.array([value_of(word) for word in sorted_words])
    units = half_units(sorted_words).reshape(shape)
    return NamedArray(name, values.reshape(shape), units, integers=are_integers(words))


def _gaps(path: str, name: str, count: int) -> UsageError:
    return UsageError(
        f"{path}: expected every entry of {name} once, with as many indices each; the {count} that "
        "there are do not fill an array"
    )
