"""What holds of every kind of evidence."""

import functools
import itertools
import json

import numpy as np
import pytest

from compare.implementations.baseline import Baseline
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.pipeline.collect import KINDS, Collection
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.batches import Batches
from compare.pipeline.kinds.certificates import Certificates
from compare.pipeline.kinds.coverage import Coverage
from compare.pipeline.kinds.drift import BaselineDrift
from compare.pipeline.kinds.noise import RepeatNoise
from compare.pipeline.kinds.pairs import Pairs
from compare.pipeline.kinds.witness import Witness
from compare.problem.answer_matrix import share
from compare.problem.answers import Answer, take
from compare.problem.batches import Reduction
from compare.problem.blocks import block_at
from compare.problem.problem import make_problem
from jaxmlp import Layer

N = 5_000
PROBLEM = make_problem(Config(layer_sizes=(2, 3, 1), samples=N, loss="huber"))
SMOOTH = make_problem(Config(layer_sizes=(2, 3, 1), samples=N))
NAMES = ("jax_grad", "jax_manual")
THEN = Answer(
    tuple(Layer(*(np.ones((N, *leaf.shape), "f4") for leaf in p)) for p in PROBLEM.params)
)
RUN = Run(
    PROBLEM,
    NAMES,
    range(N),
    layout="out_in",
    seed=0,
    witness=3,
    repeats=2,
    baseline=Baseline(
        "then.npz",
        {},
        {"jax_grad": N},
        {"jax_grad": lambda start, stop: take(THEN, slice(start, stop))},
    ),
    reduction=Reduction("mean", 500),
)


def spoilt(answer):
    """With a wrong and an infinite entry in every block."""
    grads = [Layer(np.array(w), np.array(b)) for w, b in answer.grads]
    grads[0].b[5] *= 2
    grads[1].w[7, 1] = np.inf
    return answer._replace(grads=tuple(grads))


@functools.cache
def blocks():
    built = [IMPLEMENTATIONS[name](PROBLEM.params, PROBLEM.network, "cpu") for name in NAMES]
    everyone = [*built, *Collection(RUN).also_answering(built)]
    made = []
    for start in (0, 2048, 4096):
        block = block_at(PROBLEM, start)
        answers = {one.name: one.evaluate(block) for one in everyone}
        for name in ("jax_manual", "jax_grad@again2"):
            answers[name] = spoilt(answers[name])
        made.append((block, share(answers)))
    return made


@functools.cache
def examined(kind, compiled):
    """The kind of evidence, and what it finds of each block when it knows of no other."""
    evidence = kind(RUN, np.random.default_rng(0))
    found = [evidence.examine(*one, evidence.nothing, compiled=compiled) for one in blocks()]
    assert all(one != evidence.nothing for one in found if kind is not Witness)
    return evidence, found


every_kind = pytest.mark.parametrize("kind", KINDS)
compiled_or_not = pytest.mark.parametrize("compiled", [False, True])


@every_kind
@compiled_or_not
def test_any_order_of_merging_gives_the_same(kind, compiled):
    evidence, found = examined(kind, compiled)
    whole = functools.reduce(evidence.merge, found)
    for a, b, c in itertools.permutations(found):
        assert evidence.merge(evidence.merge(a, b), c) == whole
        assert evidence.merge(a, evidence.merge(b, c)) == whole


@every_kind
def test_no_samples_add_nothing(kind):
    evidence, (found, *_) = examined(kind, compiled=False)
    assert evidence.merge(evidence.nothing, found) == found
    assert evidence.merge(found, evidence.nothing) == found
    assert evidence.merge(evidence.nothing, evidence.nothing) == evidence.nothing


@every_kind
@compiled_or_not
def test_what_is_known_of_other_blocks_changes_nothing_in_the_end(kind, compiled):
    evidence, found = examined(kind, compiled)
    for i, j in ((0, 1), (1, 0), (2, 1)):
        pruned = evidence.examine(*blocks()[i], found[j], compiled=compiled)
        assert evidence.merge(pruned, found[j]) == evidence.merge(found[i], found[j])


@every_kind
def test_json_keeps_it_to_the_bit(kind):
    evidence, found = examined(kind, compiled=False)
    answered = {block.start: (block, answers) for block, answers in blocks()}
    for one in (
        evidence.nothing,
        *found,
        evidence.conclude(functools.reduce(evidence.merge, found), answered.__getitem__),
    ):
        back = evidence.from_json(json.loads(json.dumps(evidence.to_json(one), allow_nan=False)))
        assert back == one
        assert repr(back) == repr(one)


@pytest.mark.parametrize(
    "content", [None, 3, "Popen", [["Popen", "ls"]], {"Popen": {"args": "ls"}}]
)
@every_kind
def test_json_of_anything_else_is_refused(kind, content):
    evidence, _ = examined(kind, compiled=False)
    with pytest.raises((TypeError, ValueError), match="expected"):
        evidence.from_json(content)


# kind -> a run that has none of it, and why
ABSENT = {
    Witness: (RUN._replace(witness=0), "no sample is to have a witness"),
    BaselineDrift: (RUN._replace(baseline=None), "there is no baseline"),
    RepeatNoise: (RUN._replace(repeats=0), "nothing is computed again"),
    Batches: (RUN._replace(reduction=None), "no batch is asked for"),
    Coverage: (RUN._replace(problem=SMOOTH), "no formula of the network has a kink"),
}


@every_kind
def test_a_run_says_why_it_has_no_such_evidence(kind):
    made, why = ABSENT.get(kind, (RUN, None))
    assert kind(made, np.random.default_rng(0)).reason_absent() == why
    assert kind(RUN, np.random.default_rng(0)).reason_absent() is None


def test_a_large_network_has_no_witness():
    large = make_problem(Config(layer_sizes=(200, 200, 1), samples=2))
    witness = Witness(Run(large, NAMES, range(2), "in_out", 0, witness=1), np.random.default_rng(0))
    assert witness.reason_absent() == "there are more than 30,000 parameters"


def test_absent_evidence_stays_empty():
    bare = RUN._replace(witness=0, baseline=None, repeats=0, reduction=None)
    evidence = Collection(bare)
    assert evidence.also_answering([]) == []
    found = evidence.examine(*blocks()[0], compiled=False)
    assert set(found) == {Pairs.name, Certificates.name, Coverage.name}
    evidence.add(found)
    assert (evidence.of(Witness), evidence.of(RepeatNoise)) == ((), {})
