"""Submodules of two programs that hold the same weights."""

from collections.abc import Collection, Mapping


def twins(sources: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Returns submodules of a program by those of a reference that hold the same weights.

    Args:
      sources: name of a weight of the program -> those of the reference that it is made of.
    """
    own: dict[str, set[str]] = {}
    theirs: dict[str, set[str]] = {}
    for name, made_of in sources.items():
        own.setdefault(_module(name), set()).update(made_of)
        for source in made_of:
            theirs.setdefault(_module(source), set()).add(source)
    found = {
        place: tuple(name for name, held in own.items() if held == wanted and name)
        for place, wanted in theirs.items()
    }
    return {place: names for place, names in found.items() if names}


def _module(name: str) -> str:
    return name.rpartition(".")[0]
