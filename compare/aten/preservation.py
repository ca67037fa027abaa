"""A module as it was, whatever a call does to it."""

import collections
import contextlib
from collections.abc import Iterator
from typing import Any

from torch import nn

_CONTAINERS = (list, dict, set, collections.OrderedDict, collections.deque)


@contextlib.contextmanager
def preserved(module: nn.Module | None) -> Iterator[None]:
    """Puts the attributes of a module and of its parts back, and what their containers hold."""
    parts = list(module.modules()) if module is not None else []
    kept = [
        (part, [(key, value, _held(value)) for key, value in vars(part).items()]) for part in parts
    ]
    try:
        yield
    finally:
        for part, attributes in kept:
            part.__dict__.clear()
            for key, value, held in attributes:
                _put_back(value, held)
                part.__dict__[key] = value


def _held(value: Any) -> Any:
    return value.copy() if type(value) in _CONTAINERS else None


def _put_back(value: Any, held: Any) -> None:
    if held is not None:
        value.clear()
        (value.extend if isinstance(value, list | collections.deque) else value.update)(held)
