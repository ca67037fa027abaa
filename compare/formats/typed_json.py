"""Plain data as JSON and back, by the type that is expected.

Dataclasses and named tuples become objects, tuples become lists. The reader names the type it
expects, and no object of any other type is ever made. Finite floats are written with all their
digits, others as strings.
"""

import dataclasses
import functools
import math
import typing
from types import NoneType, UnionType
from typing import Any, TypeVar

T = TypeVar("T")

_NOT_FINITE = ("inf", "-inf", "nan")


def encode(value: Any) -> Any:
    """Turns plain data into JSON's types.

    Raises:
      TypeError: for anything else.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(float(value))
    if isinstance(value, dict):
        return {name: encode(one) for name, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: encode(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        items = [encode(one) for one in value]
        return items if names is None else dict(zip(names, items, strict=True))
    raise TypeError(f"expected plain data, got {type(value).__name__}")


def decode(kind: type[T], content: Any) -> T:
    """Turns JSON's types back into the data that `encode` was given.

    Args:
      kind: the type of the data: a dataclass or a named tuple of such types, tuple[X, ...],
        tuple[X, Y], dict[str, X], X | None, float, int, str or bool. A float may have been an int
        or a bool.
      content: in JSON's types.

    Raises:
      TypeError, ValueError: if the content is not that of such a value.
    """
    value: T = _decode(kind, content)
    return value


def _decode(kind: Any, content: Any) -> Any:
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        (other,) = (one for one in of if one is not NoneType)
        return None if content is None else _decode(other, content)
    if origin is tuple:
        kinds = of[:1] * len(_checked(list, content)) if of[-1] is Ellipsis else of
        return tuple(_decode(one, item) for one, item in zip(kinds, content, strict=True))
    if origin is dict:
        return {name: _decode(of[1], one) for name, one in _checked(dict, content).items()}
    if kind is float:
        return float(content) if content in _NOT_FINITE else _checked((float, int), content)
    if kind in (bool, int, str):
        return _checked(kind, content)
    return _object(kind, _checked(dict, content))


def _object(kind: Any, content: dict[str, Any]) -> Any:
    kinds = _fields(kind)
    if kinds.keys() != content.keys():
        raise ValueError(f"expected {', '.join(kinds)} of {kind.__name__}, got {list(content)}")
    return kind(**{name: _decode(kinds[name], one) for name, one in content.items()})


@functools.cache
def _fields(kind: type) -> dict[str, Any]:
    if not dataclasses.is_dataclass(kind) and not hasattr(kind, "_fields"):
        raise TypeError(f"expected a type of plain data, got {kind.__name__}")
    return typing.get_type_hints(kind)


def _checked(kinds: type | tuple[type, ...], content: Any) -> Any:
    if not isinstance(content, kinds) or (kinds is int and isinstance(content, bool)):
        raise TypeError(f"expected {kinds}, got {type(content).__name__}")
    return content
