"""What weights add to a verdict: a program without the right ones is not accused."""

from compare.pairing.pairing import Pairing
from compare.pairing.weight_finding import WeightFinding
from compare.verdict.finding import Finding
from compare.verdict.weights import with_weights

DISAGREES = Finding("disagree", "certificate", "forward, between `a` and `b`: it is wrong")


def _said(wrong=1, kept=(), decided=DISAGREES):
    findings = [WeightFinding(f"w{i}", (), "not loaded", f"`w{i}` is 0") for i in range(wrong)]
    return with_weights(decided, Pairing({}, {}, tuple(kept), (), tuple(findings))).sentence


def test_a_program_is_not_accused_while_weights_have_no_counterpart():
    assert _said() == (
        "`w0` is 0; with the weights of the reference in their places it disagrees too: "
        "forward, between `a` and `b`: it is wrong"
    )
    assert _said(kept=["query.kernel"]) == (
        "`w0` is 0; whether the program is right is not known until its weights are: "
        "`query.kernel` is in no weight of the reference"
    )


def test_a_program_that_agrees_is_right_whatever_its_other_weights_are():
    agrees = DISAGREES._replace(verdict="agree")
    assert _said(kept=["query.kernel"], decided=agrees).endswith("in their places it agrees")


def test_of_many_wrong_weights_the_number_is_told():
    assert "`w2` is 0; 4 more weights are wrong; with" in _said(wrong=7)
