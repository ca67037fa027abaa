"""Gradients in another arrangement than a list of pairs: which one has the expected shapes.

Only shapes are looked at, and only where the gradients do not have just the expected ones. Some
arrangements are taken, where one alone fits; the others are named in an error.
"""

import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from compare.formats.read.gradients.shapes import Shape, fits
from compare.implementations.user.outlines import Leaf, Opening, openings_of, outline_of

# Just the expected shapes; those, with every bias a column or a row; or equal but for axes of 1.
_Style: TypeAlias = Literal["exact", "columns", "rows", "squeezed"]
_SURE: tuple[_Style, ...] = ("exact", "columns", "rows")
_Arrange: TypeAlias = Callable[[Any, int], Any]  # (g, L layers) -> list of (dw, db), or it raises

# How a list g of other things becomes one of (dw, db): where nothing else fits this is done,
_TAKEN: dict[str, _Arrange] = {
    "g": lambda g, n_layers: g,
    "list(zip(g[::2], g[1::2]))": lambda g, n_layers: list(zip(g[::2], g[1::2], strict=True)),
    "list(zip(*g))": lambda g, n_layers: list(zip(*g, strict=True)),
    "list(zip(*g[::-1]))": lambda g, n_layers: list(zip(*g[::-1], strict=True)),
    "list(zip(g[:{L}], g[{L}:]))": lambda g, n_layers: list(
        zip(g[:n_layers], g[n_layers:], strict=True)
    ),
}
# and this is said.
_NAMED: dict[str, _Arrange] = {
    "g[::-1]": lambda g, n_layers: g[::-1],
    "list(zip(g[::2], g[1::2]))[::-1]": lambda g, n_layers: list(zip(g[::2], g[1::2], strict=True))[
        ::-1
    ],
    "list(zip(g[1::2], g[::2]))": lambda g, n_layers: list(zip(g[1::2], g[::2], strict=True)),
    "[(dw, db) for db, dw in g]": lambda g, n_layers: [(dw, db) for db, dw in g],
    "[tuple(one.values()) for one in g]": lambda g, n_layers: [tuple(one.values()) for one in g],
}


def taken_arrangement(
    returned: Any, shapes: Sequence[tuple[Shape, Shape]], n: int | None
) -> list[tuple[Any, Any]] | None:
    """Returns (dw, db) of every layer where one arrangement alone has the expected shapes.

    Args:
      returned: a flat list, all dw and all db, or one of these beside a loss.
      shapes: of (dw, db) of every layer, in the layout that is expected.
      n: how many samples there are along the first axis; None for one sample without that axis.

    Returns:
      None where none fits, or where several do that are not the same.
    """
    if isinstance(returned, Iterator):
        return None  # to look at it would be its end
    openings = [one for one in openings_of(returned, outline_of(returned)) if one.taken]
    alone: tuple[_Style, ...] = ("squeezed",) if len(shapes) == 1 else ()  # (dw, db) of one layer
    for style in (*_SURE, *alone):
        fitting = list(_fitting(openings, _TAKEN, shapes, n, style))
        if fitting:
            pairs = [arrange(opening.value, len(shapes)) for opening, _, arrange in fitting]
            same = {tuple(id(leaf) for pair in one for leaf in pair) for one in pairs}
            return pairs[0] if len(same) == 1 else None
    return None


def arrangement_words(returned: Any, shapes: Sequence[tuple[Shape, Shape]], n: int | None) -> str:
    """Says in which arrangement something has the expected shapes, or returns "".

    Args:
      returned: what could not be read.
      shapes: of (dw, db) of every layer, in the layout that is expected.
      n: how many samples there are along the first axis; None for one sample without that axis.
    """
    came = outline_of(returned)
    entries = (n or 1) * sum(math.prod(shape) for pair in shapes for shape in pair)
    if isinstance(came, Leaf) and math.prod(came.shape) == entries:
        return "it has as many entries as all parameters together; cut it into them"
    if isinstance(returned, Sequence) and _has_shapes(came, shapes, n, "squeezed"):
        return ""  # something else is wrong with it
    openings = list(openings_of(returned, came))
    return (
        _first_that_fits(openings, shapes, n, "exact")
        or _first_that_fits(openings, shapes, n, "squeezed")
        or ("" if _are_pairs(came, len(shapes)) else _misfits(openings, shapes, n))
    )


def _are_pairs(came: Any, n_layers: int) -> bool:
    """Whether these are pairs, of whose shapes the reader of pairs says what is wrong."""
    is_list = isinstance(came, list) and len(came) == n_layers
    return is_list and all(isinstance(one, list) and len(one) == 2 for one in came)


def _misfits(
    openings: Sequence[Opening], shapes: Sequence[tuple[Shape, Shape]], n: int | None
) -> str:
    """Says which arrays have other shapes in the arrangement in which the fewest have."""
    names = [f"d{kind}{i}" for i in range(1, len(shapes) + 1) for kind in "wb"]
    wanted = [shape for pair in shapes for shape in pair]
    least: list[str] = []
    for opening, arrange in itertools.product(openings, _TAKEN.values()):
        if not opening.taken:
            continue
        with contextlib.suppress(TypeError, ValueError, AttributeError):  # of another kind
            pairs = arrange(opening.outline, len(shapes))
            found = [leaf.shape for pair in pairs for leaf in pair]
            wrong = [
                f"{name} has shape {list(came)} where {[*(() if n is None else (n,)), *shape]} is "
                "expected"
                for name, came, shape in zip(names, found, wanted, strict=True)
                if not fits(came, shape, n)
            ]
            if len(wrong) < len(names) and (not least or len(wrong) < len(least)):
                least = wrong
    return " and ".join(least)


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
    came = [tuple(map(Leaf, pair)) for pair in pairs]
    for style in _SURE:
        if _has_shapes(came, shapes, n, style):
            return ""
        words = _first_that_fits([Opening("what came", came, came)], shapes, n, style)
        if words:
            return words
    return ""


def _first_that_fits(
    openings: Sequence[Opening],
    shapes: Sequence[tuple[Shape, Shape]],
    n: int | None,
    style: _Style,
) -> str:
    found = list(_fitting(openings, _TAKEN | _NAMED, shapes, n, style))
    if not found:
        return ""
    opening, written, _ = found[0]
    what = f"with g for {opening.words}, {written.format(L=len(shapes))}"
    return f"{opening.words if written == 'g' else what} has the expected shapes"


def _fitting(
    openings: Sequence[Opening],
    arrangements: Mapping[str, _Arrange],
    shapes: Sequence[tuple[Shape, Shape]],
    n: int | None,
    style: _Style,
) -> Iterator[tuple[Opening, str, _Arrange]]:
    """Yields the openings and arrangements that have the expected shapes."""
    for opening in openings:
        for written, arrange in arrangements.items():
            with contextlib.suppress(TypeError, ValueError, AttributeError):  # of another kind
                if _has_shapes(arrange(opening.outline, len(shapes)), shapes, n, style):
                    yield opening, written, arrange


def _has_shapes(
    pairs: Any, shapes: Sequence[tuple[Shape, Shape]], n: int | None, style: _Style
) -> bool:
    """Whether this is the outline of pairs of arrays of these shapes."""
    if type(pairs) is not list or len(pairs) != len(shapes):
        return False
    return all(
        type(pair) in (list, tuple)
        and len(pair) == 2
        and all(isinstance(leaf, Leaf) for leaf in pair)
        and _fits_in(style, pair[0].shape, w, n, is_bias=False)
        and _fits_in(style, pair[1].shape, b, n, is_bias=True)
        for pair, (w, b) in zip(pairs, shapes, strict=True)
    )


def _fits_in(style: _Style, found: Shape, shape: Shape, n: int | None, *, is_bias: bool) -> bool:
    if style == "squeezed":
        return fits(found, shape, n)
    if is_bias and style == "columns":
        shape = (*shape, 1)
    if is_bias and style == "rows":
        shape = (1, *shape)
    leads = [() if n is None else (n,), *([()] if n == 1 else [])]
    return any(found == (*lead, *shape) for lead in leads)
