"""How the numbers of one file may have been moved: transposed, in another order, added up."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.prints import beyond
from compare.evidence.relations.changes import apart
from compare.formats.matching import ArrayPair

REVERSED, SAMPLES, LATER, EARLIER = "reversed", "samples", "later", "earlier"
TRANSPOSED, ADDED_UP, ARRAYS, NUMBERS = "transposed", "added up", "arrays", "numbers"
ORDERS_OF_SAMPLES = frozenset((REVERSED, SAMPLES, LATER, EARLIER))
_MOST_ARRAYS = 64  # of which every two are compared
_BITS_OF_ORDER = 10.0  # at most, of each number among very many: they lie so close to one another


class Arrangement(NamedTuple):
    """The numbers of a, moved to where they are compared with those of b."""

    kind: str
    pair: ArrayPair  # of all arrays, [N, numbers of a sample]
    moved: np.ndarray  # how far b is from what a was at each place, as in `apart`, like the pair
    doubt: float = 0.0  # bits: log2 of how many ways there are to move them like this
    order: tuple[int, ...] = ()  # of ARRAYS: which one of the first each of the second is


def joined(pairs: Sequence[ArrayPair]) -> ArrayPair:
    """Puts arrays [N, ...] beside one another: [N, numbers of a sample]."""
    n = len(pairs[0].a)
    sides = zip(*(pair[1:] for pair in pairs), strict=True)
    return ArrayPair("", *(np.concatenate([v.reshape(n, -1) for v in side], 1) for side in sides))


def transposed(pairs: Sequence[ArrayPair]) -> Iterator[list[ArrayPair]]:
    """Yields arrays with the matrices of a transposed, in the shape of those of b.

    Which of two ways that is depends on the shapes that they had, if any is not square.
    """
    sides = {pair.a.shape[-2:] for pair in pairs if pair.a.ndim > 2 and min(pair.a.shape[-2:]) > 1}
    if not sides:
        return
    square = all(rows == columns for rows, columns in sides)
    for move in (_in_shape,) if square else (_in_shape, _by_columns):
        yield [_moved(pair, move) if pair.a.ndim > 2 else pair for pair in pairs]


def arrangements(pairs: Sequence[ArrayPair], digits: int) -> Iterator[Arrangement]:
    """Yields how samples and arrays of a may have been moved.

    Args:
      pairs: all arrays, [N, ...].
      digits: to so many, arrays must agree to be taken for the same.
    """
    pair = joined(pairs)
    moved = apart(pair, digits)
    if len(pair.a) > 1:
        yield from _of_samples(pair, moved)
    order = _order_of_arrays(pairs, digits)
    if order is not None:
        crossed = joined([_crossed(pairs[i], one) for i, one in zip(order, pairs, strict=True)])
        yield Arrangement(ARRAYS, crossed, moved, _log2_factorial(len(pairs)), order)


def orders_of_numbers(pair: ArrayPair, digits: int) -> Iterator[Arrangement]:
    """Yields the numbers of a in the order that those of b have by size, and in the opposite one.

    Args:
      pair: [N, numbers of a sample].
      digits: to how many significant digits numbers must agree to be the same.
    """
    row = ArrayPair("", *(values.reshape(-1) for values in pair[1:]))
    moved = apart(row, digits)
    for found in _ordered(NUMBERS, row, moved, row.a, row.b):
        yield found._replace(doubt=min(found.doubt, _BITS_OF_ORDER * row.a.size))


def _of_samples(pair: ArrayPair, moved: np.ndarray) -> Iterator[Arrangement]:
    yield Arrangement(REVERSED, _moved(pair, lambda values: values[::-1]), moved)
    # Samples are told apart by one number on which every entry has a bearing.
    weights = np.cos(np.arange(1, pair.a.shape[1] + 1))
    yield from _ordered(SAMPLES, pair, moved, pair.a @ weights, pair.b @ weights)
    if len(pair.a) > 2:
        ends = slice(1, None), slice(-1)
        for kind, mine, its in ((LATER, *ends[::-1]), (EARLIER, *ends)):
            cut = ArrayPair("", pair.a[mine], pair.b[its], pair.half_a[mine], pair.half_b[its])
            yield Arrangement(kind, cut, moved[its])


def added_up(pair: ArrayPair, digits: int) -> Arrangement:
    """Returns every sample of a with all before it added."""
    sums = _moved(pair, lambda values: np.cumsum(values, axis=0))
    return Arrangement(ADDED_UP, sums, apart(pair, digits))


def _ordered(
    kind: str, pair: ArrayPair, moved: np.ndarray, a: np.ndarray, b: np.ndarray
) -> Iterator[Arrangement]:
    """Yields rows of a in the order that those of b have by their keys, and in the opposite one."""
    by_a, by_b = (np.argsort(keys, kind="stable") for keys in (a, b))
    for places in (by_a, by_a[::-1]):
        order = np.empty(len(by_b), int)
        order[by_b] = places
        ordered = pair._replace(a=pair.a[order], half_a=pair.half_a[order])
        yield Arrangement(kind, ordered, moved, _log2_factorial(len(order)))


def _order_of_arrays(pairs: Sequence[ArrayPair], digits: int) -> tuple[int, ...] | None:
    """Returns which array of a each of b is; None if one of them is none, or all stay."""
    if len(pairs) > _MOST_ARRAYS:
        return None
    left, order = list(range(len(pairs))), []
    for place, pair in enumerate(pairs):
        stays = [place] if place in left else []
        found = next((i for i in (*stays, *left) if _same(pairs[i], pair, digits)), None)
        if found is None:
            return None
        left.remove(found)
        order.append(found)
    return tuple(order) if order != sorted(order) else None


def _same(one: ArrayPair, other: ArrayPair, digits: int) -> bool:
    """Whether an array of a is an array of b at another place."""
    if one.a.size != other.b.size:
        return False
    return not beyond(_crossed(one, other), digits).any()


def _crossed(one: ArrayPair, other: ArrayPair) -> ArrayPair:
    """Puts the array of a in one pair beside that of b in another."""
    shape = other.b.shape
    return other._replace(a=one.a.reshape(shape), half_a=one.half_a.reshape(shape))


def _moved(pair: ArrayPair, move: Callable[[np.ndarray], np.ndarray]) -> ArrayPair:
    return pair._replace(a=move(pair.a), half_a=move(pair.half_a))


def _in_shape(values: np.ndarray) -> np.ndarray:
    """Lays transposed matrices out in the shape of the matrices."""
    return np.swapaxes(values, -1, -2).reshape(values.shape)


def _by_columns(values: np.ndarray) -> np.ndarray:
    """Transposes matrices that were laid out in the shape of their transpose."""
    *lead, rows, columns = values.shape
    return np.swapaxes(values.reshape(*lead, columns, rows), -1, -2)


def _log2_factorial(n: int) -> float:
    return math.lgamma(n + 1) / math.log(2)
