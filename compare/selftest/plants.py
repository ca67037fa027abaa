"""Which mistake is planted in which network."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.problem.problem import Problem
from compare.selftest.backward import Forward, backward, forward
from compare.selftest.mistakes import KINDS, Mistake
from compare.selftest.trial_networks import Setup, draw_problem
from jaxmlp.base import Grads

_NETWORKS_EACH = 2  # that a mistake is planted in
# kinds of mistakes that are also planted in one network whose layers are not alike
_BY_LAYER = ("backward", "forward")
_MOST_ENTRIES = 1_000_000  # of the gradients of one sample, over all that is planted in a network
_GROSS = 1e-3  # the least gross change, relative to the largest entry of a parameter in a sample


class Subject(NamedTuple):
    """A network with its samples, and the gradients that are right there."""

    label: str
    problem: Problem
    forward: Forward
    right: Grads


class Plant(NamedTuple):
    """A mistake that is planted in a network."""

    kind: str  # a key of KINDS
    name: str
    size: str  # 'gross' or 'subtle'

    @property
    def mistake(self) -> Mistake:
        """The mistake itself, which cannot be sent to another process."""
        return KINDS[self.kind][self.name]


def make_subject(label: str, setup: Setup, *, seed: int) -> Subject:
    """Draws a network, and runs a program on it that makes no mistake."""
    problem = draw_problem(setup, seed=seed)
    batch = problem.batch(0, problem.n_samples)
    f = forward(
        problem.params,
        batch,
        setup.activation,
        end=setup.end,
        l2=setup.l2,
        biases=setup.biases,
    )
    return Subject(label, problem, f, backward(f))


def plan(setups: Mapping[str, Setup], *, seed: int) -> dict[str, list[Plant]]:
    """Chooses networks for every mistake, all of them in turn; wide ones get few.

    Returns:
      By network the mistakes to plant in it.
    """
    subjects = [make_subject(label, setup, seed=seed) for label, setup in setups.items()]
    plants: dict[str, list[Plant]] = {label: [] for label in setups}
    alike, by_layer = (
        [one for one in subjects if one.forward.is_by_layer is which] for which in (False, True)
    )
    _place(plants, alike, KINDS, each=_NETWORKS_EACH)
    _place(plants, by_layer, {kind: KINDS[kind] for kind in _BY_LAYER}, each=1)
    return plants


def _place(
    plants: Mapping[str, list[Plant]],
    subjects: Sequence[Subject],
    kinds: Mapping[str, Mapping[str, Mistake]],
    *,
    each: int,
) -> None:
    """Adds every mistake of some kinds to the plants of a few networks where it is one."""
    turn = 0
    for kind, mistakes in kinds.items():
        for name, mistake in mistakes.items():
            left = each
            for i in (*range(turn, len(subjects)), *range(turn)):
                one = subjects[i]
                room = _MOST_ENTRIES // one.problem.network.parameter_count
                if not left or len(plants[one.label]) >= room:
                    continue
                if (kind == "ends") != one.forward.is_other:
                    continue
                size = _size_in(one, mistake)
                if size == "subtle" and mistake.told and kind != "precision":
                    continue  # it drowns in what it is added to, and cannot be told
                if size is not None:
                    plants[one.label].append(Plant(kind, name, size))
                    left, turn = left - 1, (i + 1) % len(subjects)


def _size_in(subject: Subject, mistake: Mistake) -> str | None:
    """Returns 'gross' or 'subtle'; None if it is no mistake there, or not all of it is finite."""
    if not mistake.needs(subject.forward) or _names_one_phi(mistake, subject.forward):
        return None
    with np.errstate(all="ignore"):
        wrong = mistake.gradients(subject.forward)
        parts = [one.gradients(subject.forward) for one in mistake.parts]
    made = (leaf for grads in (wrong, *parts) for layer in grads for leaf in layer)
    if not all(np.isfinite(leaf).all() for leaf in made):
        return None
    if any(change_of(wrong, one) != "gross" for one in parts):
        return None  # the other part makes no difference
    return change_of(wrong, subject.right)


def _names_one_phi(mistake: Mistake, f: Forward) -> bool:
    """Whether what has to be said names the activation of a network that has several."""
    words = (word for told in mistake.told for word in told.words)
    return "," in f.activation and any("{phi}" in word or "{of_phi}" in word for word in words)


def change_of(wrong: Grads, right: Grads) -> str | None:
    """Returns 'gross' or 'subtle' by the largest change of an entry, None if no bit is changed."""
    largest = 0.0
    for wrong_layer, right_layer in zip(wrong, right, strict=True):
        for a, b in zip(wrong_layer, right_layer, strict=True):
            if not a.size:
                continue
            a64, b64 = (v.reshape(len(v), -1).astype(np.float64) for v in (a, b))
            scale = np.maximum(np.abs(a64), np.abs(b64)).max(axis=1)
            change = np.abs(a64 - b64).max(axis=1)
            largest = max(largest, np.max(change / np.where(scale > 0, scale, 1)))
    if not largest:
        return None
    return "gross" if largest > _GROSS else "subtle"
