"""Gradients in another arrangement than a list of pairs: which one has the expected shapes.

Only shapes are looked at, and only where the gradients do not have just the expected ones.
"""

import collections
import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from compare.formats.read.gradients.shapes import Shape, fits

_MOST_ITEMS = 1000  # that are taken of an iterator
_DEPTH = 3  # of lists in lists


class _Leaf(NamedTuple):
    shape: Shape


# How a list g of other things becomes one of (dw, db), L layers; whatever does not fit may raise.
_ARRANGEMENTS: dict[str, Callable[[Any, int], Any]] = {
    "g": lambda g, n_layers: g,
    "list(zip(g[::2], g[1::2]))": lambda g, n_layers: list(zip(g[::2], g[1::2], strict=True)),
    "list(zip(*g))": lambda g, n_layers: list(zip(*g, strict=True)),
    "list(zip(g[:{L}], g[{L}:]))": lambda g, n_layers: list(
        zip(g[:n_layers], g[n_layers:], strict=True)
    ),
    "g[::-1]": lambda g, n_layers: g[::-1],
    "[(dw, db) for db, dw in g]": lambda g, n_layers: [(dw, db) for db, dw in g],
    "[tuple(one.values()) for one in g]": lambda g, n_layers: [tuple(one.values()) for one in g],
}


def arrangement_words(returned: Any, shapes: Sequence[tuple[Shape, Shape]], n: int | None) -> str:
    """Says in which arrangement something has the expected shapes, or returns "".

    Args:
      returned: what could not be read.
      shapes: of (dw, db) of every layer, in the layout that is expected.
      n: how many samples there are along the first axis; None for one sample without that axis.
    """
    try:
        came = _outline(returned, _DEPTH)
    except (Exception, SystemExit):  # whatever an object of a user's own raises
        return ""
    entries = (n or 1) * sum(math.prod(shape) for pair in shapes for shape in pair)
    if isinstance(came, _Leaf) and math.prod(came.shape) == entries:
        return "it has as many entries as all parameters together; cut it into them"
    if isinstance(returned, Sequence) and _has_shapes(came, shapes, n, exact=False):
        return ""  # something else is wrong with it
    openings = list(_openings(returned, came))
    return _first_that_fits(openings, shapes, n, exact=True) or _first_that_fits(
        openings, shapes, n, exact=False
    )


@functools.lru_cache
def likelier_arrangement(
    pairs: tuple[tuple[Shape, Shape], ...], shapes: tuple[tuple[Shape, Shape], ...], n: int | None
) -> str:
    """Says in which arrangement pairs have just the expected shapes, or returns "".

    Of 2-3-1, dw2 is [3, 1] and db1 is [3], which are the same but for an axis of 1. So [dw1, dw2]
    and [db1, db2] could be taken for [dw1, db1] and [dw2, db2].

    Args:
      pairs: the shapes that came, which are the expected ones, or are but for axes of 1.
      shapes: the expected ones.
      n: as in `arrangement_words`.
    """
    came = [tuple(map(_Leaf, pair)) for pair in pairs]
    if _has_shapes(came, shapes, n, exact=True):
        return ""
    return _first_that_fits([("what came", came)], shapes, n, exact=True)


def _first_that_fits(
    openings: Sequence[tuple[str, Any]],
    shapes: Sequence[tuple[Shape, Shape]],
    n: int | None,
    *,
    exact: bool,
) -> str:
    for which, g in openings:
        for written, arrange in _ARRANGEMENTS.items():
            with contextlib.suppress(TypeError, ValueError, AttributeError):  # of another kind
                if _has_shapes(arrange(g, len(shapes)), shapes, n, exact=exact):
                    what = f"with g for {which}, {written.format(L=len(shapes))}"
                    return f"{which if written == 'g' else what} has the expected shapes"
    return ""


def _outline(value: Any, depth: int) -> Any:
    """Returns lists and dicts with the shapes of arrays in their places."""
    shape = getattr(value, "shape", None)
    if shape is not None:
        return _Leaf(tuple(map(int, shape)))
    if not depth:
        return None
    if isinstance(value, Mapping):
        return {name: _outline(one, depth - 1) for name, one in value.items()}
    if isinstance(value, list | tuple | collections.deque | Iterator):
        return [_outline(one, depth - 1) for one in itertools.islice(value, _MOST_ITEMS)]
    return None


def _openings(returned: Any, came: Any) -> Iterator[tuple[str, Any]]:
    """Yields what may hold the gradients, in words and in outline."""
    if isinstance(came, dict):
        yield "a list of its values", list(came.values())
        yield from ((f"its {name!r}", one) for name, one in came.items())
    elif isinstance(came, list):
        yield ("a list of it" if isinstance(returned, Iterator) else "what came"), came
        if len(came) == 2:
            yield from zip(("its first item", "its second item"), came, strict=True)


def _has_shapes(
    pairs: Any, shapes: Sequence[tuple[Shape, Shape]], n: int | None, *, exact: bool
) -> bool:
    """Whether this is the outline of pairs of arrays of these shapes."""
    if type(pairs) is not list or len(pairs) != len(shapes):
        return False
    leads = [() if n is None else (n,), *([()] if n == 1 else [])]
    return all(
        type(pair) in (list, tuple)
        and len(pair) == 2
        and all(
            isinstance(leaf, _Leaf)
            and fits(leaf.shape, shape, n)
            and (not exact or any(leaf.shape == (*lead, *shape) for lead in leads))
            for leaf, shape in zip(pair, expected, strict=True)
        )
        for pair, expected in zip(pairs, shapes, strict=True)
    )
