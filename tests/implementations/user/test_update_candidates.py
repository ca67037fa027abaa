"""Functions that show nothing but weights after a step: the gradient that it was is judged."""

import ml_dtypes
import numpy as np
import pytest
import torch

from compare import CallStyle, UsageError, compare_gradients, run
from jaxmlp import init_params
from tests.support import backwards
from tests.support.runs import report

RATE = 0.1
PARAMS = init_params(np.random.default_rng(0), (2, 5, 1))
X = np.random.default_rng(1).random((4, 2)).astype(np.float32)


def steps(params, x, y, backward=backwards.right):
    gradients = backward(params, x, y)
    return [
        tuple(w - w.dtype.type(RATE) * g for w, g in zip(layer, pair, strict=True))
        for layer, pair in zip(params, gradients, strict=True)
    ]


def in_place(params, x, y):
    for layer, new in zip(params, steps(params, x, y), strict=True):
        for old, one in zip(layer, new, strict=True):
            old[...] = one


def in_place_with_the_loss(params, x, y):
    in_place(params, x, y)
    return np.array([0.5])


def in_the_list(params, x, y):
    params[:] = steps(params, x, y)


def flat(params, x, y):
    return [leaf for layer in steps(params, x, y) for leaf in layer]


def by_name_beside_gradients(params, x, y):
    found = {}
    gradients = backwards.right(params, x, y)
    for i, (new, pair) in enumerate(zip(steps(params, x, y), gradients, strict=True), start=1):
        found |= {f"W{i}": new[0], f"b{i}": new[1], f"dW{i}": pair[0], f"db{i}": pair[1]}
    return found


def in_float64(params, x, y):
    wide = [(w.astype(np.float64), b.astype(np.float64)) for w, b in params]
    return steps(wide, x.astype(np.float64), y.astype(np.float64))


RIGHT = (steps, in_place, in_place_with_the_loss, in_the_list, flat, by_name_beside_gradients)


def compared(function, *, params=PARAMS, x=X, rate=RATE, arrays="numpy", **options):
    return compare_gradients(
        params,
        x.astype(params[0].w.dtype),
        candidates={"mine": function},
        implementations=["numpy_manual"],
        call_style=CallStyle(returns="update", learning_rate=rate, arrays=arrays),
        **options,
    )


@pytest.mark.parametrize("function", [*RIGHT, in_float64])
def test_a_right_step_agrees_and_what_it_hides_is_said(function):
    found = compared(function)
    assert found.verdict == "agree", found.reason
    assert "mine hides digits: it comes from a step at a rate of 0.1, which shows" in found.reason
    assert found.reason.endswith("numbers; a larger rate shows more")


def test_a_step_of_a_torch_optimiser():
    def step(params, x, y):
        leaves = [leaf.requires_grad_() for layer in params for leaf in layer]
        (w1, b1), (w2, b2) = params
        loss = ((torch.sigmoid(x @ w1 + b1) @ w2 + b2 - y) ** 2).sum()
        loss.backward()
        torch.optim.SGD(leaves, lr=RATE).step()
        return loss

    assert compared(step, arrays="torch").verdict == "agree"


def test_a_wrong_entry_of_a_step_is_found():
    def wrong(params, x, y):
        new = steps(params, x, y)
        new[0][0][1, 2] += np.float32(0.01)
        return new

    found = compared(wrong)
    assert found.verdict == "disagree"
    assert "w1" in found.reason or "layer 1" in found.reason


def test_a_wrong_gradient_is_explained_and_the_rate_is_told():
    found = compared(lambda *args: steps(*args, backward=backwards.factor_2_missing))
    assert found.reason.startswith("the gradient of mine is half of what the chain rule gives")
    assert found.reason.endswith("the digits that a step at a rate of 0.1 shows allow")


def test_the_rate_is_taken_as_it_was_said_and_never_guessed():
    found = compared(steps, rate=2 * RATE)
    assert found.verdict == "disagree"
    assert "is half of what the chain rule gives" in found.reason
    assert "at a rate of 0.2" in found.reason


@pytest.mark.parametrize("dtype", [np.float64, np.float16, ml_dtypes.bfloat16])
def test_a_step_in_another_dtype(dtype):
    params = init_params(np.random.default_rng(0), (2, 5, 1), dtype=np.float64)
    params = tuple(type(layer)(*(leaf.astype(dtype) for leaf in layer)) for layer in params)

    def step(params, x, y):
        gradients = backwards.right(params, x, y)
        return [
            tuple(w - w.dtype.type(4) * g for w, g in zip(layer, pair, strict=True))
            for layer, pair in zip(params, gradients, strict=True)
        ]

    assert compared(step, params=params, rate=4).verdict == "agree"


def test_a_step_too_small_to_be_judged_asks_for_a_larger_one():
    def tiny(params, x, y):
        gradients = backwards.right(params, x, y)
        return [
            tuple(w - np.float32(1e-7) * g for w, g in zip(layer, pair, strict=True))
            for layer, pair in zip(params, gradients, strict=True)
        ]

    found = compared(tiny, rate=1e-7)
    assert found.verdict == "undecided"
    assert "of mine can" in found.reason
    assert found.reason.endswith("numbers; take a larger rate")


def same(params, x, y):
    return params


def on_a_copy(params, x, y):
    in_place([(w.copy(), b.copy()) for w, b in params], x, y)


def labels_too(params, x, y):
    y[:] = 0
    return steps(params, x, y)


def text(params, x, y):
    return "updated"


# what is wrong -> (function, options, the sentence)
BAD = {
    "nothing": (on_a_copy, {}, "mine, sample 0: expected weights after a step .* on a copy, or"),
    "same": (same, {}, "mine, sample 0: expected weights after a step of gradient descent"),
    "labels": (labels_too, {}, "mine changed its argument y in sample 0: .* work on a copy$"),
    "text": (
        text,
        {},
        r"expected a list of 2 pairs \(w, b\), of w1 \[\d, \d\] and w2 \[\d, \d\], got str$",
    ),
    "no_rate": (steps, {"rate": None}, "learning_rate: expected the rate of the step .* got none"),
    "zero": (steps, {"rate": 0}, "learning_rate: expected a finite number above 0, got 0.0$"),
    "negative": (steps, {"rate": -0.1}, "a finite number above 0, got -0.1$"),
    "nan": (steps, {"rate": float("nan")}, "a finite number above 0, got nan$"),
    "infinite": (steps, {"rate": np.inf}, "a finite number above 0, got inf$"),
    "words": (steps, {"rate": "0.1"}, "learning_rate: expected a number, got '0.1'$"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_step_is_one_sentence(case):
    function, options, words = BAD[case]
    with pytest.raises(UsageError, match=words) as caught:
        compared(function, **options)
    assert "\n" not in str(caught.value)


def test_a_rate_without_an_update_is_refused():
    with pytest.raises(
        UsageError,
        match=r"^call_style.learning_rate: expected call_style=CallStyle\(returns='update'\) b",
    ):
        compare_gradients(PARAMS, X, candidates=[steps], call_style=CallStyle(learning_rate=0.1))


def test_code_that_updates_is_told_how_to_say_so():
    with pytest.raises(
        UsageError, match=r"or, if it takes a step .* by call_style=CallStyle\(returns='update'\)"
    ):
        compare_gradients(PARAMS, X, candidates=[in_place])


def test_flags_say_the_same_and_a_command_repeats_them(tmp_path):
    flags = [
        f"--candidate={__file__}:steps",
        "--candidate_returns=update",
        "--learning_rate=0.1",
        "--layer_sizes=2,3,1",
        "--samples=3",
        "--implementations=numpy_manual",
        f"--out={tmp_path}",
    ]
    assert run.main(["compare.run", *flags]) == 0
    assert report(tmp_path)["config"]["learning_rate"] == 0.1
    with pytest.raises(UsageError, match="--learning_rate=x: expected a number, got 'x'"):
        run.main(["compare.run", *flags, "--learning_rate=x"])


def batch_step(params, x, y, factor=2.0):
    """A step by the mean gradient of a batch, in place, as training code has it."""
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    d2 = np.float32(factor / len(x)) * (h @ w2 + b2 - y)
    d1 = (d2 @ w2.T) * h * (1 - h)
    for w, g in ((w1, x.T @ d1), (b1, d1.sum(0)), (w2, h.T @ d2), (b2, d2.sum(0))):
        w -= np.float32(RATE) * g


@pytest.mark.parametrize(("factor", "verdict"), [(2.0, "agree"), (1.0, "disagree")])
def test_a_step_by_the_gradient_of_a_batch(factor, verdict):
    found = compared(lambda *args: batch_step(*args, factor=factor), reduction="mean")
    assert found.verdict == verdict, found.reason


def test_a_penalty_may_be_a_step_of_its_own():
    def decayed(params, x, y):
        return [
            (w - np.float32(RATE) * np.float32(0.1) * old, b)
            for (w, b), (old, _) in zip(steps(params, x, y), params, strict=True)
        ]

    x = np.random.default_rng(2).random((60, 2)).astype(np.float32)
    found = compared(decayed, x=x, l2=0.1)
    assert found.verdict == "agree", found.reason


def test_a_batch_may_be_taken_sample_by_sample():
    def one_after_another(params, x, y):
        new = [tuple(np.array(leaf) for leaf in layer) for layer in params]
        for x_i, y_i in zip(x, y, strict=True):
            for layer, pair in zip(new, backwards.right(params, x_i, y_i), strict=True):
                for leaf, grad in zip(layer, pair, strict=True):
                    leaf -= np.float32(RATE / len(x)) * grad
        return new

    x = np.random.default_rng(2).random((40, 2)).astype(np.float32)
    found = compared(one_after_another, x=x, reduction="mean")
    assert found.verdict == "agree", found.reason
