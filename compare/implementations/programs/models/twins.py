"""Submodules of two programs that hold the same weights."""

import re
from collections import defaultdict
from collections.abc import Iterable

from compare.pairing.pairing import Pairing

Sources = frozenset[str]  # names of weights of the reference


def twins(theirs: Iterable[str], own: Iterable[str], pairing: Pairing) -> dict[str, list[str]]:
    """Returns for places of a reference those of a model whose submodules hold the same weights.

    Args:
      theirs: the places of the reference.
      own: the places of the model.
      pairing: of its weights.
    """
    used = {name: one.sources for name, one in pairing.arrangements.items()}
    wanted = _held({name: (name,) for made in used.values() for name in made})
    held = _held(used)
    by_weights: dict[Sources, list[str]] = defaultdict(list)
    for place in own:
        if sources := held.get(_submodule(place)):
            by_weights[sources].append(place)
    found = {place: by_weights.get(wanted.get(_submodule(place), frozenset())) for place in theirs}
    return {place: places for place, places in found.items() if places}


def _held(used: dict[str, tuple[str, ...]]) -> dict[str, Sources]:
    """Returns all weights of the reference in a submodule, by its name.

    Args:
      used: weight -> those of the reference that it is made of.
    """
    held: dict[str, set[str]] = defaultdict(set)
    for name, sources in used.items():
        parts = name.split(".")
        for depth in range(1, len(parts)):
            held[".".join(parts[:depth])].update(sources)
    return {name: frozenset(sources) for name, sources in held.items()}


def _submodule(place: str) -> str:
    """Returns 'attention' of 'attention[0]', and of 'attention@1'."""
    return re.split(r"[\[@]", place)[0]
