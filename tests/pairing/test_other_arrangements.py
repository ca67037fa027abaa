"""Other ways in which weights may be needed."""

import numpy as np
import pytest

from compare.pairing.other_arrangements import other_arrangements
from compare.pairing.pairs import pair
from tests.pairing.networks import drawn, recurrent_weights

PACKED = {"mha.in_proj_weight": drawn(12, 4)}
PARTS = dict(zip(("query", "key", "value"), np.split(PACKED["mha.in_proj_weight"], 3), strict=True))
DENSE = {"fc.weight": drawn(4, 4)}
RNN = recurrent_weights(4)
BIAS = RNN["rnn.bias_ih_l0"] + RNN["rnn.bias_hh_l0"]


def bias_less_one_in_its_second_quarter():
    found = BIAS.copy()
    found[5:10] -= 1
    return found


@pytest.mark.parametrize(
    ("theirs", "own", "needed"),
    [
        (DENSE, {"a.kernel": DENSE["fc.weight"] / 2}, {"a.kernel": DENSE["fc.weight"]}),
        (DENSE, {"a.kernel": DENSE["fc.weight"]}, {"a.kernel": DENSE["fc.weight"].T}),
        (
            PACKED,
            {"query.w": PARTS["key"], "key.w": PARTS["query"], "value.w": PARTS["value"]},
            {f"{name}.w": one for name, one in PARTS.items()},
        ),
        (
            PACKED,
            {"query.w": PARTS["query"].reshape(2, 2, 4).swapaxes(0, 1).reshape(4, 4)},
            {"query.w": PARTS["query"]},
        ),
        (RNN, {"cell.bias": BIAS}, {"cell.bias": bias_less_one_in_its_second_quarter()}),
    ],
    ids=["factor", "transposed", "queries and keys", "heads", "forget gate"],
)
def test_what_is_needed_is_among_them(theirs, own, needed):
    shapes = {name: one.shape for name, one in theirs.items()}
    found = pair(theirs, own).arrangements
    module = next(iter(theirs)).rpartition(".")[0]
    made = [
        {name: one.of(theirs) for name, one in others.items()}
        for others in other_arrangements(found, shapes, module, is_unusual=True)
    ]
    assert any(
        all(np.allclose(others.get(name, own[name]), one) for name, one in needed.items())
        for others in made
    )


def test_weights_of_other_modules_stay():
    shapes = {name: one.shape for name, one in DENSE.items()}
    found = pair(DENSE, {"a.kernel": DENSE["fc.weight"]}).arrangements
    assert list(other_arrangements(found, shapes, "other", is_unusual=True)) == []


def test_weights_that_stand_as_usual_are_needed_so():
    shapes = {name: one.shape for name, one in DENSE.items()}
    found = pair(DENSE, {"a.kernel": DENSE["fc.weight"].T}).arrangements
    assert list(other_arrangements(found, shapes, "fc", is_unusual=False)) == []


def test_a_bias_of_another_gate_alone_has_no_forget_gate():
    shapes = {name: one.shape for name, one in RNN.items()}
    parts = dict(zip(("i.bias", "f.bias", "g.bias", "o.bias"), np.split(BIAS, 4), strict=True))
    found = pair(RNN, parts).arrangements
    assert [list(one) for one in other_arrangements(found, shapes, "rnn", is_unusual=False)] == [
        ["f.bias"]
    ]
