"""Trees of containers as Python source."""

import math
from collections.abc import Callable, Mapping
from typing import Any

_PLAIN = (bool, int, float, str, bytes, type(None))


def source_of(tree: Any, leaf: Callable[[Any], str | None]) -> str | None:
    """Returns source that makes a tree; None if one of its parts has none.

    Args:
      tree: tuples, lists and dicts of plain values and leaves; no other class has source.
      leaf: returns the source of an object that is none of these, None if there is none.
    """
    if type(tree) is float and not math.isfinite(tree):
        return f"float({str(tree)!r})"
    if type(tree) in _PLAIN:
        return repr(tree)
    if type(tree) in (tuple, list):
        parts = [source_of(one, leaf) for one in tree]
        known = [one for one in parts if one is not None]
        begin, end = "()" if type(tree) is tuple else "[]"
        comma = "," if type(tree) is tuple and len(parts) == 1 else ""
        return f"{begin}{', '.join(known)}{comma}{end}" if len(known) == len(parts) else None
    if type(tree) is dict:
        return _dict(tree, leaf)
    return leaf(tree)


def _dict(tree: Mapping[Any, Any], leaf: Callable[[Any], str | None]) -> str | None:
    parts = []
    for key, value in tree.items():
        written = source_of(value, leaf)
        if type(key) not in _PLAIN or written is None:
            return None
        parts.append(f"{key!r}: {written}")
    return f"{{{', '.join(parts)}}}"
