"""Weights that are a part of one of the reference, times a number.

A program may have the scale of its attention in its queries, where the reference has queries, keys
and values in one weight. Keys and values are paired by then, and tell where the queries are.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from compare.pairing.arrangement import Arrangement, Entries
from compare.pairing.guesses import tell_relation
from compare.pairing.names import role_of
from compare.pairing.partly_unused import used_entries
from compare.pairing.relations import relation_of
from compare.pairing.search import Search

_KINDS = ("last digits", "factor")  # of rules that weights may be changed by


def pair_scaled_parts(search: Search) -> None:
    """Pairs what is left and is what others of its kind leave of a weight, times a number."""
    for own in search.left():
        for arrangement in _beside_kin(search, own):
            relation = relation_of(search.own[own], search.made(own, arrangement))
            if relation is not None and relation.kind in _KINDS:
                if search.is_made(own, arrangement):
                    search.take(own, arrangement)
                else:
                    tell_relation(search, own, arrangement, relation)
                break


def scale_zero_biases(search: Search) -> None:
    """Gives biases that are 0 the factor of the one weight beside them, which they have too."""
    for own, arrangement in list(search.arrangements.items()):
        beside = [name for name in search.beside(own) if role_of(name) == "weight"]
        if role_of(own) == "bias" and len(beside) == 1 and not np.any(search.own[own]):
            weight = search.arrangements.get(beside[0])
            if weight is not None and weight.factor != 1:
                search.arrangements[own] = dataclasses.replace(arrangement, factor=weight.factor)


def _beside_kin(search: Search, own: str) -> Iterator[Arrangement]:
    """Yields what a weight is if it is laid out as another, in entries that are used nowhere."""
    for other in search.of_its_kind(own):
        terms = search.arrangements[other].terms
        term, is_alone = terms[0], len(terms) == len(terms[0].sources) == 1
        is_like = search.own[own].shape == search.own[other].shape
        if is_alone and is_like and isinstance(term, Entries):
            (source,) = term.sources
            (unused,) = np.nonzero(~used_entries(search, source))
            start = unused[0] if unused.size else 0
            positions = term.positions - term.positions.min() + start
            if np.all(np.isin(positions, unused)):
                yield Arrangement((Entries((source,), positions),))
