"""Evidence of many blocks: in any order, compiled or not, with or without threads."""

import dataclasses
import functools

import numpy as np
import pytest

from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.pipeline import compare as comparing
from compare.pipeline.collect import Collection
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.certificates import Certificates
from compare.pipeline.kinds.pairs import Pairs
from compare.pipeline.kinds.witness import Witness
from compare.problem.blocks import block_at, block_size
from compare.problem.problem import make_problem
from jaxmlp import Layer

NAMES = ("jax_grad", "jax_manual", "torch_autograd")
CONFIG = Config(layer_sizes=(2, 3, 2), samples=4_500, activation="relu", seed=3)
PROBLEM = make_problem(CONFIG)
SIZE = block_size(PROBLEM)
STARTS = range(0, PROBLEM.n_samples, SIZE)


def halved(answer):
    """Forgets the factor 2 in every third sample."""
    grads = [Layer(np.array(w), np.array(b)) for w, b in answer.grads]
    for leaf in (leaf for layer in grads for leaf in layer):
        leaf[1::3] /= 2
    return answer._replace(grads=tuple(grads))


@functools.cache
def blocks(wrong):
    built = {n: IMPLEMENTATIONS[n](PROBLEM.params, PROBLEM.network, "cpu") for n in NAMES}
    made = []
    for start in STARTS:
        block = block_at(PROBLEM, start)
        answers = {name: one.evaluate(block) for name, one in built.items()}
        if wrong and start >= SIZE:
            answers["jax_manual"] = halved(answers["jax_manual"])
        made.append((block, answers))
    return made


@functools.cache
def in_order(*, wrong, compiled):
    return gather(range(len(STARTS)), wrong=wrong, compiled=compiled)


def gather(order, *, wrong=False, compiled=False, at_once=False):
    run = Run(PROBLEM, NAMES, range(PROBLEM.n_samples), layout="out_in", seed=0, witness=5)
    evidence = Collection(run)
    made = [blocks(wrong)[i] for i in order]
    if at_once:  # as if everything had been examined elsewhere, nothing known of the rest
        examined = [evidence.examine(*one, compiled=compiled) for one in made]
        for found in examined:
            evidence.add(found)
    else:
        for one in made:
            evidence.add(evidence.examine(*one, compiled=compiled))
    return {kind: evidence.of(kind) for kind in (Pairs, Certificates, Witness)}


@pytest.mark.isa
@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("compiled", [False, True])
def test_the_order_of_blocks_changes_nothing(wrong, compiled):
    forward = in_order(wrong=wrong, compiled=compiled)
    rng = np.random.default_rng(0)
    orders = [reversed(range(len(STARTS))), rng.permutation(len(STARTS))]
    for order in map(list, orders):
        for at_once in (False, True):
            assert forward == gather(order, wrong=wrong, compiled=compiled, at_once=at_once)


@pytest.mark.isa
def test_compiled_pairs_are_those_of_numpy():
    for wrong in (False, True):
        plain, fast = (in_order(wrong=wrong, compiled=compiled) for compiled in (False, True))
        assert plain[Pairs] == fast[Pairs]


@pytest.mark.isa
@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_threads_changes_nothing(monkeypatch, workers):
    usual = comparing.compare_problem(PROBLEM, CONFIG)
    monkeypatch.setattr("os.cpu_count", lambda: workers)
    assert (
        dataclasses.replace(
            comparing.compare_problem(PROBLEM, CONFIG), environment=usual.environment
        )
        == usual
    )
