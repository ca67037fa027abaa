"""What is said of wrong gradients: one finding, its name and figures of the same quantity.

Every mistake is made in a backprop of 2-5-5-1 sigmoid, in float32, or float64 where it says so.
"""

import functools
import itertools
import re

import numpy as np
import pytest

from compare import compare_gradients
from compare.report.json.write import report_to_dict
from compare.report.page.sections.failure import failure

SIZES = (2, 5, 5, 1)


def logistic(z):
    return 1 / (1 + np.exp(-z))


def backprop(change=lambda grads: grads, h=logistic, use_b1=True, low=lambda a: a):
    """Returns a backprop of sigmoid layers whose forward pass or result is changed."""

    def gradients(params, x, y):
        (w1, b1), (w2, b2), (w3, b3) = [(low(w), b) for w, b in params]
        z1 = low(x) @ w1 + (b1 if use_b1 else 0)
        h1 = h(z1)
        h2 = logistic(h1 @ w2 + b2)
        d3 = 2 * (h2 @ w3 + b3 - y)
        d2 = (w3 @ d3) * h2 * (1 - h2)
        d1 = (w2 @ d2) * h1 * (1 - h1)
        grads = [[np.outer(low(x), d1), d1], [np.outer(h1, d2), d2], [np.outer(h2, d3), d3]]
        return change(grads)

    return gradients


def scaled(**factors):
    """Returns a change of some of dw1, db1, ... by factors."""

    def change(grads):
        for name, factor in factors.items():
            grads[int(name[2]) - 1]["wb".index(name[1])] *= factor
        return grads

    return change


def one_entry(grads):
    grads[1][0][1, 2] *= 1.01
    return grads


def everything(factor):
    return scaled(**{f"d{kind}{i}": factor for i in (1, 2, 3) for kind in "wb"})


def truncated(array):
    return (np.asarray(array, np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)


def compare(candidate, dtype=np.float32, samples=5, outputs=1):
    rng = np.random.default_rng(0)
    sizes = (*SIZES[:-1], outputs)
    layers = [
        (rng.normal(size=pair).astype(dtype), rng.normal(size=pair[1]).astype(dtype))
        for pair in itertools.pairwise(sizes)
    ]
    x, y = rng.random((samples, 2)).astype(dtype), rng.random((samples, outputs)).astype(dtype)
    return compare_gradients(
        layers,
        x,
        y,
        activation="sigmoid",
        implementations=["numpy_manual"],
        candidates={"mine": candidate},
    )


# what is wrong -> (backprop, what the sentence begins with, what the figures are of)
MISTAKES = {
    "bias forgotten": (
        backprop(use_b1=False),
        "h1 of mine is computed without b1",
        r"dL/dw2 and dL/db2 imply h1\[\d\] = \S+ where phi\(z1\) is",
    ),
    "another activation in the forward pass": (
        backprop(h=lambda z: np.maximum(z, 0)),
        "h1 of mine is relu of z1; the network has sigmoid; and delta1 of mine is computed with "
        "h (1 - h) for phi'",
        r"dL/dw2 and dL/db2 imply h1\[\d\] = \S+ where phi\(z1\) is",
    ),
    "inputs and weights truncated": (
        backprop(low=truncated),
        "the gradient of mine is right to within the rounding of float32 with bfloat16 products",
        r"dL/dw1 and dL/db1 imply x\[\d\] = \S+ where it is",
    ),
    "two factors": (
        backprop(scaled(dw2=2, db1=4)),
        "dL/dw2 of mine is twice what the chain rule gives; and dL/db1 of mine is 4 times what the "
        "chain rule gives",
        r"dL/dw2\[\d,\d\] is \S+ where the chain rule asks for",
    ),
    "biases twice": (
        backprop(scaled(db1=2, db2=2, db3=2)),
        "dL/db3, dL/db2 and dL/db1 of mine are twice what the chain rule gives",
        r"dL/db3\[0\] is \S+ where the chain rule asks for",
    ),
    "one bias by a factor without a name": (
        backprop(scaled(db2=3)),
        "dL/db2 of mine is 3 times what the chain rule gives",
        r"dL/db2\[\d\] is \S+ where the chain rule asks for",
    ),
    "one hundredth": (
        backprop(everything(0.01)),
        "the gradient of mine is 0.01 times what the chain rule gives, as by a mean over 100 "
        "samples or by a step of 0.01",
        r"delta3\[0\] is \S+ where 2 \(yhat - y\) is",
    ),
    "half": (
        backprop(everything(0.5)),
        "the gradient of mine is half of what the chain rule gives, as by a missing factor 2 of "
        "(yhat - y)^2",
        r"delta3\[0\] is \S+ where 2 \(yhat - y\) is",
    ),
    "one entry": (
        backprop(one_entry),
        "dL/dw2 of mine is not h1 times dL/db2, and neither one nor two known mistakes explain it",
        r"dL/dw2\[1,2\] is \S+ where h1 times dL/db2 is",
    ),
}


@functools.cache
def two_factors():
    return compare(MISTAKES["two factors"][0])


@pytest.mark.parametrize("name", MISTAKES)
def test_the_name_and_the_figures_are_of_one_quantity(name):
    candidate, said, figures = MISTAKES[name]
    if name == "two factors":
        report = two_factors()
    else:
        report = compare(candidate, samples=100 if name == "one hundredth" else 5)
    assert report.verdict == "disagree"
    assert report.reason.startswith(said), report.reason
    assert "; first seen in sample 0, layer " in report.reason
    assert re.search(rf"layer \d(, by the rule \w+)?: {figures} ", report.reason), report.reason


def test_a_factor_that_comes_about_in_two_ways_has_both_names():
    report = compare(backprop(everything(0.5)), outputs=2)
    assert report.reason.startswith(
        "the gradient of mine is half of what the chain rule gives, as by a missing factor 2 of "
        "(yhat - y)^2 or by a mean over the 2 outputs: right for --loss=half_squared or "
        "--loss=mean_squared; first"
    )


def test_a_factor_has_to_fit_every_entry():
    def change(grads):
        everything(0.5)(grads)
        for array in grads[2]:  # the entries of one output are 1e-6 of those of the other
            array[..., 1] *= -1
        return grads

    def small_residual(params, x, y):
        return backprop(change)(params, x, y)

    rng = np.random.default_rng(1)
    layers = [(rng.normal(size=s), rng.normal(size=s[1])) for s in ((2, 5), (5, 5), (5, 2))]
    layers = [(np.float32(w), np.float32(b)) for w, b in layers]
    layers[2][0][:, 1] *= np.float32(1e-6)
    layers[2][1][1] = 0
    x = np.float32(rng.random((5, 2)))
    y = np.float32(np.stack([rng.random(5), np.zeros(5)], axis=1))
    options = {"activation": "sigmoid", "implementations": ["numpy_manual"]}
    report = compare_gradients(layers, x, y, candidates={"mine": small_residual}, **options)
    assert report.verdict == "disagree"
    assert " is half of " not in report.reason
    right = backprop(everything(0.5))
    report = compare_gradients(layers, x, y, candidates={"mine": right}, **options)
    assert " is half of " in report.reason


@pytest.mark.parametrize(
    "change", [scaled(dw1=1 + 1e-12), everything(1 + 1e-11)], ids=["dw1", "everything"]
)
def test_two_numbers_that_disagree_look_different(change):
    report = compare(backprop(change), np.float64)
    found, expected = re.search(
        r" is (\S+) where .* (?:is|asks for) (\S+?)(?:,|$)", report.reason
    ).groups()
    assert (report.verdict, found != expected) == ("disagree", True), report.reason
    assert float(found) == pytest.approx(float(expected), rel=1e-9)
    page = failure(report_to_dict(report), picture="")
    assert found in page
    assert expected in page


def test_the_page_gives_an_explanation_figures_of_its_own_quantity():
    mine = report_to_dict(two_factors())["implementations"][1]
    first = mine["certificate"]["first_failure"]
    assert first["parameter"] == "w1"
    assert re.fullmatch(
        r"dL/dw2 of mine is twice what the chain rule gives; and dL/db1 of mine is 4 times what "
        r"the chain rule gives: dL/dw2\[\d,\d\] is \S+ where the "
        r"chain rule asks for \S+",
        first["explanation"],
    )


def test_the_deciding_values_are_of_the_quantity_that_is_named():
    (shown,) = two_factors().values
    assert shown.quantity == "w2"
    assert shown.values["mine"] == pytest.approx(2 * shown.values["numpy_manual"], rel=1e-5)


def tanh_net(seed, sizes, bias):
    rng = np.random.default_rng(seed)
    layers = [
        (rng.normal(size=pair).astype(np.float32), (bias * rng.normal(size=pair[1])))
        for pair in itertools.pairwise(sizes)
    ]
    layers = [(w, b.astype(np.float32)) for w, b in layers]
    x, y = (rng.normal(size=(1, n)).astype(np.float32) for n in (sizes[0], sizes[-1]))
    return layers, x, y


def tanh_backprop(layer, change):
    """A backprop of tanh layers in which dL/dw of one layer is changed, with its weights."""

    def mine(params, x, y):
        h = [x]
        for w, b in params[:-1]:
            h.append(np.tanh(h[-1] @ w + b))
        delta, grads = 2 * (h[-1] @ params[-1][0] + params[-1][1] - y), []
        for i in range(len(params) - 1, -1, -1):
            dw = np.outer(h[i], delta)
            grads.insert(0, (change(dw, params[i][0]) if i + 1 == layer else dw, delta))
            if i:
                delta = (params[i][0] @ delta) * (1 - h[i] * h[i])
        return grads

    return mine


def first_row_negated(dw, w):
    del w
    return np.concatenate([-dw[:1], dw[1:]])


def disturbed(dw, w):
    del w
    return dw * np.linspace(1, 1.01, dw.size, dtype=dw.dtype).reshape(dw.shape) ** 3


INNOCENT = {
    "saturated": ((2, 4, 4, 2), 10, 1, first_row_negated, "dL/dw1 of mine is not x times dL/db1"),
    "no product": ((3, 4, 4, 4, 2), 1, 2, disturbed, "dL/dw2 of mine is not h1 times dL/db2"),
    "one unit": ((3, 4, 3, 1, 4, 2), 1, 3, disturbed, "dL/dw3 of mine is not h2 times dL/db3"),
}


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        *(("saturated", seed) for seed in (2, 3, 4)),
        *(("no product", seed) for seed in (2, 3)),
        ("one unit", 4),
    ],
)
def test_no_innocent_layer_is_blamed(name, seed):
    """Neither one whose rounding is large, nor one next to a wrong one that spoils what it shows.

    Under a saturated layer all of delta is rounding. From a wrong dL/dw no h is to be recovered, by
    which the layer above could be judged.
    """
    sizes, bias, layer, change, said = INNOCENT[name]
    report = compare_gradients(
        *tanh_net(seed, sizes, bias),
        activation="tanh",
        implementations=["numpy_manual"],
        candidates={"mine": tanh_backprop(layer, change)},
    )
    assert report.reason.startswith(said), report.reason
