"""Mistakes of a reduction alone, by the words in which each is told."""

import numpy as np
import pytest

from compare.evidence.batches.case import BatchCase
from compare.evidence.batches.causes import explain
from compare.evidence.batches.terms import terms_of
from compare.evidence.rounding.arithmetic import plain_arithmetic

FLOAT32 = plain_arithmetic(np.float32)
SHAPES = {"w1": (2, 3), "b1": (3,), "w2": (3, 2), "b2": (2,)}
SIZES = (32, 32, 7)


def batches(reduce, kind, *, once=None, off=0.0):
    """Cases of batches of samples whose gradients `reduce` makes one: (name, [n, ...]) -> [...]."""
    rng = np.random.default_rng(0)
    once = once or {}
    cases = []
    for n in SIZES:
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


def told(reduce, kind, **more):
    causes = explain(batches(reduce, kind, **more), kind=kind, n_outputs=2)
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
        [(ALL, "the mean over the batch divided by the 2 outputs too")],
    ),
    "by the outputs alone": (
        "mean",
        of("sum", lambda name, n: 1 / 2),
        [(ALL, "the sum over the batch divided by the 2 outputs, and not by its samples")],
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
            (BIASES, "the mean over the batch divided by the 2 outputs too"),
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
    assert explain([case], kind="mean", n_outputs=2) == ()


def test_an_l2_term_of_every_sample_is_told():
    once = {"w1": np.ones((2, 3)), "w2": np.ones((3, 2))}

    def reduce(name, gradients):
        return gradients.sum(axis=0) + len(gradients) * once.get(name, 0)

    said = "right but for the L2 term, which is added once for every sample"
    assert told(reduce, "sum", once=once) == [(ALL, said)]


def test_an_l2_term_that_is_averaged_is_told():
    once = {"w1": np.ones((2, 3)), "w2": np.ones((3, 2))}

    def reduce(name, gradients):
        return gradients.mean(axis=0) + once.get(name, 0) / len(gradients)

    said = "right but for the L2 term, which is divided by the number of samples"
    assert told(reduce, "mean", once=once) == [(ALL, said)]


def test_an_l2_term_that_is_multiplied_is_told():
    once = {"w1": np.ones((2, 3)), "w2": np.ones((3, 2))}

    def reduce(name, gradients):
        return gradients.mean(axis=0) + once.get(name, 0) * len(gradients)

    said = "right but for the L2 term, which is multiplied by the number of samples"
    assert told(reduce, "mean", once=once) == [(ALL, said)]
