import numpy as np
import pytest

from compare.evidence.pairs import Quantities, compare_pair, merge
from compare.verdict import decide, tolerance

SIZES = (2, 1)
NAN, INF = float("nan"), float("inf")


def quantities(w=1.0, prediction=1.0, loss=1.0, dtype=np.float32):
    parameters = {"w1": np.full((1, 2, 1), 1.0, dtype), "b1": np.ones((1, 1), dtype)}
    parameters["w1"][0, 1, 0] = w
    return Quantities(parameters, np.full((1, 1), prediction, dtype), np.full(1, loss, dtype))


def verdict(a, b):
    return decide([compare_pair("jax_grad", "mine", a, b, first_sample=0)], SIZES)


def test_tolerance_grows_with_the_dtype_and_the_network():
    assert tolerance("float32", (2, 1)) == 8 * 3 * 2.0**-24
    assert tolerance("float64", (2, 10, 10, 1)) == 8 * 25 * 2.0**-53


def test_rounding_agrees():
    answer = verdict(quantities(), quantities(w=1 + 2.0**-22))
    assert answer.verdict == "agree"
    assert "w1 of jax_grad ~ mine" in answer.reason
    assert "preliminary tolerance" in answer.reason


def test_a_wrong_entry_disagrees_and_is_named():
    answer = verdict(quantities(), quantities(w=1.001))
    assert answer.verdict == "disagree"
    assert "w1 of jax_grad ~ mine" in answer.reason


def test_float64_is_held_to_float64():
    wide = quantities(dtype=np.float64)
    assert verdict(wide, quantities(w=1 + 1e-12, dtype=np.float64)).verdict == "disagree"
    assert verdict(quantities(), quantities(w=1 + 1e-12, dtype=np.float64)).verdict == "agree"


@pytest.mark.parametrize("where", ["w", "prediction", "loss"])
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (NAN, NAN, "undecided"),
        (INF, INF, "undecided"),
        (NAN, 1.0, "disagree"),
        (INF, -INF, "disagree"),
    ],
)
def test_non_finite_values_never_agree(where, a, b, expected):
    answer = verdict(quantities(**{where: a}), quantities(**{where: b}))
    assert answer.verdict == expected
    assert "sample 0" in answer.reason


def test_a_disagreement_outweighs_a_shared_nan():
    answer = verdict(quantities(loss=NAN), quantities(w=2.0, loss=NAN))
    assert answer.verdict == "disagree"


def test_pairs_of_two_blocks_merge():
    same, other = quantities(), quantities(w=1.001)
    first = compare_pair("a", "b", same, same, first_sample=0)
    second = compare_pair("a", "b", same, other, first_sample=1)
    merged = merge(first, second)
    assert merged.parameters[0].max_abs.sample == 1
    assert merged.prediction.entries == 2
    by_rule = {agreement.rule: agreement for agreement in merged.digits}
    assert by_rule["significant_5_numeric"].samples_agreeing == 1
    assert by_rule["significant_5_numeric"].entries_agreeing == 5
    assert not by_rule["significant_5_text"].agrees
