import hypothesis
import hypothesis.strategies as st
import jax
import numpy as np
import pytest

import jaxmlp
from jaxmlp import ACTIVATIONS, Layer, init_params
from jaxmlp.base import check_params, layer_sizes, parameter_count, parameter_names

sizes_strategy = st.lists(st.integers(1, 9), min_size=2, max_size=6).map(tuple)


@hypothesis.given(sizes_strategy, st.sampled_from(["torch", "normal"]), st.integers(0, 2**32))
@hypothesis.settings(deadline=None, max_examples=50)
def test_init_has_the_shapes_and_is_rounded_once_from_float64(sizes, init, seed):
    wide = init_params(np.random.default_rng(seed), sizes, init=init, dtype=np.float64)
    narrow = init_params(np.random.default_rng(seed), sizes, init=init, dtype=np.float32)
    check_params(narrow)
    assert layer_sizes(narrow) == sizes
    assert parameter_count(sizes) == sum(leaf.size for leaf in jax.tree.leaves(narrow))
    for a, b in zip(jax.tree.leaves(wide), jax.tree.leaves(narrow), strict=True):
        np.testing.assert_array_equal(a.astype(np.float32), b)


def test_torch_init_is_within_its_limits_and_fills_them():
    layer = init_params(np.random.default_rng(0), (4, 2000), init="torch")[0]
    for leaf in layer:
        assert 0.49 < np.abs(leaf).max() <= 0.5


def test_normal_init_has_mean_0_and_deviation_1():
    w = init_params(np.random.default_rng(0), (100, 1000), init="normal")[0].w
    assert abs(w.mean()) < 5 / np.sqrt(w.size)
    assert abs(w.std() - 1) < 5 / np.sqrt(2 * w.size)


def test_unknown_init_is_refused():
    with pytest.raises(ValueError, match="one of torch, normal, got 'he'"):
        init_params(np.random.default_rng(0), (2, 1), init="he")


def test_forward_by_hand():
    params = (
        Layer(np.array([[1.0, -1.0], [2.0, 0.5]], np.float32), np.array([0.5, 0.0], np.float32)),
        Layer(np.array([[3.0], [4.0]], np.float32), np.array([-1.0], np.float32)),
    )
    x, y = np.array([1.0, 2.0], np.float32), np.array([10.0], np.float32)
    preacts, acts = jaxmlp.forward_with_intermediates(params, x, activation=ACTIVATIONS["relu"])
    np.testing.assert_array_equal(preacts[0], [5.5, 0.0])
    np.testing.assert_array_equal(acts[0], x)
    np.testing.assert_array_equal(preacts[1], [15.5])
    assert float(jaxmlp.loss(params, x, y, activation=ACTIVATIONS["relu"])) == 5.5**2


def test_parameter_names_are_in_network_order():
    names = parameter_names(11)
    assert names[:4] == ("w1", "b1", "w2", "b2")
    assert names[-2:] == ("w11", "b11")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "at least one layer"),
        ([((2,), (2,))], "w1: expected a matrix"),
        ([((2, 0), (0,))], "w1: expected a matrix"),
        ([((2, 3), (2,))], r"b1: expected shape \(3,\)"),
        ([((2, 3), (3,)), ((4, 1), (1,))], "w2: expected n_in = 3, the n_out of layer 1"),
    ],
)
def test_params_that_do_not_chain_are_refused(shapes, message):
    params = tuple(Layer(np.zeros(w), np.zeros(b)) for w, b in shapes)
    with pytest.raises(ValueError, match=message):
        check_params(params)
