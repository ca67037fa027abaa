"""Weights that were not loaded, or not as they are: what should stand there."""

import copy
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from compare.pairing.arrangement import Arrangement, Axes
from compare.pairing.biases import bias_beside
from compare.pairing.layouts import possible_layouts
from compare.pairing.names import leaf_of
from compare.pairing.relations import Relation, offset_of, relation_of
from compare.pairing.search import Search, is_constant
from compare.pairing.weight_finding import WeightFinding
from compare.pairing.whole import may_be


def tell_what_was_not_loaded(search: Search) -> None:
    """Finds for what is left what should stand there, and says what stands there instead."""
    for own in search.left():
        made = bias_beside(search, own)
        if made is not None and not set(made.sources) - set(search.unused()):
            _tell(search, own, [made])
    for own, theirs in _guesses(search).items():
        _tell(search, own, list(_laid_out(search, own, theirs)))


def _guesses(search: Search) -> dict[str, str]:
    """Returns the weights of the reference that must be those that are left, by elimination."""
    groups: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for name in search.left():
        groups[search.own[name].size][0].append(name)
    for name in search.unused():
        groups[search.theirs[name].size][1].append(name)
    trial = copy.deepcopy(search.assignment)
    ties = len(trial.ties)
    trial.settle(groups.values(), lambda one, other: may_be(search, one, other))
    tied = {name for tie in trial.ties[ties:] if len(tie.own) > 1 for name in tie.own}
    left = set(search.left())
    return {own: one for own, one in trial.pairs.items() if own in left and own not in tied}


def _laid_out(search: Search, own: str, theirs: str) -> Iterator[Arrangement]:
    """Yields the possible layouts of a weight, first that which weights of its kind have."""
    known = usual_axes(search, own)
    ones = possible_layouts(theirs, search.theirs[theirs].shape, search.own[own].shape)
    ones.sort(key=lambda one: one.axes != known)
    yield from (Arrangement((one,)) for one in ones)


def usual_layout(search: Search, own: str, theirs: str) -> float:
    """Makes a weight of another as those of its kind are made.

    Returns:
      The largest difference from what stands there.
    """
    search.take(own, next(_laid_out(search, own, theirs)))
    return _worst(search, own)


def usual_axes(search: Search, own: str) -> tuple[int, ...] | None:
    """Returns the order of axes that most weights of a kind have: of a name and so many axes."""
    counted: Counter[tuple[int, ...]] = Counter()
    for name, arrangement in search.arrangements.items():
        first = arrangement.terms[0]
        if name != own and isinstance(first, Axes) and is_alike(search, name, own):
            counted[first.axes] += 1
    return counted.most_common(1)[0][0] if counted else None


def is_alike(search: Search, one: str, other: str) -> bool:
    """Whether two weights of the candidate are of a kind: their name and how many axes."""
    return leaf_of(one) == leaf_of(other) and search.own[one].ndim == search.own[other].ndim


def _tell(search: Search, own: str, layouts: list[Arrangement]) -> None:
    """Takes the layout under which there is a rule, or else the first, and says what is wrong."""
    for arrangement in layouts:
        expected = search.made(own, arrangement)
        relation = relation_of(search.own[own], expected)
        if relation is not None:
            _tell_relation(search, own, arrangement, relation)
            return
    expected = search.made(own, layouts[0])
    offset = offset_of(search.own[own], expected)
    if offset is not None and search.is_constant(own) and is_constant(expected):
        _tell_relation(search, own, layouts[0], Relation("shift", f"{{}} plus {offset.flat[0]}"))
        return
    search.take(own, layouts[0])
    names = layouts[0].sources
    sentence = _not_loaded(search, own, expected, _named(layouts[0]))
    search.findings.append(WeightFinding(own, names, "not loaded", sentence, _worst(search, own)))


def _tell_relation(search: Search, own: str, arrangement: Arrangement, relation: Relation) -> None:
    """Says by which rule a weight was changed; by 1 it is made so, which a program may want."""
    offset = offset_of(search.own[own], search.made(own, arrangement))
    if relation.kind == "shift" and offset is not None:
        arrangement = Arrangement(arrangement.terms, offset)
    search.take(own, arrangement)
    sentence = f"`{own}` is {relation.words.format(_named(arrangement))}"
    is_remark = relation.kind == "last digits" or arrangement.offset is not None
    one = WeightFinding(own, arrangement.sources, relation.kind, sentence, _worst(search, own))
    (search.remarks if is_remark else search.findings).append(one)


def _not_loaded(search: Search, own: str, expected: np.ndarray, theirs: str) -> str:
    mine = search.own[own]
    if not is_constant(mine):
        if search.is_in_reference(own):
            return f"`{own}` does not hold the numbers of {theirs}"
        return f"no entry of `{own}` is in the reference, and {theirs} was not loaded"
    number = f"{mine.flat[0]:g}"
    if is_constant(expected):
        return f"`{own}` is {number} everywhere, and {theirs} is {expected.flat[0]:g} everywhere"
    return f"`{own}` is {number} everywhere, and {theirs} is not: it was not loaded"


def _named(arrangement: Arrangement) -> str:
    names = [f"`{name}`" for name in arrangement.sources]
    return names[0] if len(names) == 1 else f"the sum of {' and '.join(names)}"


def _worst(search: Search, own: str) -> float:
    made = search.made(own, search.arrangements[own]).astype(np.float64)
    return float(np.max(np.abs(made - search.own[own]), initial=0))
