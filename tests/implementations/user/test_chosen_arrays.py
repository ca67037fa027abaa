"""Arrays whose layout nobody has said: the one that certifies is taken, and said."""

import numpy as np
import pytest
import torch

from compare import Detail, compare_gradients
from tests.support.gradient_files import network


def test_of_two_readings_that_certify_both_are_said():
    """dL/dw = 2 c x x^T of w = c I, b = y = 0 is its own transpose, and so is w."""
    x = np.array([[0.5, 0.25]], np.float32)
    params, zero = [(1.5 * np.eye(2, dtype=np.float32), np.zeros(2, np.float32))], np.zeros((1, 2))
    delta = 3 * x
    grads = {"mine": [(x[:, :, None] * delta[:, None, :], delta)]}
    options = {
        "activation": "identity",
        "implementations": ("numpy_manual",),
        "detail": Detail(witness=0),
    }
    report = compare_gradients(params, x, zero, gradients=grads, **options)
    assert report.verdict == "agree"
    assert "(in_out), and as w1 b1 (out_in) it certifies too" in report.reason
    assert not report.warnings
    wrong = {"mine": [(2 * dw, 2 * db) for dw, db in grads["mine"]]}
    assert compare_gradients(params, x, zero, gradients=wrong, **options).verdict == "disagree"


SQUARE = network((3, 3, 3), 2)


@pytest.mark.parametrize("out_in", [False, True])
def test_arrays_whose_layout_nobody_has_said(out_in):
    params, batch, grads = SQUARE
    own = [(w.T if out_in else w, b) for w, b in params]
    given = [(w.swapaxes(1, 2) if out_in else w, b) for w, b in grads]
    options = {
        "gradients": {"mine": given},
        "implementations": ("numpy_manual",),
        "detail": Detail(witness=0),
    }
    report = compare_gradients(own, batch.x, **options)
    assert report.verdict == "agree"
    layout = "out_in" if out_in else "in_out"
    assert report.weights.reading.layout == report.config["layout"] == layout
    assert report.implementations[1].read.reading.layout == layout
    assert bool(report.warnings) == out_in
    said = compare_gradients(own, batch.x, layout="in_out", **options)
    assert said.verdict == ("disagree" if out_in else "agree")
    assert "read as" not in said.reason


def test_the_gradients_of_a_module_in_either_layout():
    params, batch, grads = SQUARE
    module = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Sigmoid(), torch.nn.Linear(3, 3))
    for layer, (w, b) in zip((module[0], module[2]), params, strict=True):
        layer.weight.data, layer.bias.data = torch.tensor(w.T.copy()), torch.tensor(b)
    for turned in (False, True):
        given = [(w.swapaxes(1, 2) if turned else w, b) for w, b in grads]
        report = compare_gradients(
            module, batch.x, gradients={"mine": given}, implementations=(), detail=Detail(witness=0)
        )
        assert report.verdict == "agree"
        (read,) = [one.read for one in report.implementations if one.read]
        assert read.reading.layout == ("out_in" if turned else "in_out")
        assert [other.layout for other in read.failing] == ["in_out" if turned else "out_in"]
