"""JSON: arrays as lists of lists, named by the keys that lead to them."""

import collections
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.formats.parameter_names import parameter_of
from compare.formats.read.layer_names import kind_of, parts_of, printable
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.read.prints.digits import are_integers, half_units
from compare.formats.read.prints.patterns import NUMBER, value_of

_SUFFIXES = (".json", ".jsonl")
_MOST_AXES = 8
_LIKELY = re.compile(r"\s*\{\s*\"")  # dicts that Python prints mostly have keys within '
# Text in the place of numbers, as str(array) makes it.
_PRINT = re.compile(rf"\s*(?:{NUMBER}\s*$|\[|(?:\w+\.)?(?:array|tensor)\()", re.IGNORECASE)


class _Word(str):
    """A number as it is written."""


def read_json(path: str, text: str) -> Numbers | None:
    """Reads every array of one JSON document, or of several that follow one another.

    Text and truth values beside arrays are notes, and are passed over. The items of a list are
    named by their places, but not where each holds several weights, as those of samples do.

    Args:
      path: the file; its suffix says whether it has to be JSON.
      text: what is in it.

    Returns:
      The arrays; None for what does not look like JSON.

    Raises:
      UsageError: for no JSON, and for what stands in the place of a number and is none.
    """
    known = PurePath(path).suffix.lower() in _SUFFIXES
    if not known and not _LIKELY.match(text):
        return None
    try:
        documents = list(_documents(text))
    except (ValueError, RecursionError) as error:
        if not known:
            return None
        raise UsageError(f"{path}: no JSON: {_why(error)}") from None
    try:
        arrays = tuple(array for one in documents for array in _arrays(one, ()))
    except (ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"{path}: {_why(error)}") from None
    if not arrays:
        raise UsageError(f"{path}: expected numbers, found none")
    return Numbers(path, arrays, None)


def _documents(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_float=_Word, parse_int=_Word, parse_constant=_Word
    )
    place, size = 0, len(text.rstrip())
    while place < size or not place:
        while place < size and text[place].isspace():
            place += 1
        found, place = decoder.raw_decode(text, place)
        yield found


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = collections.Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"an object has the key {twice[:40]!r} more than once")
    return found


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} in line {error.lineno}, column {error.colno}"
    return "its lists go too deep" if isinstance(error, RecursionError) else str(error)


def _arrays(item: Any, keys: tuple[str, ...]) -> Iterator[NamedArray]:
    """Yields the arrays of an item that so many keys lead to."""
    if isinstance(item, dict):
        # The biases of layers of one size look like one array; the weights beside them may not.
        lengths = {len(one) for one in item.values() if isinstance(one, list) and not _shape(one)}
        for key, inner in item.items():
            rows = isinstance(inner, list) and inner and isinstance(inner[0], list)
            if rows and len(inner) in lengths and _names_all_layers(key):
                yield from _items(inner, (*keys, key))
            else:
                yield from _arrays(inner, (*keys, key))
    elif isinstance(item, _Word) or (isinstance(item, list) and _shape(item) is not None):
        yield _array(item, keys)
    elif isinstance(item, list):
        yield from _items(item, keys)
    elif isinstance(item, str) and _PRINT.match(item):
        raise ValueError(
            f"expected numbers, got text {item[:40]!r}{_at(keys)}; save lists of numbers, such as "
            "array.tolist()"
        )


def _items(items: Sequence[Any], keys: tuple[str, ...]) -> Iterator[NamedArray]:
    """Yields the arrays of a list that is no array itself."""
    if any(isinstance(one, _Word) for one in items):
        for one in items:
            if not isinstance(one, _Word | list):
                raise ValueError(f"expected numbers{_at(keys)}, got {json.dumps(one)[:40]}")
    by_sample = all(isinstance(one, dict) and _weights(one) != 1 for one in items)
    for place, one in enumerate(items):
        yield from _arrays(one, keys if by_sample else (*keys, str(place)))


def _weights(item: dict[str, Any]) -> int:
    """Counts the keys that name weights."""
    return sum(kind_of(parameter_of(key)) == "w" for key in item)


def _names_all_layers(key: str) -> bool:
    """Whether a key may be that of the weights of all layers, or of all biases."""
    parts = parts_of(parameter_of(key))
    return parts is not None and not parts["number"]


def _shape(item: Any) -> tuple[int, ...] | None:
    """Returns the shape of a number or of lists of numbers, None for anything else."""
    if isinstance(item, _Word):
        return ()
    if not isinstance(item, list) or not item:
        return None
    shapes = {_shape(one) for one in item}
    (inner,) = shapes if len(shapes) == 1 else (None,)
    return None if inner is None else (len(item), *inner)


def _array(item: Any, keys: tuple[str, ...]) -> NamedArray:
    """Returns a number, or lists of numbers, as an array."""
    shape = _shape(item)
    assert shape is not None
    if len(shape) > _MOST_AXES:
        raise ValueError(f"expected at most {_MOST_AXES} axes{_at(keys)}, got {len(shape)}")
    words = list(_words(item))
    values = np.array([value_of(word) for word in words]).reshape(shape)
    name = None if all(map(str.isdecimal, keys)) else "/".join(keys)
    units = half_units(words).reshape(shape)
    return NamedArray(name, values, units, bordered=True, integers=are_integers(words))


def _words(item: Any) -> Iterator[str]:
    if isinstance(item, _Word):
        yield item
    else:
        for one in item:
            yield from _words(one)


def _at(keys: tuple[str, ...]) -> str:
    return f" in {printable('/'.join(keys)[:80])}" if keys else ""
