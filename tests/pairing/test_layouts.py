"""Weights as the frameworks lay them out: fused, split, transposed, with gates in another order."""

import ml_dtypes
import numpy as np
import pytest

from compare.pairing.pairs import pair
from tests.pairing.networks import drawn, is_made, recurrent_weights, sources_of

SIZE = 5  # of the state of a recurrent layer
BOTH = ("rnn.bias_ih_l0", "rnn.bias_hh_l0")


def gates_of(theirs, gates):
    at = {gate: slice(k * SIZE, (k + 1) * SIZE) for k, gate in enumerate(gates)}
    return (*theirs.values(), at)


@pytest.mark.parametrize("is_zero", [False, True])
def test_the_gates_of_an_lstm_are_leaves_of_flax(is_zero):
    theirs = recurrent_weights(4, is_zero=is_zero)
    w_i, w_h, b_i, b_h, at = gates_of(theirs, "ifgo")
    own = {f"cell.i{gate}.kernel": w_i[at[gate]].T for gate in "fgio"}
    for gate in "fgio":
        own[f"cell.h{gate}.bias"] = (b_i + b_h)[at[gate]]
        own[f"cell.h{gate}.kernel"] = w_h[at[gate]].T
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.findings == found.remarks == found.unused == ()
    for gate in "fgio":
        assert set(sources_of(found)[f"cell.h{gate}.bias"]) == set(BOTH)
        assert found.layouts[f"cell.h{gate}.bias"] == f"the sum, gate {gate}"
        assert found.layouts[f"cell.i{gate}.kernel"] == f"gate {gate}, transposed"


@pytest.mark.parametrize("is_zero", [False, True])
def test_haiku_has_one_weight_for_all_gates_and_adds_1_to_the_forget_gate(is_zero):
    theirs = recurrent_weights(4, is_zero=is_zero)
    w_i, w_h, b_i, b_h, at = gates_of(theirs, "ifgo")
    order = [at[gate] for gate in "igfo"]
    bias = np.concatenate([(b_i + b_h)[one] for one in order])
    bias[2 * SIZE : 3 * SIZE] -= 1
    weight = np.concatenate([np.concatenate([w[one] for one in order]).T for w in (w_i, w_h)])
    own = {"lstm/linear.b": bias, "lstm/linear.w": weight}
    found = pair(theirs, own)
    assert found.findings == found.remarks == found.unused == ()
    np.testing.assert_array_equal(
        found.arrangements["lstm/linear.w"].of(theirs), own["lstm/linear.w"]
    )
    np.testing.assert_allclose(found.arrangements["lstm/linear.b"].of(theirs), bias, rtol=1e-5)
    assert found.layouts == {
        "lstm/linear.w": "side by side, each gates ifgo -> igfo, transposed",
        "lstm/linear.b": "the sum, gates ifgo -> igfo, less 1 in entries 10 to 14",
    }


@pytest.mark.parametrize("is_zero", [False, True])
def test_equinox_has_one_bias(is_zero):
    theirs = recurrent_weights(4, is_zero=is_zero)
    w_i, w_h, b_i, b_h, _ = gates_of(theirs, "ifgo")
    own = {"cell.weight_ih": w_i, "cell.weight_hh": w_h, "cell.bias": b_i + b_h}
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert set(sources_of(found)["cell.bias"]) == set(BOTH)
    assert found.layouts == {"cell.weight_ih": "", "cell.weight_hh": "", "cell.bias": "the sum"}


@pytest.mark.parametrize("is_zero", [False, True])
def test_the_last_gate_of_a_gru_has_two_biases(is_zero):
    theirs = recurrent_weights(3, is_zero=is_zero)
    w_i, w_h, b_i, b_h, at = gates_of(theirs, "rzn")
    own = {"cell.hn.bias": b_h[at["n"]]}
    for gate in "nrz":
        own[f"cell.i{gate}.kernel"] = w_i[at[gate]].T
        own[f"cell.h{gate}.kernel"] = w_h[at[gate]].T
        own[f"cell.i{gate}.bias"] = b_i[at[gate]] + (gate != "n") * b_h[at[gate]]
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.findings == found.remarks == found.unused == ()
    assert sources_of(found)["cell.hn.bias"] == ("rnn.bias_hh_l0",)
    assert sources_of(found)["cell.in.bias"] == ("rnn.bias_ih_l0",)
    assert set(sources_of(found)["cell.ir.bias"]) == set(BOTH)


def test_a_bias_may_be_the_sum_for_some_gates_and_one_of_both_for_others():
    theirs = recurrent_weights(3)
    w_i, w_h, b_i, b_h, at = gates_of(theirs, "rzn")
    bias = b_i + b_h
    bias[at["n"]] = b_i[at["n"]]
    own = {"weight_ih": w_i, "weight_hh": w_h, "bias": bias, "bias_n": b_h[at["n"]]}
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.unused == ()


@pytest.mark.parametrize("is_zero", [False, True])
def test_the_heads_of_flax_are_rows_of_a_fused_weight(is_zero):
    bias = np.zeros(24, np.float32) if is_zero else drawn(24)
    theirs = {"a.in_proj_weight": drawn(24, 8), "a.in_proj_bias": bias}
    own = {}
    for k, name in enumerate(("query", "key", "value")):
        rows = slice(8 * k, 8 * k + 8)
        own[f"{name}.bias"] = bias[rows].reshape(2, 4)
        own[f"{name}.kernel"] = theirs["a.in_proj_weight"][rows].T.reshape(8, 2, 4)
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.layouts["key.kernel"] == "rows 8 to 15, transposed, reshaped to [8, 2, 4]"
    assert found.layouts["key.bias"] == "entries 8 to 15, reshaped to [2, 4]"
    assert found.findings == found.remarks == found.ties == ()


@pytest.mark.parametrize("is_zero", [False, True])
def test_a_fused_weight_is_three_of_torch_side_by_side(is_zero):
    theirs = {}
    for k, name in enumerate("qkv"):
        theirs[f"{name}.weight"] = drawn(8 >> (k > 0), 8, seed=k)
        size = len(theirs[f"{name}.weight"])
        theirs[f"{name}.bias"] = np.zeros(size, np.float32) if is_zero else drawn(size, seed=k)
    own = {
        "qkv.kernel": np.concatenate([theirs[f"{name}.weight"] for name in "kqv"]).T,
        "qkv.bias": np.concatenate([theirs[f"{name}.bias"] for name in "kqv"]),
    }
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.layouts["qkv.kernel"] == "side by side, each transposed"
    np.testing.assert_array_equal(
        found.arrangements["qkv.bias"].pull_back(np.arange(16.0), theirs)["q.bias"],
        np.arange(4.0, 12.0),
    )


def test_heads_may_be_interleaved_in_a_fused_weight():
    theirs = {"in_proj_weight": drawn(24, 8), "in_proj_bias": np.zeros(24, np.float32)}
    heads = theirs["in_proj_weight"].reshape(3, 2, 4, 8).transpose(3, 1, 0, 2)
    own = {"qkv.kernel": heads.reshape(8, 24), "qkv.bias": np.zeros(24, np.float32)}
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.layouts["qkv.kernel"] == "blocks 0, 2, 4, 1, 3, 5 of 4 rows, transposed"
    assert found.layouts["qkv.bias"] == "blocks 0, 2, 4, 1, 3, 5 of 4 entries"


def test_what_is_flattened_has_channels_last():
    theirs = {"fc.weight": drawn(5, 24)}
    own = {"kernel": theirs["fc.weight"].reshape(5, 6, 2, 2).transpose(2, 3, 1, 0).reshape(24, 5)}
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.layouts["kernel"] == "columns split in [6, 4] and transposed, transposed"


def test_a_transposed_convolution_is_reversed():
    theirs = {"up.weight": drawn(8, 6, 3, 3)}
    own = {"up.kernel": theirs["up.weight"][:, :, ::-1, ::-1].transpose(2, 3, 0, 1)}
    found = pair(theirs, own)
    assert is_made(found, theirs, own)
    assert found.layouts["up.kernel"] == "axis 2 reversed, axis 3 reversed, axes 2, 3, 0, 1"


def test_entries_that_stand_several_times_are_told_by_those_beside_them():
    few = np.random.default_rng(0).integers(0, 200, (64, 32)).astype(np.float32)
    few.ravel()[::3] += np.arange(few.size)[::3] / 4096  # a third is alone
    theirs = {"w": few}
    own = {"a": few[:16].T, "b": few[16:].T}
    found = pair(theirs, own)
    assert found.layouts == {"a": "rows 0 to 15, transposed", "b": "rows 16 to 63, transposed"}


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16])
def test_a_fused_weight_of_few_digits_is_told_by_its_rows(dtype):
    theirs = {f"{name}.weight": drawn(64, 64, seed=k).astype(dtype) for k, name in enumerate("qkv")}
    joined = np.concatenate(list(theirs.values()))
    own = {"qkv.kernel": joined.T.astype(np.float32)}
    found = pair({name: array.astype(np.float32) for name, array in theirs.items()}, own)
    assert found.layouts == {"qkv.kernel": "side by side, each transposed"}
    assert is_made(found, theirs, own)
    assert found.findings == found.remarks == found.ties == ()


def test_numbers_that_stand_everywhere_are_not_paired_nor_accused():
    generator = np.random.default_rng(0)
    theirs = {"w.weight": generator.integers(0, 9, (16, 16)).astype(np.float32)}
    mixed = generator.permutation(theirs["w.weight"].ravel()[:240]).reshape(16, 15)
    found = pair(theirs, {"w.kernel": mixed, "b": np.zeros(3, np.float32)})
    assert found.findings == ()
    assert found.kept == ("w.kernel", "b")


def test_the_gates_of_a_gru_are_told_from_those_of_an_lstm_by_the_size_of_its_state():
    theirs = {"weight_ih": drawn(24, 3), "weight_hh": drawn(24, 8)}
    order = np.r_[8:16, 0:8, 16:24]  # z, r, n
    own = {"w_i": theirs["weight_ih"][order].T, "w_h": theirs["weight_hh"][order].T}
    assert pair(theirs, own).layouts == dict.fromkeys(own, "gates rzn -> zrn, transposed")


def test_heads_that_are_packed_side_by_side_are_nothing_unusual():
    parts = {f"{name}.kernel": drawn(16, 2, 8, seed=seed) for seed, name in enumerate("qkv")}
    packed = np.concatenate([one.reshape(16, 16).T for one in parts.values()])
    found = pair(parts, {"in_proj_weight": packed})
    assert found.layouts == {"in_proj_weight": "side by side, each laid out otherwise"}
    assert found.remarks == found.findings == ()
