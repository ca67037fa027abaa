"""Orders in which gradients without names come near to the right ones: no others can certify.

To be near proves nothing. It tells which few of all orders are worth a certificate.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from compare.catalogue import LAYOUTS
from compare.formats.layouts import in_layout
from compare.formats.read.gradients.expected import ExpectedGradients
from compare.formats.read.numbers import NamedArray, join
from jaxmlp.base import Grads

_NEAR = 0.5  # of the largest entry: no rounding that certifies moves any by more
_MOST_STEPS = 5000
_MOST_ORDERS = 24


def orders_near(
    arrays: Sequence[NamedArray], expected: ExpectedGradients, right: Grads
) -> list[tuple[str, ...]]:
    """Finds orders of the parameters in which all numbers are near to the right ones.

    Args:
      arrays: one for each parameter, or others that hold the numbers of all.
      expected: the gradients.
      right: those of the first samples, [m, n_in, n_out] and [m, n_out].

    Returns:
      The orders, the nearest of each layout first.
    """
    each = sorted(array.values.size for array in arrays) == sorted(
        expected.n * size for size in expected.sizes.values()
    )
    pieces = arrays if each else [join(arrays)]
    if any(piece.values.size % expected.n for piece in pieces):
        return []
    m, n = len(right[0].b), expected.n
    values, units = (
        np.concatenate([one.reshape(n, -1)[:m] for one in columns], axis=1)
        for columns in ([p.values for p in pieces], [p.half_units for p in pieces])
    )
    sizes = [piece.values.size // n for piece in pieces] if each else None
    found = [
        order
        for layout in LAYOUTS
        for order in itertools.islice(
            _orders(values, units, sizes, _rows(expected, right, layout)), _MOST_ORDERS
        )
    ]
    return list(dict.fromkeys(found))


def _rows(expected: ExpectedGradients, right: Grads, layout: str) -> dict[str, np.ndarray]:
    """Returns the right numbers of every parameter as they lie in a layout, [m, size]."""
    layers = zip(right, expected.biases, strict=True)
    leaves = [leaf for (w, b), has in layers for leaf in (in_layout(w, layout), b)[: 1 + has]]
    return {
        name: leaf.reshape(len(leaf), -1) for name, leaf in zip(expected.names, leaves, strict=True)
    }


def _orders(
    values: np.ndarray,
    units: np.ndarray,
    sizes: Sequence[int] | None,
    right: dict[str, np.ndarray],
) -> Iterator[tuple[str, ...]]:
    """Yields orders in which numbers [m, all] are near to the right ones, the nearest first.

    Where an array ends after each parameter, sizes are those of the arrays.
    """
    stack: list[tuple[tuple[str, ...], int]] = [((), 0)]
    for _ in range(_MOST_STEPS):
        if not stack:
            return
        order, start = stack.pop()
        if len(order) == len(right):
            yield order
            continue
        near = []
        for name, wanted in right.items():
            size = wanted.shape[1]
            if name in order or (sizes is not None and sizes[len(order)] != size):
                continue
            here = slice(start, start + size)
            distance = _distance(values[:, here], units[:, here], wanted)
            if distance <= 1:
                near.append((distance, name, start + size))
        stack += [((*order, name), end) for _, name, end in sorted(near, reverse=True)]


def _distance(found: np.ndarray, unit: np.ndarray, wanted: np.ndarray) -> float:
    """Returns how far numbers are from what is wanted: they may be it from 1 down."""
    if found.shape != wanted.shape or not found.size:
        return np.inf
    off, largest = np.abs(found - wanted).max(), min(np.abs(found).max(), np.abs(wanted).max())
    allowed = _NEAR * largest + unit.max()
    return float(off / allowed) if off else 0.0
