"""Pairs weights that are one weight of the reference, with its axes in any order."""

import collections
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from compare.pairing.arrangement import Arrangement
from compare.pairing.assignment import Group
from compare.pairing.bits import Fingerprint, bits_of, fingerprint
from compare.pairing.layouts import layouts_of
from compare.pairing.lookup import Leaf, Table
from compare.pairing.names import role_of
from compare.pairing.roundings import ROUNDINGS, rounded_to
from compare.pairing.search import Search, rounded
from compare.pairing.terms import arrangement_at
from compare.pairing.usual import usual_layouts

_Key = tuple[np.dtype, str | None]  # of the dtype and the rounding that weights are compared in


def pair_whole(search: Search) -> None:
    """Pairs the weights that have the same entries and are not constant."""
    names = [name for name in search.own if not search.is_constant(name)]
    _pair(search, _groups(search, _exact(search, names), search.unused()))


def pair_rounded(search: Search) -> None:
    """Pairs what is left and was rounded to fewer digits than its dtype has."""
    left = [name for name in search.left() if not search.is_constant(name)]
    roundings = {name: rounded_to(search.own[name]) for name in left}
    keys = {name: (search.own[name].dtype, to) for name, to in roundings.items() if to}
    _pair(search, _groups(search, keys, search.unused()), roundings)


def pair_constant(search: Search) -> None:
    """Pairs what is left and is one number everywhere, which names and modules tell apart."""
    left = [name for name in search.left() if search.is_constant(name)]
    _pair(search, _groups(search, _exact(search, left), search.unused()))


def used_by_entries(search: Search) -> dict[str, str]:
    """Returns what is left and has the entries of weights that are used, with the best of these."""
    left = [name for name in search.left() if not search.is_constant(name)]
    found = {}
    for names, theirs in _groups(search, _exact(search, left), list(search.theirs)):
        for own in names:
            found[own] = max(theirs, key=lambda other: search.assignment.score(own, other))
    return found


def lay_out(search: Search, own: str, theirs: str) -> None:
    """Takes in that a weight has the entries of another."""
    arrangement = _laid_out(search, own, theirs, (search.own[own].dtype, None))
    search.arrangements[own] = arrangement
    search.assignment.add(own, theirs)


def may_be(search: Search, own: str, theirs: str) -> bool:
    """Whether names and modules do not forbid that one weight is another."""
    roles = {role_of(own), role_of(theirs)} - {None}
    return len(roles) < 2 and not search.assignment.links.exclude(own, theirs)


def _exact(search: Search, names: list[str]) -> dict[str, _Key]:
    return {name: (search.own[name].dtype, None) for name in names}


def _groups(search: Search, keys: Mapping[str, _Key], among: Sequence[str]) -> list[Group]:
    """Groups weights by their entries, each compared in a dtype and after a rounding."""
    groups: dict[tuple[_Key, Fingerprint], Group] = {}
    sizes = collections.defaultdict(set)
    for name, key in keys.items():
        groups.setdefault((key, fingerprint(search.own_bits(name))), ([], []))[0].append(name)
        sizes[key].add(search.own[name].size)
    for key, wanted in sizes.items():
        for name in among:
            if search.theirs[name].size in wanted:
                found = groups.get((key, fingerprint(_their_bits(search, name, key))))
                if found:
                    found[1].append(name)
    return [group for group in groups.values() if group[1]]


def _their_bits(search: Search, name: str, key: _Key) -> np.ndarray:
    dtype, to = key
    array = search.theirs[name]
    return bits_of(rounded(ROUNDINGS[to](array) if to else array, dtype))


def _pair(search: Search, groups: list[Group], to: dict[str, str | None] | None = None) -> None:
    before = set(search.assignment.pairs)

    def is_alone(group: Group) -> bool:
        return max(map(len, group)) == 1 and not search.is_constant(group[0][0])

    def fits(one: str, other: str) -> bool:
        return not search.is_constant(one) or may_be(search, one, other)

    for (one,), (other,) in filter(is_alone, groups):
        search.assignment.add(one, other)
    search.assignment.settle(itertools.filterfalse(is_alone, groups), fits)
    for own, theirs in search.assignment.pairs.items():
        if own not in before:
            key = search.own[own].dtype, (to or {}).get(own)
            search.arrangements[own] = _laid_out(search, own, theirs, key)


def _laid_out(search: Search, own: str, theirs: str, key: _Key) -> Arrangement:
    if search.is_constant(own):
        return usual_layouts(search, own, theirs)[0]
    mine, other = search.own_bits(own), _their_bits(search, theirs, key)
    axes = next(layouts_of(theirs, other, mine), None)
    if axes is not None:
        return Arrangement((axes,))
    leaf = Leaf((theirs,), other.ravel())
    shapes = {theirs: search.theirs[theirs].shape}
    return arrangement_at(Table([leaf]).find(mine).positions, [leaf], shapes)
