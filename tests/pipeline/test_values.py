import numpy as np
import pytest

from compare.pipeline.values import values_at
from compare.problem.answers import Answer
from compare.report.text.values import format_values
from compare.results import Values
from compare.verdict.decide import Place
from jaxmlp import Layer

W = np.array([[[1, -7, 3], [4, 5, -6]], [[0, 1, 2], [3, 4, np.nan]]], np.float32)  # [N, 2, 3]
B = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
GRADS = (Layer(W, B),)
WHOLE = Answer(GRADS, np.array([[0.5], [1.5]]), np.array([0.25, 2.25]))
ONLY_GRADIENTS = Answer(GRADS)

# quantity, index, row -> index and value in in_out
PLACES = {
    "an_entry_of_w": (("w1", (1, 2), 0), ((1, 2), -6.0)),
    "an_entry_of_b": (("b1", (1,), 1), ((1,), 5.0)),
    "a_unit_below_is_its_largest_entry": (("w1", (0,), 0), ((0, 1), -7.0)),
    "a_unit_below_with_a_nan": (("w1", (1,), 1), ((1, 2), np.nan)),
}


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
@pytest.mark.parametrize("case", PLACES)
def test_values_at(case, layout):
    (quantity, index, row), (expected, value) = PLACES[case]
    if layout == "out_in" and len(index) == 2:
        index = index[::-1]
    answers = {"mine": ONLY_GRADIENTS, "jax_grad": WHOLE}
    found = values_at(Place(40, quantity, index), row, answers, layout=layout)
    assert found.index == (expected if layout == "in_out" else expected[::-1])
    assert (found.sample, found.quantity) == (40, quantity)
    assert set(found.values) == set(answers)
    np.testing.assert_array_equal(list(found.values.values()), value)


@pytest.mark.parametrize(("quantity", "index"), [("prediction", (0,)), ("loss", ())])
def test_only_those_that_have_a_quantity_are_asked(quantity, index):
    answers = {"mine": ONLY_GRADIENTS, "jax_grad": WHOLE}
    found = values_at(Place(1, quantity, index), 1, answers, layout="in_out")
    assert found.values == {"jax_grad": {"prediction": 1.5, "loss": 2.25}[quantity]}


# value -> decimal and hex as they are shown
SHOWN = {
    1.0: ("1", "0x1p+0"),
    0.0: ("0", "0x0p+0"),
    -0.5: ("-0.5", "-0x1p-1"),
    float(np.float32(0.1)): ("0.100000001", "0x1.99999ap-4"),
    0.1: ("0.10000000000000001", "0x1.999999999999ap-4"),
    1e300: ("1.0000000000000001e+300", "0x1.7e43c8800759cp+996"),
    -1.2345678901234567e-308: ("-1.2345678901234567e-308", "-0x0.8e0a3a2bc301fp-1022"),
    np.inf: ("inf", "inf"),
    np.nan: ("nan", "nan"),
}


@pytest.mark.parametrize("value", SHOWN)
def test_every_value_is_shown_in_full_within_80_columns(value):
    text = format_values([Values(3, "w1", (0, 1), {"jax_grad@baseline": value})], {})
    title, row = text.splitlines()
    decimal, hexadecimal = row.split()[1:]
    assert title == "w1[0,1] of sample 3"
    assert (decimal, hexadecimal) == SHOWN[value]
    assert float.fromhex(hexadecimal).hex() == value.hex()
    assert len(row) <= 80


def test_a_quantity_without_an_index_and_short_names():
    found = [Values(3, "loss", (), {"b": 1.0}), Values(3, "prediction", (0,), {"b": 1.0})]
    lines = format_values(found, {"b": "B"}).splitlines()
    assert (lines[0], lines[3]) == ("loss of sample 3", "yhat[0] of sample 3")
    assert lines[1].startswith("  B b ")
