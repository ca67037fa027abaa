"""Weights in another order than a program needs them, which running it proves."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from compare.implementations.programs.models.own_weights import OwnWeights
from compare.matching.lost import lost
from compare.matching.twins import submodule
from compare.pairing.arrangement import Arrangement
from compare.pairing.other_arrangements import other_arrangements
from compare.pairing.weight_finding import WeightFinding
from compare.pairing.words import words_of
from compare.problem.recording import Key, Recording

_MOST_PLACES = 3  # that are lost, whose weights are looked at

Run = Callable[[OwnWeights], Recording]


def needed_weights(
    weights: OwnWeights,
    run: Run,
    theirs: Recording,
    order: Sequence[str],
    state: Mapping[str, np.ndarray],
) -> tuple[OwnWeights, Recording]:
    """Finds weights that are the right numbers in a wrong order, or times a number.

    If places of a program are right with the weights there in another order, and no place is wrong
    with that which was right before, then the program needs these in the other order. Where weights
    stand as in other programs, it is the program that takes them in another order.

    Args:
      weights: as they were found.
      run: of a model on weights.
      theirs: what the reference computes.
      order: its places in the order of the program.
      state: its weights as they are.

    Returns:
      Weights in the order that the program needs, which says so in the findings of the pairing, and
      what it computes on them.
    """
    own = run(weights)
    now = lost(theirs, own)
    while now:
        better = _better(weights, run, theirs, now, order, state)
        if better is None:
            break
        weights, own, now = better
    return weights, own


def _better(
    weights: OwnWeights,
    run: Run,
    theirs: Recording,
    now: frozenset[Key],
    order: Sequence[str],
    state: Mapping[str, np.ndarray],
) -> tuple[OwnWeights, Recording, frozenset[Key]] | None:
    shapes = {name: one.shape for name, one in state.items()}
    places = [place for place in order if ("forward", place) in now]
    modules = dict.fromkeys(map(submodule, places))
    held = set(map(_module, state))
    unusual = {_module(source) for one in weights.pairing.remarks for source in one.theirs}
    arranged = weights.pairing.arrangements
    for module in [one for one in modules if one in held][:_MOST_PLACES]:
        place = next(one for one in places if submodule(one) == module)
        is_unusual = module in unusual
        for others in other_arrangements(arranged, shapes, module, is_unusual=is_unusual):
            changed = _changed(weights, others, place, state)
            own = run(changed)
            then = lost(theirs, own)
            if then < now and ("forward", place) not in then:
                return changed, own, then
    return None


def _changed(
    weights: OwnWeights,
    others: Mapping[str, Arrangement],
    place: str,
    state: Mapping[str, np.ndarray],
) -> OwnWeights:
    """Returns weights in another order, with the finding that it is needed."""
    pairing = weights.pairing
    shapes = {name: one.shape for name, one in state.items()}
    layouts = {own: words_of(one, shapes) for own, one in others.items()}
    worst = {
        own: float(np.abs(weights.arrays[own].astype(np.float64) - one.of(state)).max(initial=0))
        for own, one in others.items()
    }
    first = max(worst, key=lambda own: worst[own])
    sources = others[first].sources
    names = " and ".join(f"`{name}`" for name in sources)
    told = next((one for one in pairing.remarks if one.theirs == sources), None)
    are = "is" if len(sources) == 1 else "are"
    was = pairing.layouts[first] or "as in the reference"
    said = f"{names} {are} in `{first}` in another way than it needs: {was}"
    is_factor = pairing.arrangements[first].factor != others[first].factor
    how = "without the factor" if is_factor else layouts[first] or "as in the reference"
    sentence = f"{told.sentence if told else said}; `{place}` is right with this instead: {how}"
    finding = WeightFinding(first, sources, "not as needed", sentence, worst[first])
    made = dataclasses.replace(
        pairing,
        arrangements={**pairing.arrangements, **others},
        layouts={**pairing.layouts, **layouts},
        findings=(*pairing.findings, finding),
        remarks=tuple(one for one in pairing.remarks if one is not told),
    )
    return dataclasses.replace(weights, pairing=made)


def _module(name: str) -> str:
    return name.rpartition(".")[0]
