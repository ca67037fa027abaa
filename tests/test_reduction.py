"""Gradients of batches, as a user asks for them."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from compare import CallStyle, Detail, UsageError, compare_gradients
from compare.report.json.schema import first_fault
from compare.report.json.write import report_to_dict
from compare.report.page.sections.batches import batches
from compare.report.text.report import format_report
from jaxmlp import init_params

SIZES = (3, 4, 2)
PARAMS = init_params(np.random.default_rng(0), SIZES)
X = np.random.default_rng(1).random((9, 3)).astype(np.float32)
OPTIONS = {"implementations": ("jax_manual",), "detail": Detail(witness=0)}


def of_batch(params, x, y, *, weight=None, rows=slice(None)):
    """dL/dw is h^T delta."""
    (w1, b1), (w2, b2) = params
    x, y = x[rows], y[rows]
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    delta2 = 2 * (h @ w2 + b2 - y) * np.float32(1 if weight is None else weight)
    delta1 = (delta2 @ w2.T) * h * (1 - h)
    return [(x.T @ delta1, delta1.sum(axis=0)), (h.T @ delta2, delta2.sum(axis=0))]


def summed(params, x, y):
    return of_batch(params, x, y)


def averaged(params, x, y):
    return of_batch(params, x, y, weight=1 / len(x))


def averaged_by_einsum(params, x, y):
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(np.einsum("ni,ij->nj", x, w1) + b1)))
    delta2 = 2 * (h @ w2 + b2 - y)
    delta1 = np.einsum("nk,jk->nj", delta2, w2) * h * (1 - h)
    pairs = ((x, delta1), (h, delta2))
    n = np.float32(len(x))
    return [(np.einsum("ni,nj->ij", a, d) / n, np.einsum("nj->j", d) / n) for a, d in pairs]


def averaged_by_torch(params, x, y):
    leaves = [leaf.clone().requires_grad_() for layer in params for leaf in layer]
    w1, b1, w2, b2 = leaves
    losses = (torch.sigmoid(x @ w1 + b1) @ w2 + b2 - y).square().sum(dim=1)
    losses.mean().backward()
    return [(w1.grad, b1.grad), (w2.grad, b2.grad)]


def averaged_by_jax(params, x, y):
    def loss(params, x, y):
        (w1, b1), (w2, b2) = params
        return jnp.square(jax.nn.sigmoid(x @ w1 + b1) @ w2 + b2 - y).sum()

    losses = jax.vmap(loss, in_axes=(None, 0, 0))
    return jax.grad(lambda params: losses(params, x, y).mean())(params)


def biases_averaged(params, x, y):
    return [(dw, db / np.float32(len(x))) for dw, db in summed(params, x, y)]


def last_alone(params, x, y):
    return of_batch(params, x, y, rows=slice(-1, None))


def first_dropped(params, x, y):
    return of_batch(params, x, y, rows=slice(1, None))


def of_batches_alone(params, x, y):
    if len(x) == 1:
        raise ValueError("cannot squeeze")
    return averaged(params, x, y)


def of_each_sample(params, x, y):
    each = [summed(params, x[i : i + 1], y[i : i + 1]) for i in range(len(x))]
    return [tuple(np.stack([one[i][j] for one in each]) for j in (0, 1)) for i in (0, 1)]


def compared(candidate, reduction, *, arrays="numpy", **more):
    options = {**OPTIONS, "call_style": CallStyle(arrays=arrays, batch_size=4), **more}
    return compare_gradients(PARAMS, X, candidates=[candidate], reduction=reduction, **options)


@pytest.mark.parametrize(
    ("candidate", "reduction", "arrays"),
    [
        (summed, "sum", "numpy"),
        (averaged, "mean", "numpy"),
        (averaged_by_einsum, "mean", "numpy"),
        (averaged_by_torch, "mean", "torch"),
        (averaged_by_jax, "mean", "jax"),
    ],
)
def test_what_is_right_agrees_sample_by_sample_and_in_batches(candidate, reduction, arrays):
    report = compared(candidate, reduction, arrays=arrays)
    assert report.verdict == "agree", report.reason
    assert f"; every gradient of a batch is the {reduction} over its samples" in report.reason
    check = report.batches.checks[candidate.__name__]
    assert (check.batches, check.samples, check.failed, check.own_samples) == (2, (4, 5), 0, True)
    assert [one.certificate.certified for one in report.implementations] == [9, 9]


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
def test_our_own_agree_in_every_dtype(dtype):
    names = ("jax_grad", "jax_manual", "torch_autograd", "numpy_manual")
    options = {"implementations": names, "dtype": dtype, "cast": True, "detail": Detail(witness=0)}
    options["activation"] = "leaky_relu:0.2" if dtype == "float64" else "sigmoid"
    report = compare_gradients(PARAMS, X, reduction="mean", **options)
    assert report.verdict == "agree", report.reason
    assert tuple(report.batches.checks) == names
    assert len(report.batches.pairs) == 6


def batches_halved(params, x, y):
    half = np.float32(1 if len(x) == 1 else 0.5)
    return [(half * dw, half * db) for dw, db in summed(params, x, y)]


def of_batches_halved(params, x, y):
    return [(dw / 2, db / 2) for dw, db in of_batches_alone(params, x, y)]


MISTAKES = [
    (
        batches_halved,
        "sum",
        "the gradient of batches_halved is half of the sum over the batch, as by a mean over the 2 "
        "outputs; first seen",
    ),
    (
        of_batches_halved,
        "mean",
        "the gradient of of_batches_halved is half of the mean over the batch, as by a missing "
        "factor 2 or by a mean over the 2 outputs: right for --loss=half_squared or "
        "--loss=mean_squared; first seen",
    ),
    (
        biases_averaged,
        "sum",
        "dL/db2 and dL/db1 of biases_averaged are the mean over the batch where the sum is asked "
        "for",
    ),
    (
        summed,
        "mean",
        "the gradient of summed is the sum over the batch where the mean is asked for",
    ),
    (last_alone, "sum", "the gradient of last_alone is that of the last sample of a batch alone"),
    (
        first_dropped,
        "sum",
        "the gradient of first_dropped is that of a batch without its first sample",
    ),
]


@pytest.mark.parametrize(("candidate", "reduction", "said"), MISTAKES)
def test_a_mistake_of_the_reduction_alone_is_named(candidate, reduction, said):
    report = compared(candidate, reduction, implementations=("jax_manual", "jax_grad"))
    assert report.verdict == "disagree"
    assert report.reason.startswith(said), report.reason
    assert "; first seen in the batch of samples 0 to 3: dL/d" in report.reason


def test_an_entry_that_is_no_number_is_not_told_in_units_of_rounding():
    def wrong(params, x, y):
        (dw1, db1), second = summed(params, x, y)
        dw1[0, 0] = np.nan if len(x) == 5 else dw1[0, 0]
        return [(dw1, db1), second]

    reason = compared(wrong, "sum").reason
    assert "dL/dw1[0,0] is nan where the sum of what it returns for each sample alone is" in reason
    assert reason.endswith(", and no sum on the way can have overflowed")


def test_a_mistake_of_samples_comes_before_what_they_add_up_to():
    def wrong(params, x, y):
        return [(dw / 2, db / 2) for dw, db in summed(params, x, y)]

    assert compared(wrong, "sum").reason.startswith("the gradient of wrong is half of what")


def test_what_takes_no_single_sample_is_held_against_float64():
    report = compared(of_batches_alone, "mean", implementations=("jax_manual", "jax_grad"))
    assert report.verdict == "agree", report.reason
    assert [one.name for one in report.implementations] == ["jax_manual", "jax_grad"]
    said = "; of_batches_alone is known for 2 batches of 4 to 5 samples alone and held against"
    assert not report.batches.checks["of_batches_alone"].own_samples
    assert said in report.reason


class Module(torch.nn.Module):
    """Linear, tanh, Linear, and a loss of the test if there is one."""

    def __init__(self, loss):
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.loss = torch.nn.Linear(3, 4), torch.nn.Linear(4, 1), loss

    def forward(self, x, y):
        return self.loss(self.b(torch.tanh(self.a(x))), y)


mse = torch.nn.functional.mse_loss
MODULES = {
    "its own mean": (mse, "agree: "),
    "its own sum": (
        lambda z, y: mse(z, y, reduction="sum"),
        "disagree: the gradient of module is the sum over the batch where the mean is asked for, "
        "as it should be with --reduction=sum; first seen in the batch of samples 0 to 3: ",
    ),
    "of each sample": (lambda z, y: mse(z, y, reduction="none"), "agree: "),
    "one by all of the others": (  # [N, 1] less [N]
        lambda z, y: (z - y.flatten()).square().mean(),
        "disagree: the gradient of a batch of module is not the mean over its samples, and "
        "nothing that was tried explains it; first seen in the batch of samples 0 to 3: ",
    ),
}


@pytest.mark.parametrize(("loss", "said"), MODULES.values(), ids=MODULES)
def test_a_module_has_batches_of_its_own(loss, said):
    options = {**OPTIONS, "implementations": ("numpy_manual",), "reduction": "mean"}
    report = compare_gradients(Module(loss), X, call_style=CallStyle(batch_size=4), **options)
    assert f"{report.verdict}: {report.reason}".startswith(said), report.reason
    assert report.batches.checks["module"].own_samples


def test_a_module_that_takes_single_samples_alone_is_told_before_the_run():
    net = Module(lambda z, y: (z.sum() - y.sum()).square().reshape(1))
    net.forward = lambda x: net.b(torch.tanh(net.a(x.reshape(1, 3))))
    with pytest.raises(UsageError, match=r"^module: expected its forward to take a batch"):
        compare_gradients(net, X, reduction="mean", implementations=("numpy_manual",))


def arrays_of(function, **more):
    y = np.repeat(np.square(X.astype(np.float64)).mean(axis=1, keepdims=True), 2, axis=1)
    return function(PARAMS, X, y.astype(np.float32), **more)


BOTH = {**OPTIONS, "implementations": ("jax_manual", "jax_grad")}


@pytest.mark.parametrize("layout", ["in_out", None])
def test_arrays_of_one_batch_are_held_against_float64(layout):
    given = {"mine": arrays_of(averaged)}
    report = compare_gradients(PARAMS, X, gradients=given, reduction="mean", layout=layout, **BOTH)
    assert report.verdict == "agree", report.reason
    assert "; mine is known for 1 batch of 9 samples alone" in report.reason


def test_arrays_of_one_batch_that_are_wrong_are_explained():
    given = {"mine": arrays_of(summed)}
    report = compare_gradients(PARAMS, X, gradients=given, reduction="mean", **BOTH)
    assert report.reason.startswith(
        "the gradient of mine is the sum over the batch where the mean is asked for, as it should "
        "be with --reduction=sum; first seen in the batch of samples 0 to 8: "
    )


def test_arrays_of_single_samples_are_told():
    given = {"mine": arrays_of(of_each_sample)}
    with pytest.raises(UsageError) as raised:
        compare_gradients(PARAMS, X, gradients=given, reduction="mean", **BOTH)
    assert str(raised.value) == (
        "gradients mine: expected the gradient of one batch of all 9 samples with "
        "reduction='mean', got one for each sample; bring their mean, or drop reduction"
    )


def test_a_function_that_returns_a_gradient_for_each_sample_is_told():
    with pytest.raises(UsageError) as raised:
        compared(of_each_sample, "sum")
    assert str(raised.value) == (
        "candidate of_each_sample, the batch of samples 0 to 3: expected one gradient for the "
        "whole batch with reduction='sum', got one for each of its 4 samples; return their sum, or "
        "pass call_style=CallStyle(batched=True) without reduction"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"call_style": CallStyle(batch_size=4)},
            "call_style.batch_size: a batch of 4 needs reduction='mean' or reduction='sum'",
        ),
        (
            {"reduction": "sum", "call_style": CallStyle(batch_size=0)},
            "call_style.batch_size: expected an integer from 1",
        ),
        (
            {"reduction": "sum", "call_style": CallStyle(batch_size=10)},
            "call_style.batch_size: expected at most the 9 samples there are, got 10",
        ),
        ({"reduction": "median"}, "reduction: expected one of mean, sum, got 'median'"),
        (
            {"reduction": "sum", "call_style": CallStyle(batched=True)},
            "call_style.batched: with reduction='sum' a candidate returns one gradient",
        ),
    ],
)
def test_what_does_not_go_together_is_told(options, said):
    with pytest.raises(UsageError, match=f"^{said}"):
        compare_gradients(PARAMS, X, **BOTH, **options)


def test_a_difference_that_only_a_vacuous_bound_allows_is_undecided():
    """Of a deep network the proof says little of w1, and a mistake there is no rounding either."""
    params = init_params(np.random.default_rng(0), (3, *(20,) * 12, 2))

    def backward(params, x, y):
        acts = [x]
        for i, (w, b) in enumerate(params, start=1):
            z = acts[-1] @ w + b
            acts.append(z if i == len(params) else 1 / (1 + np.exp(-z)))
        delta, grads = 2 * (acts[-1] - y), []
        for i in range(len(params) - 1, -1, -1):
            dw = acts[i].T @ delta
            grads.append((dw * np.float32(len(x)) if i == 0 else dw, delta.sum(axis=0)))
            if i:
                delta = (delta @ params[i][0].T) * acts[i] * (1 - acts[i])
        return grads[::-1]

    report = compare_gradients(params, X, candidates=[backward], reduction="sum", **OPTIONS)
    assert report.verdict == "undecided", report.reason
    assert report.reason.startswith("dL/dw1[")
    assert "more than rounding usually makes of it" in report.reason


def test_report_page_and_json_have_batches():
    report = compared(biases_averaged, "sum")
    content = json.loads(json.dumps(report_to_dict(report)))
    assert first_fault(content) is None
    wrong = content["batches"]["implementations"][1]
    assert wrong["name"] == "biases_averaged"
    assert wrong["causes"][0]["quantities"] == ["dL/db2", "dL/db1"]
    text = format_report(report, verbose=True)
    assert "Gradients of the sum over batches of 4 to 5 samples" in text
    assert "B biases_averaged                    2       2" in text
    assert "By fixed rules, in the worst pair of gradients of single samples: torch" in text
    assert "Gradients of the sum over batches" in batches(content)


def test_without_a_reduction_nothing_is_said_of_batches():
    report = compare_gradients(PARAMS, X, **BOTH)
    assert report.batches is None
    assert report_to_dict(report)["batches"] is None
    assert "batch" not in report.reason
