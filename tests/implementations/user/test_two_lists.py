"""Two lists of two arrays: two layers, or all dw and all db."""

import numpy as np
import pytest

from compare import CallStyle, compare_gradients
from jaxmlp import init_params
from tests.support import backwards

PARAMS = init_params(np.random.default_rng(0), (3, 4, 1), dtype=np.float64)
X = np.random.default_rng(1).normal(size=(5, 3))
FORMS = {
    "pairs": lambda w1, b1, w2, b2: [(w1, b1), (w2, b2)],
    "all dw and all db": lambda w1, b1, w2, b2: ([w1, w2], [b1, b2]),
}


def judged(form, *, spoil=1.0, layout="in_out", batched=False):
    def of_one(params, x, y):
        pairs = [(w if layout == "in_out" else w.T, b) for w, b in params]
        (w1, b1), (w2, b2) = backwards.right(pairs, x, y)
        if layout == "out_in":
            w1, w2 = w1.T, w2.T
        return w1, spoil * b1[:, None], w2, b2[:, None]  # biases as columns, as w2 is one

    def mine(params, x, y):
        if not batched:
            return FORMS[form](*of_one(params, x, y))
        each = [of_one(params, *one) for one in zip(x, y, strict=True)]
        return FORMS[form](*map(np.stack, zip(*each, strict=True)))

    params = [(w if layout == "in_out" else w.T, b) for w, b in PARAMS]
    return compare_gradients(
        params,
        X,
        candidates=[mine],
        layout=layout,
        implementations=["numpy_manual"],
        call_style=CallStyle(batched=batched),
    )


@pytest.mark.parametrize("batched", [False, True])
@pytest.mark.parametrize("layout", ["in_out", "out_in"])
@pytest.mark.parametrize("form", FORMS)
def test_the_numbers_say_which_it_is(form, layout, batched):
    assert judged(form, layout=layout, batched=batched).verdict == "agree"
    wrong = judged(form, spoil=1.5, layout=layout, batched=batched)
    assert "dL/db1 of mine is 1.5 times" in wrong.reason
