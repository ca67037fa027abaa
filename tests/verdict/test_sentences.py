"""Sentences that were true of most inputs: the inputs for which they were not."""

import numpy as np
import pytest

from compare import Detail, compare_gradients
from compare.report.answer import judged_of
from compare.report.json.write import report_to_dict
from compare.report.page.sections.failure import failure
from compare.report.page.sections.pairs import pairs
from compare.report.page.sections.parameters import parameters
from compare.report.text.report import format_report

RNG = np.random.default_rng(0)
SIZES = ((2, 3), (3, 1))
LAYERS = [(np.float32(RNG.normal(size=s)), np.float32(RNG.normal(size=s[1]))) for s in SIZES]
X = np.float32(RNG.random((4, 2)))
ALONE = {"implementations": ["numpy_manual"]}


def backprop(params, x, y):
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    d2 = 2 * (h @ w2 + b2 - y)
    d1 = (w2 @ d2) * h * (1 - h)
    return [[np.outer(x, d1), d1], [np.outer(h, d2), d2]]


def in_float64(params, x, y):
    return backprop([(np.float64(w), np.float64(b)) for w, b in params], np.float64(x), y)


def planting(value, backward=backprop, sample=None):
    """Returns a backprop with a value at w1[0,1], of one sample or of all."""

    def gradients(params, x, y):
        grads = backward(params, x, y)
        if sample is None or x[0] == X[sample, 0]:
            grads[0][0][0, 1] = value
        return grads

    return gradients


def compare(candidate, **options):
    options = {**ALONE, "activation": "sigmoid", **options}
    return compare_gradients(LAYERS, X, candidates={"mine": candidate}, **options)


@pytest.mark.parametrize(
    ("backward", "dtype"), [(backprop, "float32"), (in_float64, "float64")], ids=["32", "64"]
)
def test_the_arithmetic_that_overflowed_is_named(backward, dtype):
    report = compare(planting(np.nan, backward, sample=2))
    other = report.values[0].values["numpy_manual"]
    assert report.reason == (
        f"mine has nan at w1[0,1] of sample 2 where numpy_manual has {other:.9g}; by the formula "
        f"that mine is judged by, no number on the way there can overflow in {dtype}"
    )


def test_nothing_is_claimed_of_infinities_of_opposite_signs():
    both = {"mine": planting(np.inf), "other": planting(-np.inf)}
    report = compare_gradients(LAYERS, X, activation="sigmoid", implementations=[], candidates=both)
    assert report.reason == (
        "mine has inf at w1[0,1] of sample 0 where other has -inf (4 of 24 entries of w1 are such)"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_beside_what_is_not_finite_no_distance_is_0(value):
    report = compare(planting(value, sample=3))
    lines = [line.split() for line in format_report(report, verbose=True).splitlines() if line]
    first, detailed = (line for line in lines if line[0] == "w1" and len(line) > 2)
    assert first[2:] == [f"{value:g}", "3", "[0,1]", f"{value:g}", f"{value:g}", "-"]
    assert detailed[2:] == [*[f"{value:g}", "3[0,1]", "A~B"] * 2, "-", "-"]
    found = report_to_dict(report)
    for section in (pairs(found), parameters(found), failure(found, picture="")):
        assert f"{value:g}" in section
    assert ">0, 0<" not in pairs(found)


def test_a_witness_of_what_is_not_finite_has_no_error():
    shown = format_report(
        compare(planting(np.inf, sample=3), detail=Detail(witness=4)), verbose=True
    )
    rows = [line.split() for line in shown.splitlines() if line.startswith("B mine ")]
    assert [row[-1] for row in rows] == ["nan"]


def test_one_entry_is_not_many():
    said = " ".join(format_report(compare(planting(np.nan, sample=0)), verbose=True).split())
    assert "A~B: 1 entry is finite on one side only, or infinite with opposite signs." in said
    assert " 1 entries" not in said
    assert " 0 entries" not in said


def test_rounding_is_not_claimed_of_silent_samples():
    layers = [(np.abs(LAYERS[0][0]), LAYERS[0][1]), LAYERS[1]]
    x = X * np.float32([[300], [1], [1], [1]])  # sigmoid' is lost in the first one
    report = compare_gradients(layers, x, activation="sigmoid", candidates=[backprop], **ALONE)
    assert report.verdict == "agree"
    assert [one.certificate.silent for one in report.implementations] == [0, 1]
    assert report.reason.startswith("every difference is rounding where anything can be said; ")
    assert report.reason.endswith("; nothing can be said of 1 of 4 samples of backprop")


def test_the_samples_are_counted_that_were_looked_at():
    report = report_to_dict(compare(lambda *given: [[2 * dw, db] for dw, db in backprop(*given)]))
    report["config"]["samples"] = 1000
    assert ("wrong", "mine (in 4 of 4 samples)") in judged_of(report)
