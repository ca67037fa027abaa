"""Mistakes of a reduction alone, by the words in which each is told."""

import numpy as np
import pytest

from compare.evidence.batches.assumptions import Asked
from compare.evidence.batches.case import BatchCase
from compare.evidence.batches.causes import explain
from compare.evidence.batches.terms import terms_of
from compare.evidence.rounding.arithmetic import plain_arithmetic

FLOAT32 = plain_arithmetic(np.float32)
SHAPES = {"w1": (2, 3), "b1": (3,), "w2": (3, 2), "b2": (2,)}
SIZES = (32, 32, 7)


def batches(reduce, kind, *, once=None, off=0.0, sizes=SIZES):
    """Cases of batches of samples whose gradients `reduce` makes one: (name, [n, ...]) -> [...]."""
    rng = np.random.default_rng(0)
    once = once or {}
    cases = []
    for n in sizes:
        found, terms = {}, {}
        for name, shape in SHAPES.items():
            gradients = rng.normal(size=(n, *shape)).astype(np.float32)
            more = once.get(name, 0.0)
            terms[name] = terms_of(gradients + more, once=more).with_errors(
                np.full(gradients.shape, off), np.full(gradients.shape, off / 100)
            )
            found[name] = reduce(name, gradients)
        hidden = {name: np.zeros(shape) for name, shape in SHAPES.items()}
        cases.append(BatchCase(found, hidden, terms, 1 / n if kind == "mean" else 1.0, FLOAT32))
    return cases


def told(reduce, kind, *, outputs=2, loss="squared", **more):
    causes = explain(batches(reduce, kind, **more), Asked(kind, outputs, loss))
    return [(" ".join(cause.quantities), cause.said) for cause in causes]


def of(kind, factor=lambda name, n: 1.0):
    """A sum or a mean, times a factor."""

    def reduce(name, gradients):
        total = gradients.sum(axis=0) * factor(name, len(gradients))
        return (total / len(gradients) if kind == "mean" else total).astype(np.float32)

    return reduce


WEIGHTS, BIASES, ALL = "dL/dw2 dL/dw1", "dL/db2 dL/db1", "the gradient"
MISTAKES = {
    "biases averaged, weights summed": (
        "sum",
        of("sum", lambda name, n: 1 / n if name[0] == "b" else 1),
        [(BIASES, "the mean over the batch where the sum is asked for")],
    ),
    "weights summed, biases averaged": (
        "mean",
        of("mean", lambda name, n: n if name[0] == "w" else 1),
        [(WEIGHTS, "the sum over the batch where the mean is asked for")],
    ),
    "a sum where a mean is asked for": (
        "mean",
        of("sum"),
        [
            (
                ALL,
                "the sum over the batch where the mean is asked for, as it should be with "
                "--reduction=sum",
            )
        ],
    ),
    "a mean where a sum is asked for": (
        "sum",
        of("mean"),
        [
            (
                ALL,
                "the mean over the batch where the sum is asked for, as it should be with "
                "--reduction=mean",
            )
        ],
    ),
    "by the outputs too": (
        "mean",
        of("mean", lambda name, n: 1 / 2),
        [
            (
                ALL,
                "half of the mean over the batch, as by a missing factor 2 or by a mean over the "
                "2 outputs: right for --loss=half_squared or --loss=mean_squared",
            )
        ],
    ),
    "by the outputs alone": (
        "mean",
        of("sum", lambda name, n: 1 / 2),
        [
            (
                ALL,
                "half of the sum over the batch, as by a missing factor 2 or by a mean over the 2 "
                "outputs, where the mean is asked for: right for --reduction=sum "
                "--loss=half_squared or --reduction=sum --loss=mean_squared",
            )
        ],
    ),
    "by N twice": (
        "mean",
        of("mean", lambda name, n: 1 / n),
        [(ALL, "the mean over the batch divided by its number of samples")],
    ),
    "by N less one": (
        "mean",
        of("sum", lambda name, n: 1 / (n - 1)),
        [(ALL, "the sum over the batch divided by its number of samples less one")],
    ),
    "by a number in the code": (
        "mean",
        of("sum", lambda name, n: 1 / 60_000),
        [(ALL, "the sum over the batch divided by 60,000, however many samples it has")],
    ),
    "the last sample alone": (
        "mean",
        lambda name, gradients: gradients[-1],
        [(ALL, "that of the last sample of a batch alone")],
    ),
    "the last sample alone, by N": (
        "mean",
        lambda name, gradients: gradients[-1] / np.float32(len(gradients)),
        [(ALL, "that of the last sample of a batch alone, divided by the number of all")],
    ),
    "without the first": (
        "sum",
        lambda name, gradients: gradients[1:].sum(axis=0),
        [(ALL, "that of a batch without its first sample")],
    ),
    "without the last, in one bias": (
        "mean",
        lambda name, gradients: (gradients[:-1] if name == "b1" else gradients).mean(axis=0),
        [("dL/db1", "that of a batch without its last sample")],
    ),
    "two things": (
        "mean",
        of("mean", lambda name, n: n if name[0] == "w" else 1 / 2),
        [
            (WEIGHTS, "the sum over the batch where the mean is asked for"),
            (
                BIASES,
                "half of the mean over the batch, as by a missing factor 2 or by a mean over the 2 "
                "outputs",
            ),
        ],
    ),
    "any factor": (
        "mean",
        of("mean", lambda name, n: 0.37),
        [(ALL, "0.37 times the mean over the batch")],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_has_a_name(mistake):
    kind, reduce, expected = MISTAKES[mistake]
    assert told(reduce, kind) == expected


LOSSES = {
    (None, 3, 1 / 2): "0.5 times the mean over the batch",
    ("cross_entropy", 2, 1 / 2): "half of the mean over the batch, as by a mean over the 2 outputs",
    ("cross_entropy", 3, 1 / 2): "0.5 times the mean over the batch",
    ("huber", 3, 1 / 3): "the mean over the batch divided by the 3 outputs too",
    ("squared", 3, 1 / 3): "the mean over the batch divided by the 3 outputs too: right for "
    "--loss=mean_squared",
    ("squared", 1, 1 / 2): "half of the mean over the batch, as by a missing factor 2: right for "
    "--loss=half_squared",
    ("half_squared", 3, 2): "twice the mean over the batch: right for --loss=squared",
    ("mean_squared", 3, 1.5): "1.5 times the mean over the batch: right for --loss=half_squared",
}


@pytest.mark.parametrize("asked", LOSSES, ids=str)
def test_a_factor_is_that_of_another_loss(asked):
    loss, outputs, factor = asked
    found = told(of("mean", lambda name, n: factor), "mean", outputs=outputs, loss=loss)
    assert found == [(ALL, LOSSES[asked])]


def test_the_mean_over_all_there_is_where_the_sum_is_asked_for():
    said = "the mean over the batch divided by the 3 outputs too, where the sum is asked for"
    remedy = ": right for --reduction=mean --loss=mean_squared"
    found = told(of("mean", lambda name, n: 1 / 3), "sum", outputs=3)
    assert found == [(ALL, said + remedy)]


def test_batches_of_one_size_do_not_tell_a_divisor_from_a_factor():
    found = told(of("mean", lambda name, n: 0.01), "mean", sizes=(20, 20))
    assert found == [(ALL, "0.01 times the mean over the batch, which is the sum divided by 2,000")]
    found = told(of("sum", lambda name, n: 0.01), "sum", sizes=(20, 20))
    assert found == [(ALL, "the sum over the batch divided by 100")]


@pytest.mark.parametrize("kind", ["mean", "sum"])
def test_what_is_right_has_none(kind):
    assert told(of(kind), kind) == []


def test_what_fits_nothing_has_none():
    noise = np.random.default_rng(1)
    assert told(lambda name, gradients: noise.normal(size=gradients.shape[1:]), "mean") == []


def test_what_a_bound_does_not_tell_apart_has_no_name():
    assert told(of("mean", lambda name, n: 1.01), "mean", off=1e3) == []


def test_a_name_that_the_bound_hardly_tells_from_what_is_asked_is_not_given():
    terms = terms_of(np.ones((2, 3))).with_errors(np.full((2, 3), 0.2), np.full((2, 3), 0.2))
    found = {"b1": np.full(3, 1.45)}  # 1 is asked for, and the sum, which is 2, would be allowed
    case = BatchCase(found, {"b1": np.zeros(3)}, {"b1": terms}, 0.5, FLOAT32)
    assert not case.holds("b1")
    assert explain([case], Asked("mean", 2, "squared")) == ()


L2 = {
    ("sum", "added for every sample"): lambda n: n,
    ("mean", "divided by the number of samples"): lambda n: 1 / n,
    ("mean", "multiplied by the number of samples"): lambda n: n,
    ("mean", "missing"): lambda n: 0,
    ("sum", "twice what it should be"): lambda n: 2,
    ("mean", "half of what it should be"): lambda n: 1 / 2,
}


@pytest.mark.parametrize("which", L2, ids=str)
def test_another_l2_term_is_told(which):
    kind, said = which
    once = {"w1": np.ones((2, 3)), "w2": np.ones((3, 2))}

    def reduce(name, gradients):
        total = gradients.mean(axis=0) if kind == "mean" else gradients.sum(axis=0)
        return total + L2[which](len(gradients)) * once.get(name, 0)

    said = f"right but for the L2 term, which is {said}"
    assert told(reduce, kind, once=once) == [(ALL, said)]
