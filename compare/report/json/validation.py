"""Whether a parsed JSON document follows a schema, in the words of JSON Schema that ours uses."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "integer": lambda value: isinstance(value, int) and _is_number(value),
    "number": lambda value: _is_number(value),
}
_SILENT = {"$schema", "$defs", "title", "description"}


def first_fault(value: Any, schema: Mapping[str, Any]) -> str | None:
    """Returns what is wrong first, and where, as 'pairs[0].a: expected string'; None if nothing is.

    Raises:
      ValueError: if the schema has a word that is not known here.
    """
    return next(_faults(value, schema, schema, ""), None)


def _faults(
    value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: str
) -> Iterator[str]:
    for word, wanted in schema.items():
        if word in _SILENT:
            continue
        if word not in _CHECKS:
            raise ValueError(f"the schema has {word!r}, which is not known here")
        yield from _CHECKS[word](value, wanted, schema, root, path)


def _is_number(value: Any) -> bool:
    """Whether this is a number that a float64 holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _expected(path: str, what: str) -> str:
    return f"{path.removeprefix('.') or 'the document'}: expected {what}"


def _type(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    kinds = [wanted] if isinstance(wanted, str) else wanted
    if not any(_TYPES[kind](value) for kind in kinds):
        yield _expected(path, " or ".join(kinds))


def _const(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if value != wanted:
        yield _expected(path, repr(wanted))


def _enum(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if value not in wanted:
        yield _expected(path, f"one of {', '.join(map(str, wanted))}")


def _minimum(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if _is_number(value) and value < wanted:
        yield _expected(path, f"at least {wanted}")


def _maximum(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if _is_number(value) and value > wanted:
        yield _expected(path, f"at most {wanted}")


def _min_items(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) < wanted:
        yield _expected(path, f"at least {wanted} items")


def _max_items(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if isinstance(value, list) and len(value) > wanted:
        yield _expected(path, f"at most {wanted} items")


def _required(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (
            _expected(f"{path}.{name}", "something") for name in wanted if name not in value
        )


def _properties(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in wanted.items():
            if name in value:
                yield from _faults(value[name], one, root, f"{path}.{name}")


def _additional(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for name in value:
        if name not in schema.get("properties", {}):
            if wanted is False:
                yield _expected(f"{path}.{name}", "no such field")
            else:
                yield from _faults(value[name], wanted, root, f"{path}.{name}")


def _items(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for i, one in enumerate(value):
            yield from _faults(one, wanted, root, f"{path}[{i}]")


def _ref(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    yield from _faults(value, root["$defs"][wanted.removeprefix("#/$defs/")], root, path)


def _all_of(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    for one in wanted:
        yield from _faults(value, one, root, path)


def _one_of(value: Any, wanted: Any, schema: Any, root: Any, path: str) -> Iterator[str]:
    if not any(next(_faults(value, one, root, path), None) is None for one in wanted):
        yield _expected(path, "another value")


_CHECKS: Mapping[str, Callable[[Any, Any, Any, Any, str], Iterator[str]]] = {
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minimum": _minimum,
    "maximum": _maximum,
    "minItems": _min_items,
    "maxItems": _max_items,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "$ref": _ref,
    "allOf": _all_of,
    "oneOf": _one_of,
}
