"""Weights that were not loaded, or not as they are: what should stand there."""

import copy
import dataclasses
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from compare.pairing.arrangement import Arrangement
from compare.pairing.biases import bias_beside
from compare.pairing.names import leaf_of, module_of, role_of
from compare.pairing.relations import Relation, offset_of, relation_of, scaled_axis, shifted
from compare.pairing.search import Search, is_constant
from compare.pairing.usual import usual_layouts, worst_of
from compare.pairing.weight_finding import WeightFinding
from compare.pairing.whole import may_be

_MOST_BY_CHANCE = 0.1  # of entries, that are in the reference though nothing was loaded


def tell_what_was_not_loaded(search: Search) -> None:
    """Finds for what is left what should stand there, and says what stands there instead."""
    for own in search.left():
        made = bias_beside(search, own)
        if made is not None and not set(made.sources) - set(search.unused()):
            _tell(search, own, [made], _named(made.sources))
    trial, tied = _guesses(search)
    for own in search.left():
        if own in trial:
            named = _named(tied.get(own, (trial[own],)), "or")
            _tell(search, own, usual_layouts(search, own, trial[own]), named)


def _guesses(search: Search) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Returns the weights of the reference that should stand in those that are left.

    Returns:
      Own name -> their name; and own name -> all of theirs that it may be, where several are.
    """
    groups: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for name in search.left():
        groups[search.own[name].size][0].append(name)
    for name in search.unused():
        groups[search.theirs[name].size][1].append(name)
    trial = copy.deepcopy(search.assignment)
    ties = len(trial.ties)
    trial.settle(groups.values(), lambda one, other: _may_be_meant(search, one, other))
    tied = {name: tie.theirs for tie in trial.ties[ties:] for name in tie.own}
    return trial.pairs, tied


def _may_be_meant(search: Search, own: str, theirs: str) -> bool:
    """Whether a weight is meant to be another: modules go together, or are alike and all new."""
    links = search.assignment.links
    if not may_be(search, own, theirs):
        return False
    return links.join(own, theirs) or (
        links.miss(own, theirs) and _sizes(search.own, own) == _sizes(search.theirs, theirs)
    )


def _sizes(arrays: Mapping[str, np.ndarray], name: str) -> list[int]:
    """Returns the sizes of the weights in the module of one."""
    inside = [one for one in arrays if module_of(one) == module_of(name)]
    return sorted(arrays[one].size for one in inside)


def _tell(search: Search, own: str, layouts: list[Arrangement], named: str) -> None:
    """Takes the layout under which there is a rule, or else the first, and says what is wrong."""
    for arrangement in layouts:
        expected = search.made(own, arrangement)
        relation = relation_of(search.own[own], expected)
        if relation is not None and (
            relation.kind != "function" or _is_sure(search, own, arrangement)
        ):
            tell_relation(search, own, arrangement, relation)
            return
        axis = scaled_axis(search.own[own], expected)
        if axis is not None:
            sentence = (
                f"`{own}` is {named} with a factor for each index of axis {axis}, as where a norm "
                "is folded into it"
            )
            search.findings.append(WeightFinding(own, arrangement.sources, "computed", sentence))
            return
    expected = search.made(own, layouts[0])
    offset = offset_of(search.own[own], expected) if role_of(own) == "weight" else None
    if offset is not None and search.is_constant(own) and is_constant(expected):
        tell_relation(search, own, layouts[0], shifted(float(offset.flat[0])))
        return
    if not is_constant(search.own[own]) and not _is_sure(search, own, layouts[0]):
        return  # it may be made of them in a way that is not known
    search.take(own, layouts[0])
    names = layouts[0].sources
    sentence = _not_loaded(search, own, expected, named)
    search.findings.append(WeightFinding(own, names, "not loaded", sentence, worst_of(search, own)))


def _is_sure(search: Search, own: str, arrangement: Arrangement) -> bool:
    """Whether numbers that are not those of the reference are wrong, and nothing else of it."""
    theirs = arrangement.sources[0]
    is_same = leaf_of(own) == leaf_of(theirs) or role_of(own) == role_of(theirs) is not None
    is_new = search.assignment.links.miss(own, theirs)
    return (is_same or is_new) and search.share_in_reference(own) <= _MOST_BY_CHANCE


def tell_relation(search: Search, own: str, arrangement: Arrangement, relation: Relation) -> None:
    """Says by which rule a weight was changed.

    By a factor or by 1 it is made so too: a program may want that, and running it tells.
    """
    search.take(own, arrangement)
    worst = worst_of(search, own)
    offset = offset_of(search.own[own], search.made(own, arrangement))
    if relation.kind == "shift" and offset is not None:
        arrangement = dataclasses.replace(arrangement, offset=offset)
    arrangement = dataclasses.replace(arrangement, factor=relation.factor)
    search.arrangements[own] = arrangement
    sentence = f"`{own}` is {relation.words.format(_named(arrangement.sources))}"
    may_be_right = relation.kind in ("last digits", "factor") or offset is not None
    one = WeightFinding(own, arrangement.sources, relation.kind, sentence, worst)
    (search.remarks if may_be_right else search.findings).append(one)


def _not_loaded(search: Search, own: str, expected: np.ndarray, theirs: str) -> str:
    mine = search.own[own]
    if f"`{own}`" in theirs:
        theirs = f"{theirs} of the reference"
    if not is_constant(mine):
        if search.share_in_reference(own):
            return f"`{own}` does not hold the numbers of {theirs}"
        return f"no entry of `{own}` is in the reference, and {theirs} was not loaded"
    number = f"{mine.flat[0]:g}"
    if is_constant(expected):
        said = f"is {expected.flat[0]:g} everywhere"
        return f"`{own}` is {number} everywhere, and {theirs} {said}"
    return f"`{own}` is {number} everywhere, and {theirs} is not: it was not loaded"


def _named(sources: Sequence[str], word: str = "and") -> str:
    """Returns '`a`', 'the sum of `a` and `b`', or '`a` or `b`'."""
    names = [f"`{name}`" for name in sources]
    if len(names) == 1:
        return names[0]
    listed = f"{', '.join(names[:-1])} {word} {names[-1]}"
    return listed if word == "or" else f"the sum of {listed}"
