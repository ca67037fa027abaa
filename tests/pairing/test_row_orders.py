"""Rows in an unusual order are remarked on; a bias that was forgotten is told."""

import numpy as np
import pytest

from compare.pairing.pairs import pair
from tests.pairing.networks import drawn, recurrent_weights

CELL = recurrent_weights(4)
OWN = {
    "cell.weight_ih": CELL["rnn.weight_ih_l0"],
    "cell.weight_hh": CELL["rnn.weight_hh_l0"],
    "cell.bias": CELL["rnn.bias_ih_l0"] + CELL["rnn.bias_hh_l0"],
}


def with_gates(array, order):
    return np.concatenate([array.reshape(4, 5, -1)[k] for k in order])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (
            {"cell.weight_ih": with_gates(OWN["cell.weight_ih"], (0, 1, 3, 2))},
            "gates of `rnn` are in the order ifog in `cell.weight_ih`, and ifgo in "
            "`cell.weight_hh`",
        ),
        (
            {
                "cell.weight_hh": np.concatenate(
                    [one.T for one in np.split(OWN["cell.weight_hh"], 4)]
                )
            },
            "`rnn.weight_hh_l0` is in `cell.weight_hh` in an order that few programs have: 4 "
            "blocks of 5 rows, each transposed",
        ),
    ],
)
def test_gates_in_an_unusual_order(changed, sentence):
    own = OWN | changed
    found = pair(CELL, own)
    assert [one.sentence for one in found.remarks] == [sentence]
    assert found.findings == ()
    (name,) = changed
    np.testing.assert_array_equal(found.arrangements[name].of(CELL), own[name])


def test_gates_that_all_stand_in_another_order_are_those_of_another_framework():
    own = {
        name: with_gates(array, (0, 2, 1, 3)).reshape(array.shape) for name, array in OWN.items()
    }
    found = pair(CELL, own)
    assert found.findings == found.remarks == ()


def test_one_of_two_biases_is_forgotten():
    found = pair(CELL, OWN | {"cell.bias": CELL["rnn.bias_ih_l0"]})
    assert [one.sentence for one in found.findings] == [
        "`rnn.bias_hh_l0`, which is added to `rnn.bias_ih_l0`, was not loaded: `cell.bias` lacks it"
    ]
    np.testing.assert_array_equal(found.arrangements["cell.bias"].of(CELL), OWN["cell.bias"])


def test_keys_that_are_named_after_queries():
    theirs = {"in_proj_weight": drawn(12, 4)}
    own = {
        f"{name}_proj.weight": theirs["in_proj_weight"][4 * k : 4 * k + 4]
        for k, name in enumerate(("key", "query", "value"))
    }
    found = pair(theirs, own)
    assert [one.sentence for one in found.remarks] == [
        "`key_proj.weight` is named after keys, and holds the queries of `in_proj_weight`",
        "`query_proj.weight` is named after queries, and holds the keys of `in_proj_weight`",
    ]
    assert found.findings == ()


def test_heads_that_are_mixed():
    theirs = {"in_proj_weight": drawn(32, 16)}
    mixed = theirs["in_proj_weight"].reshape(2, 4, 4, 16).swapaxes(1, 2).reshape(32, 16)
    (remark,) = pair(theirs, {"kernel": mixed.T}).remarks
    assert remark.sentence == (
        "`in_proj_weight` is in `kernel` in an order that few programs have: 32 rows in "
        "another order, transposed"
    )


def test_two_averages_of_a_norm_are_no_weight_that_was_loaded_twice():
    theirs = {}
    for k in (1, 2):
        theirs |= {f"bn{k}.weight": drawn(8, seed=k), f"bn{k}.running_var": drawn(8, seed=9 + k)}
    own = {f"net.bn{k}.scale": theirs[f"bn{k}.weight"] for k in (1, 2)}
    for leaf in ("average", "hidden"):
        own[f"net.bn1.var_ema.{leaf}"] = theirs["bn1.running_var"]
        own[f"net.bn2.var_ema.{leaf}"] = np.ones(8, np.float32)
    (finding,) = pair(theirs, own).findings
    assert finding.sentence == (
        "`net.bn2.var_ema.average` is 1 everywhere, and `bn2.running_var` is not: it was not loaded"
    )
