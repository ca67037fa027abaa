"""Submodules of two programs that hold the same weights."""

import itertools
from collections.abc import Collection, Mapping

import numpy as np

from compare.pairing.names import module_of, modules_around
from compare.problem.cuts import cotangent_name, is_cotangent

Held = Mapping[str, Collection[str]]


def twins(sources: Held) -> dict[str, tuple[str, ...]]:
    """Returns submodules of a program by those of a reference that hold the same weights.

    They hold them themselves, or else with all that is inside of them. Weights that the program
    has not, such as a bias that is left out, do not count.

    Args:
      sources: name of a weight of the program -> those of the reference that it is made of.
    """
    by_name = {source: [source] for made_of in sources.values() for source in made_of}
    own, own_inside = _held(sources), _held_inside(sources)
    theirs, theirs_inside = _held(by_name), _held_inside(by_name)
    found = {}
    for place, inside in theirs_inside.items():
        wanted = theirs.get(place, inside)
        choices = itertools.product((wanted, inside), (own, own_inside))
        named = (_holding(held, by) for by, held in choices)
        found[place] = next(filter(None, named), ())
    return {place: names for place, names in found.items() if names}


def twins_of_places(
    found: Mapping[str, Collection[str]], places: Mapping[str, np.ndarray]
) -> dict[str, frozenset[str]]:
    """Returns the twins by places, of which a submodule may have several, such as 'lstm[0]'.

    What returns the output of a submodule inside of it as it is has the twins of that too.

    Args:
      found: submodule of a reference -> those of a program that hold the same weights.
      places: of the reference, values and cotangents.
    """
    values = [name for name in places if not is_cotangent(name)]
    return {
        place: frozenset(
            twin
            for inner in values
            if inner == place
            or (inner.startswith(f"{submodule(place)}.") and _are_one(inner, place, places))
            for twin in found.get(submodule(inner), ())
        )
        for place in values
    }


def submodule(place: str) -> str:
    """Returns the name of a submodule, whose place may be one of several."""
    return place.partition("@")[0].partition("[")[0]


def _are_one(inner: str, outer: str, places: Mapping[str, np.ndarray]) -> bool:
    """Whether two places have the same value, and the same cotangent if there is one."""
    pairs = (inner, outer), (cotangent_name(inner), cotangent_name(outer))
    return all(
        (a in places) == (b in places) and (a not in places or np.array_equal(places[a], places[b]))
        for a, b in pairs
    )


def _holding(own: Mapping[str, set[str]], wanted: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name, held in own.items() if held == wanted)


def _held(sources: Held) -> dict[str, set[str]]:
    """Returns the weights of submodules without what is inside of them."""
    found: dict[str, set[str]] = {}
    for name, made_of in sources.items():
        module = module_of(name)
        if module:
            found.setdefault(module, set()).update(made_of)
    return found


def _held_inside(sources: Held) -> dict[str, set[str]]:
    """Returns the weights of submodules with what is inside of them."""
    found: dict[str, set[str]] = {}
    for name, made_of in sources.items():
        for module in modules_around(name):
            found.setdefault(module, set()).update(made_of)
    return found
