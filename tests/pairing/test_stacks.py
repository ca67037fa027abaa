"""Weights of layers that are stacked in one array are paired though their numbers tell nothing."""

import numpy as np
import pytest

from compare.pairing.pairs import pair
from tests.pairing.networks import drawn, is_made, sources_of

LAYERS = 3


def layers(seed=0):
    """Weights of torch: of each layer a trained matrix, two fresh norms, and a matrix of zeros."""
    found = {}
    for k in range(LAYERS):
        for norm in ("norm1", "norm2"):
            found[f"blocks.{k}.{norm}.weight"] = np.ones(6, np.float32)
            found[f"blocks.{k}.{norm}.bias"] = np.zeros(6, np.float32)
        found[f"blocks.{k}.up.weight"] = drawn(6, 6, seed=seed + k)
        found[f"blocks.{k}.down.weight"] = np.zeros((6, 6), np.float32)
    return found


def stacked(theirs, order=range(LAYERS), axis=0):
    """Returns the weights in arrays of all layers, as `nn.scan` has them."""
    found = {}
    for name in theirs:
        if name.startswith("blocks.0."):
            module, leaf = name.removeprefix("blocks.0.").split(".")
            ones = [theirs[name.replace("0", str(k), 1)].T for k in order]
            leaf = "bias" if leaf == "bias" else "kernel" if ones[0].ndim > 1 else "scale"
            found[f"blocks.{module}.{leaf}"] = np.stack(ones, axis)
    return found


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_fresh_norms_of_stacked_layers_go_with_the_matrices_beside_them(axis, order):
    theirs = layers()
    own = stacked(theirs, order, axis)
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.findings == found.remarks == found.unused == found.kept == ()
    again = layers(seed=10) | {n: drawn(6, seed=k) for k, n in enumerate(theirs) if "norm" in n}
    for name, wanted in stacked(again, order, axis).items():
        np.testing.assert_array_equal(found.arrangements[name].of(again), wanted)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_the_reference_may_be_what_is_stacked(order):
    own = layers()
    theirs = stacked(own, order)
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.findings == found.remarks == found.unused == found.kept == ()
    at = order.index(1)
    assert found.layouts["blocks.1.up.weight"] == f"index {at} of axis 0, transposed"
    assert found.layouts["blocks.1.down.weight"] == f"index {at} of axis 0, transposed"
    assert found.layouts["blocks.1.norm2.bias"] == f"row {at}"
    assert sources_of(found)["blocks.1.norm2.bias"] == ("blocks.norm2.bias",)


def test_a_norm_of_one_layer_that_is_another_is_not_taken_for_right():
    theirs = layers()
    own = stacked(theirs)
    own["blocks.norm1.scale"][1] = 2
    assert "blocks.norm1.scale" in pair(theirs, own).kept


def test_a_matrix_that_is_symmetric_is_laid_out_as_the_others_are():
    theirs = {f"{name}.weight": np.eye(5, dtype=np.float32) for name in ("a", "b")}
    for weights in (theirs, theirs | {"c.weight": drawn(5, 5)}):
        own = {name.replace("weight", "kernel"): one.T for name, one in weights.items()}
        for found in (pair(weights, own), pair(own, weights)):
            assert set(found.layouts.values()) == {"transposed"}
            assert found.findings == found.remarks == ()


def attention(count=LAYERS, heads=(2, 4)):
    """Weights of torch's attention with fresh biases, and the same of Flax in stacked layers."""
    width = heads[0] * heads[1]
    packed = [drawn(3 * width, width, seed=k) for k in range(count)]
    theirs = {f"layers.{k}.in_proj_weight": one for k, one in enumerate(packed)}
    theirs |= {f"layers.{k}.in_proj_bias": np.zeros(3 * width, np.float32) for k in range(count)}
    own = {}
    for k, part in enumerate(("query", "key", "value")):
        rows = slice(k * width, (k + 1) * width)
        own[f"layers.{part}.kernel"] = np.stack([w[rows].T.reshape(width, *heads) for w in packed])
        own[f"layers.{part}.bias"] = np.zeros((count, *heads), np.float32)
    return theirs, own


def test_fresh_biases_of_stacked_heads_go_with_their_kernels_both_ways():
    torch, flax = attention()
    for theirs, own in ((torch, flax), (flax, torch)):
        found = pair(theirs, own)
        assert is_made(found, theirs, own)
        assert found.findings == found.remarks == found.unused == found.kept == ()
    at = found.arrangements["layers.1.in_proj_bias"]
    named = {name: drawn(*one.shape, seed=len(name)) for name, one in flax.items()}
    expected = [named[f"layers.{part}.bias"][1].ravel() for part in ("query", "key", "value")]
    np.testing.assert_array_equal(at.of(named), np.concatenate(expected))
