"""What one file is of another: the simplest relation that explains every number.

One relation for all arrays that differ is looked for first, and then one for each of them.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.prints import beyond
from compare.evidence.relations.arrangements import (
    ADDED_UP,
    ORDERS_OF_SAMPLES,
    TRANSPOSED,
    Arrangement,
    added_up,
    arrangements,
    joined,
    orders_of_numbers,
    transposed,
)
from compare.evidence.relations.changes import (
    NONE,
    ONE_WAY,
    Change,
    apart,
    change_of_signs,
    changes,
    factor_of,
    fits,
)
from compare.formats.matching import ArrayPair

_FEWEST_DIGITS = 3  # to which a relation is looked for, where none holds to more
_MOST_ALIKE = 2  # relations that are told where they fit alike


class Relation(NamedTuple):
    """How the second of two arrays, or files, is made of the first."""

    change: Change = NONE
    arrangement: str = ""  # one of those in `arrangements`; '' where numbers stay in place
    order: tuple[int, ...] = ()  # as in `Arrangement`
    backwards: bool = False  # whether it is the first that is made of the second

    @property
    def steps(self) -> int:
        """Counts what is done."""
        return (self.change != NONE) + bool(self.arrangement)


class Part(NamedTuple):
    """A relation, and where it holds."""

    relation: Relation
    names: tuple[str, ...]  # of arrays; none: of all that there are, those that agree included


class Explanation(NamedTuple):
    """Why numbers differ."""

    digits: int  # to which relations hold, where not as far as is printed
    parts: tuple[Part, ...]
    alike: bool = False  # whether each part explains all: there is no telling which is true
    unexplained: tuple[str, ...] = ()  # arrays that differ for other reasons


def explain(pairs: Sequence[ArrayPair], digits: int) -> Explanation | None:
    """Finds what explains all arrays that differ, or else what explains some of them.

    Args:
      pairs: all arrays of two files, in float64.
      digits: to so many a relation should hold, like the verdict; else to fewer.

    Returns:
      None where nothing is found.
    """
    with np.errstate(all="ignore"):  # what is not finite fits nothing but itself
        return _explain(pairs, digits)


def _explain(pairs: Sequence[ArrayPair], digits: int) -> Explanation | None:
    some = None
    for fewer in range(digits, min(digits, _FEWEST_DIGITS) - 1, -1):
        differing = [pair for pair in pairs if beyond(pair, fewer).any()]
        if not differing:
            break
        found = _explain_all(pairs, differing, fewer)
        found = found or _explain_each(differing, fewer, anywhere=fewer == digits)
        if found and not found.unexplained:
            return found
        some = some or found
    anywhere = _orders_of_numbers(pairs, digits)
    return Explanation(digits, (Part(anywhere[0], ()),)) if anywhere else some


def _explain_all(
    pairs: Sequence[ArrayPair], differing: Sequence[ArrayPair], digits: int
) -> Explanation | None:
    """Finds one relation that explains all arrays."""
    found = _simplest([*_relations(differing, digits), *_rearrangements(pairs, digits)])
    found = found or _changes_of_signs(differing, digits)
    if not found:
        return None
    if len(found) > _MOST_ALIKE:
        return Explanation(digits, ())
    names = tuple(pair.name for pair in differing)
    parts = [
        Part(
            one,
            () if _is_of_files(one) or all(_holds(one, pair, digits) for pair in pairs) else names,
        )
        for one in found
    ]
    return Explanation(digits, tuple(parts), alike=len(parts) > 1)


def _explain_each(
    differing: Sequence[ArrayPair], digits: int, *, anywhere: bool
) -> Explanation | None:
    """Finds relations that explain an array by itself, and those that share one of them.

    Args:
      differing: the arrays.
      digits: to so many relations must hold.
      anywhere: whether an array may hold the same numbers in any order.
    """
    groups: dict[Relation, list[str]] = {}
    left = []
    for pair in differing:
        own = _simplest(_relations([pair], digits)) or _changes_of_signs([pair], digits)
        if anywhere and not own:
            own = _orders_of_numbers([pair], digits)
        shared = [one for one in groups if _holds(one, pair, digits)]
        if len(own) == 1:
            groups.setdefault(shared[0] if shared else own[0], []).append(pair.name)
        else:
            left.append(pair)
    unexplained = []
    for pair in left:  # such as a single number
        shared = [one for one in groups if _holds(one, pair, digits)]
        if len(shared) == 1:
            groups[shared[0]].append(pair.name)
        else:
            unexplained.append(pair.name)
    if not groups:
        return None
    parts = (Part(relation, tuple(names)) for relation, names in groups.items())
    return Explanation(digits, tuple(parts), unexplained=tuple(unexplained))


def _relations(pairs: Sequence[ArrayPair], digits: int) -> Iterator[Relation]:
    """Yields relations of arrays that stay where they are."""
    pair = joined(pairs)
    yield from (Relation(change) for change in changes(pair, digits))
    for change in changes(_swapped(pair), digits):
        if change.kind in ONE_WAY:
            yield Relation(change, backwards=True)
    for moved in transposed(pairs):
        factor = factor_of(joined(moved), digits, moved=apart(pair, digits))
        if factor:
            yield Relation(factor, TRANSPOSED)
            return


def _rearrangements(pairs: Sequence[ArrayPair], digits: int) -> Iterator[Relation]:
    """Yields relations of files whose samples or arrays are in another order, or added up."""
    found: set[str] = set()
    for one in arrangements(pairs, digits):
        if one.kind in ORDERS_OF_SAMPLES and found & ORDERS_OF_SAMPLES:
            continue
        factor = _factor_of(one, digits)
        if factor:
            found.add(one.kind)
            yield Relation(factor, one.kind, one.order)
    pair = joined(pairs)
    for backwards in (False, True) if len(pair.a) > 1 else ():
        if _factor_of(added_up(_swapped(pair) if backwards else pair, digits), digits) == NONE:
            yield Relation(NONE, ADDED_UP, backwards=backwards)


def _changes_of_signs(pairs: Sequence[ArrayPair], digits: int) -> list[Relation]:
    change = change_of_signs(joined(pairs), digits)
    return [Relation(change)] if change else []


def _orders_of_numbers(pairs: Sequence[ArrayPair], digits: int) -> list[Relation]:
    """Returns the relation of arrays that hold the same numbers anywhere, if it is one."""
    found = (
        (_factor_of(one, digits), one.kind) for one in orders_of_numbers(joined(pairs), digits)
    )
    return [Relation(factor, kind) for factor, kind in found if factor][:1]


def _factor_of(one: Arrangement, digits: int) -> Change | None:
    return factor_of(one.pair, digits, moved=one.moved, doubt=one.doubt)


def _simplest(relations: Iterator[Relation] | Sequence[Relation]) -> list[Relation]:
    found = list(relations)
    fewest = min((one.steps for one in found), default=0)
    return [one for one in found if one.steps == fewest]


def _is_of_files(relation: Relation) -> bool:
    return relation.arrangement not in ("", TRANSPOSED)


def _holds(relation: Relation, pair: ArrayPair, digits: int) -> bool:
    """Whether a relation that was found in other arrays holds in one."""
    if _is_of_files(relation):
        return False
    one = _swapped(pair) if relation.backwards else pair
    moved = [one] if not relation.arrangement else [only for (only,) in transposed([one])] or [one]
    return any(fits(relation.change, each, digits) for each in moved)


def _swapped(pair: ArrayPair) -> ArrayPair:
    return ArrayPair(pair.name, pair.b, pair.a, pair.half_b, pair.half_a)
