"""The same network a second time compiles nothing, whatever its weights."""

import itertools

import jax
import numpy as np
import pytest

from compare import Detail, compare_gradients
from compare.testing import assert_gradients_agree

COMPILED = []
X = np.random.default_rng(1).random((5, 2)).astype(np.float32)


@jax.monitoring.register_event_duration_secs_listener
def listen(event, seconds, **known):
    if event == "/jax/core/compile/backend_compile_duration":
        COMPILED.append(known)


def layers(seed, sizes=(2, 4, 3)):
    rng = np.random.default_rng(seed)
    return [
        (rng.random(both, np.float32), rng.random(both[1], np.float32))
        for both in itertools.pairwise(sizes)
    ]


def compiled_by(call):
    COMPILED.clear()
    call()
    return len(COMPILED)


@pytest.mark.parametrize("options", [{}, {"reduction": "mean"}, {"detail": Detail(trace=1)}])
def test_other_weights_of_one_shape_compile_nothing(options):
    compare_gradients(layers(0), X, **options)
    assert compiled_by(lambda: compare_gradients(layers(1), X, **options)) == 0


def test_what_compiles_is_seen():
    unusual = layers(0, (2, 7, 3, 1))
    assert compiled_by(lambda: compare_gradients(unusual, X)) >= 2


def backward(params, x, y):
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    delta2 = 2 * (h @ w2 + b2 - y)
    delta1 = (w2 @ delta2) * h * (1 - h)
    return [(np.outer(x, delta1), delta1), (np.outer(h, delta2), delta2)]


def test_a_test_suite_compiles_once_for_all_cases_of_one_shape(tmp_path):
    options = {"candidate": backward, "save": tmp_path}
    assert_gradients_agree(layers(0), X, **options)
    assert compiled_by(lambda: assert_gradients_agree(layers(1), X, **options)) == 0
