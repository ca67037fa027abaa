"""Modules of a candidate whose weights come from different modules of the reference."""

from collections import Counter

from compare.pairing.names import in_order, module_of, role_of
from compare.pairing.search import Search
from compare.pairing.usual import take_usual
from compare.pairing.weight_finding import WeightFinding


def tell_conflicts(search: Search) -> None:
    """Finds weights that were loaded from another of their module, or from another module."""
    for own, theirs in list(search.assignment.pairs.items()):
        expected = _partner(search, theirs, own)
        is_other = None not in (role_of(own), role_of(theirs)) and role_of(own) != role_of(theirs)
        if is_other and expected is not None and not search.is_constant(own):
            worst = take_usual(search, own, expected)
            sentence = (
                f"`{theirs}` of the reference was loaded into `{own}`, where its "
                f"`{expected}` belongs"
            )
            search.findings.append(
                WeightFinding(own, (theirs, expected), "loaded from another", sentence, worst)
            )
    _tell_modules(search)


def _tell_modules(search: Search) -> None:
    """Finds weights that stand beside those of another module, and says which order tells."""
    pairs = search.assignment.pairs
    counts = Counter(pairs.values())
    for own in list(pairs):
        beside = [name for name in search.beside(own) if role_of(name) == "weight"]
        if role_of(own) in (None, "weight") or search.is_constant(own) or len(beside) != 1:
            continue
        weight = beside[0]
        other = pairs.get(weight)
        if other is None or search.is_constant(weight):
            continue
        if counts[other] > 1:
            continue  # a shared weight is beside several biases
        expected = _partner(search, other, own)
        if expected is not None and expected != pairs[own]:
            _tell(search, weight, own, expected)


def _partner(search: Search, theirs: str, own: str) -> str | None:
    """Returns the weight beside another one that has the role and the size of one of our own."""
    found = [
        name
        for name, array in search.theirs.items()
        if module_of(name) == module_of(theirs)
        and role_of(name) == role_of(own)
        and array.size == search.own[own].size
    ]
    return found[0] if len(found) == 1 else None


def _tell(search: Search, weight: str, own: str, expected: str) -> None:
    pairs = search.assignment.pairs
    theirs, other = pairs[own], pairs[weight]
    sentence = (
        f"`{weight}` is `{other}`, and `{own}` beside it is `{theirs}`: one of them was loaded "
        "from another module"
    )
    belongs = _weight_beside(search, theirs, other)
    if belongs is None:
        return  # what is used beside another weight may be none of a module
    wrong, right = own, expected
    if _is_in_place(search, weight, belongs):
        wrong, right = weight, belongs
    names = pairs[wrong], right
    worst = take_usual(search, wrong, right)
    by_order = f"; by their order `{right}` belongs in `{wrong}`"
    search.findings.append(
        WeightFinding(wrong, names, "loaded from another", sentence + by_order, worst)
    )


def _weight_beside(search: Search, theirs: str, like: str) -> str | None:
    """Returns the weight of the module of a bias that has the size of another weight."""
    found = [
        name
        for name, array in search.theirs.items()
        if module_of(name) == module_of(theirs)
        and role_of(name) == "weight"
        and array.size == search.theirs[like].size
    ]
    return found[0] if len(found) == 1 else None


def _is_in_place(search: Search, own: str, theirs: str) -> bool:
    """Whether weights come at the same place among those of their size and role."""
    size = search.own[own].size
    mine = [n for n, one in search.own.items() if one.size == size and role_of(n) == "weight"]
    others = [n for n, one in search.theirs.items() if one.size == size and role_of(n) == "weight"]
    places = in_order(mine, list(search.own)), in_order(others, list(search.theirs))
    return places[0].index(own) == places[1].index(theirs)
