import dataclasses

import numpy as np
import pytest

from compare.evidence.certificate.certificate import Certificate
from compare.evidence.certificate.finding import Finding
from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.metrics import Worst
from compare.evidence.differences.pairs import compare_pair, merge
from compare.evidence.hypotheses.explanation import Cause, Explanation, Figures
from compare.problem.quantities import Quantities
from compare.verdict.decide import Place, decide

NAN, INF = float("nan"), float("inf")
FINE = Finding(0.25, 3, "w1", "rank_one", (0, 1), 1.0, 1.0, 1e-7)
BROKEN = Finding(7e5, 3, "b2", "output", (0,), 0.5, 1.0, 1e-7)


def quantities(w=1.0, prediction=1.0, loss=1.0):
    parameters = {"w1": np.full((1, 2, 1), 1.0, np.float32), "b1": np.ones((1, 1), np.float32)}
    parameters["w1"][0, 1, 0] = w
    return Quantities(
        parameters, np.full((1, 1), prediction, np.float32), np.full(1, loss, np.float32)
    )


def make_pair(a, b, worst_ratio=0.38, typical_ratio=1.0, vacuous=0):
    pair = compare_pair("jax_grad", "mine", a, b, first_sample=0)
    bounds = tuple(
        BoundRatio(c.name, worst_ratio, 12, (0, 0), typical_ratio, 2, vacuous)
        for c in pair.parameters
    )
    return dataclasses.replace(pair, bounds=bounds)


def make_certificate(name="mine", certified=1, silent=0, failure=None):
    return Certificate(
        name, "float32", certified, int(failure is not None), silent, 0, FINE, failure
    )


def answer(pair, *certificates, explanations=None):
    return decide([pair], certificates or [make_certificate()], explanations or {})


def test_agreement_says_what_share_of_rounding_is_used():
    said = answer(make_pair(quantities(), quantities(w=1 + 2.0**-22)))
    assert said.verdict == "agree"
    assert said.reason == (
        "every difference is rounding; none uses more than 38 % of what float32 allows "
        "(w1[0,0], sample 12, jax_grad ~ mine)"
    )


def test_a_dtype_of_few_digits_is_said_to_show_large_mistakes_alone():
    pair = make_pair(quantities(), quantities())
    low = dataclasses.replace(make_certificate("other"), dtype="bfloat16")
    assert answer(pair, make_certificate(), low).remarks == (
        "in bfloat16 only mistakes larger than its rounding are seen; float32 shows smaller ones",
    )
    assert answer(pair, make_certificate()).remarks == ()


def test_where_bounds_are_vacuous_the_certificate_speaks():
    said = answer(make_pair(quantities(), quantities(), worst_ratio=1e-9, vacuous=2))
    assert said.verdict == "agree"
    assert said.reason.startswith("every difference is rounding; the tightest check uses 25 %")


def test_a_failed_certificate_disagrees_and_names_who_where_and_why():
    certificate = make_certificate(failure=BROKEN)
    figures = Figures("delta2", 2, (0,), 0.5, 1.0)
    half = Cause(("delta2",), "half of what the chain rule gives")
    causes = ((half,), ())
    known = [Explanation(one, figures, is_complete=True) for one in causes]
    for explanations in ({"mine": one} for one in (*known, None)):
        said = answer(make_pair(quantities(), quantities()), certificate, explanations=explanations)
        assert said.verdict == "disagree"
        assert "of mine" in said.reason
        assert "sample 3, layer 2, by the rule output" in said.reason
        assert "delta2[0] is 0.5 where 2 (yhat - y) is 1" in said.reason
    assert "neither one nor two known mistakes explain it" in said.reason
    many = Explanation((), figures, is_complete=True, are_many=True)
    said = answer(make_pair(quantities(), quantities()), certificate, explanations={"mine": many})
    assert "delta2 of mine is not what the chain rule gives, and several known" in said.reason


def test_more_than_rounding_allows_disagrees():
    said = answer(make_pair(quantities(), quantities(), worst_ratio=1.5))
    assert said.verdict == "disagree"
    assert "w1[0,0] of sample 12, jax_grad ~ mine" in said.reason


def test_an_unlikely_difference_is_a_warning():
    said = answer(make_pair(quantities(), quantities(), typical_ratio=5.0))
    assert said.verdict == "agree"
    assert len(said.warnings) == 2
    assert "worth a look" in said.warnings[0]


def test_nothing_certified_is_undecided():
    said = answer(make_pair(quantities(), quantities()), make_certificate(certified=0, silent=1))
    assert said.verdict == "undecided"


@pytest.mark.parametrize("where", ["w", "prediction", "loss"])
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (NAN, NAN, "undecided"),
        (INF, INF, "undecided"),
        (NAN, INF, "undecided"),
        (NAN, 1.0, "disagree"),
        (INF, -INF, "disagree"),
    ],
)
def test_non_finite_values_never_agree(where, a, b, expected):
    said = answer(make_pair(quantities(**{where: a}), quantities(**{where: b})))
    assert said.verdict == expected
    assert "sample 0" in said.reason


def with_one_sided(pair, unexplained):
    """Says of w1 that one entry is infinite on one side."""
    place = Worst(1.0, 5, (0, 0), INF, 60000.0)
    of_w1 = dataclasses.replace(
        pair.bounds[0],
        one_sided=1,
        unexplained=unexplained,
        first_one_sided=place,
        dtypes=("float16", "float32"),
    )
    return dataclasses.replace(pair, bounds=(of_w1, *pair.bounds[1:]))


def test_one_that_may_have_overflowed_is_undecided():
    pair = with_one_sided(make_pair(quantities(w=INF), quantities()), 0)
    said = answer(pair)
    assert said.verdict == "undecided"
    assert said.reason == (
        "jax_grad has inf at w1[0,0] of sample 5 where mine has 60000; an overflow, as float16 "
        "ends at 65504, or 0 / 0 may be why, and bfloat16, a wider dtype, smaller weights or a "
        "stable formula will tell"
    )
    assert said.place == Place(5, "w1", (0, 0))


def test_one_that_cannot_have_overflowed_disagrees():
    pair = with_one_sided(make_pair(quantities(w=INF), quantities()), 1)
    said = answer(pair)
    assert said.verdict == "disagree"
    assert "jax_grad has inf at w1[0,0] of sample 5 where mine has 60000" in said.reason
    assert said.reason.endswith(
        "; by the formula that jax_grad is judged by, no number on the way there can overflow in "
        "float16"
    )


def test_overflow_hides_no_disagreement_elsewhere():
    beyond = make_pair(quantities(w=INF), quantities(), worst_ratio=1.5)
    assert answer(with_one_sided(beyond, 0)).verdict == "disagree"
    failed = make_certificate(failure=BROKEN)
    fine = make_pair(quantities(w=INF), quantities())
    assert answer(with_one_sided(fine, 0), failed).verdict == "disagree"


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
    assert merged.peers.breaking["torch.allclose"] == 1
