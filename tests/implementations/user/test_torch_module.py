"""Torch modules as people write them are judged as they are."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from compare import Detail, UsageError, compare_gradients
from compare.implementations.user.torch_module import recognise
from tests.support.module_forms import FORMS, Form, chain, end_of, labels
from torch_ref.module import read_module

OTHERS = {"implementations": ("numpy_manual",), "detail": Detail(witness=0)}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(3)


def judged(module, form, **options):
    x = torch.rand(8, 3) - 0.5
    return compare_gradients(module, x, labels(end_of(form), form.outputs, 8), **OTHERS, **options)


def doubled(module):
    """Doubles dL/dw1, on its way back."""
    weight = dict(module.named_parameters())[read_module(module).layers[0].weight]
    weight.register_hook(lambda grad: 2 * grad)
    return module


@pytest.mark.usefixtures("unexplained")
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_is_judged_as_it_is(form):
    module = form.make()
    report = judged(module, form)
    assert report.verdict == "agree", report.reason
    report = judged(doubled(module), form)
    assert report.verdict == "disagree"
    assert re.match(r"(dL/dw1|delta1) of module is not", report.reason)  # delta1 without b1


@pytest.mark.parametrize(("name", "what"), [("x @ W + b", "dL/dw1"), ("no bias", "delta1")])
def test_a_mistake_of_a_form_is_named(name, what):
    report = judged(doubled(FORMS[name].make()), FORMS[name])
    assert report.reason.startswith(f"{what} of module is twice")


@pytest.mark.parametrize(
    "name", ["softmax output", "log softmax output", "reshaped, cast and copied"]
)
def test_cross_entropy_of_what_a_module_gives(name):
    """Probabilities, their logarithms and logits."""
    form = FORMS[name]._replace(end=("softmax", "cross_entropy"))
    report = judged(form.make(), form, loss="cross_entropy")
    assert report.verdict == "agree", report.reason
    assert report.config["output"] == "softmax"


def test_binary_cross_entropy_of_what_a_module_gives():
    for form in (FORMS["sigmoid output"], Form(lambda: chain())):
        form = form._replace(end=("sigmoid", "binary_cross_entropy"))
        assert judged(form.make(), form, loss="binary_cross_entropy").verdict == "agree"


def test_a_penalty_on_the_weights_of_a_module():
    form = FORMS["x @ W + b"]
    assert judged(form.make(), form, l2=0.1).verdict == "agree"
    form = FORMS["MSELoss"]
    assert judged(form.make(), form, l2=0.1).verdict == "agree"


def port(params, x, y):
    """Of "tanh output", with a mistake: no slope of the output."""
    (w1, b1), (w2, b2) = params
    h = np.maximum(x @ w1 + b1, 0)
    delta2 = 2 * (np.tanh(h @ w2 + b2) - y)
    delta1 = (w2 @ delta2) * (h > 0)
    return [(np.outer(x, delta1), delta1), (np.outer(h, delta2), delta2)]


def test_a_wrong_port_of_a_module():
    form = FORMS["tanh output"]
    report = judged(form.make(), form, candidates=[port])
    assert report.verdict == "disagree"
    assert "port" in report.reason
    assert "module" not in report.reason


def test_what_a_report_says_of_a_loss_that_is_scaled():
    (source,) = {
        one.source
        for one in judged(FORMS["HuberLoss"].make(), FORMS["HuberLoss"]).implementations
        if one.name == "module"
    }
    assert source == "a torch WithLoss with its own loss times 3, over whose outputs it is a mean"


CONTRADICTIONS = {
    "activation": ("sigmoid output", {"activation": "tanh"}, "activation: the module has relu"),
    "output": ("sigmoid output", {"output": "tanh"}, "output: the module has sigmoid, got 'tanh'"),
    "loss": ("MSELoss", {"loss": "huber"}, "loss: the module has mean_squared, got 'huber'"),
    "bias": ("no bias", {"bias": "all"}, "bias: the module has none, got 'all'; leave it out"),
    "loss of log softmax": (
        "log softmax output",
        {"loss": "squared"},
        "loss: the module has cross_entropy, got 'squared'",
    ),
    "a loss that its output does not fit": (
        "tanh output",
        {"loss": "cross_entropy"},
        "output: expected softmax for loss='cross_entropy', got tanh",
    ),
}


@pytest.mark.parametrize(("name", "options", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_options_that_contradict_a_module(name, options, said):
    with pytest.raises(UsageError, match=said):
        judged(FORMS[name].make(), FORMS[name], **options)


def test_options_that_say_what_a_module_is():
    form = FORMS["sigmoid output"]
    report = judged(form.make(), form, activation="relu", output="sigmoid", loss="squared")
    assert report.verdict == "agree"


def test_class_numbers_for_a_module_that_takes_them():
    x, classes = torch.rand(6, 3), np.array([0, 2, 1, 1, 0, 2])
    report = compare_gradients(FORMS["NLLLoss"].make(), x, classes, **OTHERS)
    assert report.verdict == "agree", report.reason


def test_hooks_see_ordinary_tensors():
    seen = []
    module = chain()
    module[0].register_forward_hook(lambda part, given, made: seen.append(made.detach().tolist()))
    assert judged(module, Form(None)).verdict == "agree"
    assert seen


def test_what_is_no_chain_is_one_sentence_with_a_way_on():
    module = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    with pytest.raises(UsageError, match=r"1 \(LayerNorm\): it divides .* compare\.files$"):
        recognise(module)
