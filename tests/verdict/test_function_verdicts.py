"""What a verdict on a function rests on, of checks that are made up."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from compare.evidence.local.check import Check, check
from compare.evidence.rounding.enclosure import Enclosure
from compare.verdict.functions import decide


def made(
    found, *, worst=1e-6, typical=1e-7, kind="gradient", name="w", exact=1.0, digits=24
) -> Check:
    """Returns the check of one number."""
    one = Enclosure(np.float64(exact), np.array([worst, typical]))
    return check(kind, name, ("d:h",), np.float64(found), one, 2.0**-digits)


@dataclasses.dataclass(frozen=True)
class Made:
    """Evidence that is made up; the reference holds, and nothing is 0 or narrow."""

    checks: tuple[Check, ...]
    exact: Any = "it raised"
    dtype: str = "float32"
    is_whole: bool = True
    narrowest: str = ""
    own: tuple[Check, ...] = (made(1.0),)
    tied: tuple[Check, ...] = ()
    as_narrow: tuple[Check, ...] = ()
    at_ends: tuple[Check, ...] = (made(1.5),)
    own_at_ends: tuple[Check, ...] = (made(1.0),)
    plain: tuple[Check, ...] = ()
    zeros: Any = dataclasses.field(default_factory=dict)

    def cause(self, _):
        return "sqrt, of -1, in f.py:1:2 (f)"


HOLDS, VACUOUS, ODD = made(1 + 1e-8), made(1.0, worst=2.0), made(1 + 9e-7)
ANYTHING = made(7.0, worst=np.inf, typical=np.inf, name="v")
SLIGHT, WRONG = made(1 + 2e-6), made(1.1)
BIT = made(1 + 1e-11, worst=1e-14, typical=1e-15, digits=53)


def in_float64(*checks, **kwargs):
    return Made(checks, dtype="float64", **kwargs)


SAME, OTHER = in_float64(made(1.0, worst=1e-14)), in_float64(WRONG, as_narrow=(WRONG,))
NARROW = in_float64(BIT, as_narrow=(made(1 + 1e-8),))


@pytest.mark.parametrize(
    ("evidence", "verdict", "basis"),
    [
        (Made((HOLDS,)), "agree", "certificate"),
        (Made((HOLDS,), is_whole=False), "agree", "certificate"),
        (Made((HOLDS,), SAME, is_whole=False), "agree", "float64"),
        (Made((HOLDS,), OTHER, is_whole=False), "disagree", "float64"),
        (Made((HOLDS,), NARROW, is_whole=False), "undecided", "nothing"),
        (Made((HOLDS,), OTHER), "agree", "certificate"),
        (Made((HOLDS,), OTHER, dtype="bfloat16"), "disagree", "float64"),
        (Made((VACUOUS,)), "undecided", "nothing"),
        (Made((VACUOUS,), SAME), "agree", "float64"),
        (Made((VACUOUS,), in_float64(VACUOUS)), "undecided", "nothing"),
        (Made((ODD,), SAME), "agree", "certificate"),
        (Made((ODD,), OTHER), "disagree", "float64"),
        (Made((ODD,), SAME, is_whole=False), "undecided", "nothing"),
        (Made((HOLDS,), SAME, plain=(ODD,)), "undecided", "nothing"),
        (Made((HOLDS,), SAME, plain=(WRONG,)), "disagree", "certificate"),
        (Made((WRONG,)), "disagree", "certificate"),
        (Made((made(1 + 8e-6),), SAME), "disagree", "certificate"),
        (Made((WRONG,), SAME), "disagree", "certificate"),
        (Made((WRONG,), OTHER), "disagree", "certificate"),
        (Made((WRONG,), tied=(HOLDS,)), "agree", "certificate"),
        (Made((WRONG,), own=(WRONG,)), "undecided", "nothing"),
        (Made((WRONG,), at_ends=(made(1.0),)), "undecided", "nothing"),
        (Made((SLIGHT,)), "undecided", "nothing"),
        (Made((SLIGHT,), SAME), "agree", "float64"),
        (Made((SLIGHT,), SAME, at_ends=(made(1.0),)), "agree", "float64"),
        (Made((SLIGHT, ANYTHING), SAME), "undecided", "nothing"),
        (Made((SLIGHT,), OTHER), "disagree", "certificate"),
    ],
)
def test_what_a_verdict_rests_on(evidence, verdict, basis):
    found = decide(evidence)
    assert (found.verdict, found.basis) == (verdict, basis), found.sentence


def test_what_another_formula_may_make_is_not_accused_beside_a_mistake():
    mistake = made(1.1, name="v")
    exact = in_float64(BIT, mistake, as_narrow=(HOLDS, mistake))
    found = decide(Made((SLIGHT, mistake), exact))
    assert (found.verdict, found.first) == ("disagree", mistake)
    assert "`w`" not in found.sentence
    assert decide(Made((SLIGHT, mistake))).first == SLIGHT


def test_a_warning_is_no_verdict():
    assert "unlikely to be rounding: the gradient by `w`" in decide(Made((ODD,), SAME)).warnings[0]
    assert not decide(Made((HOLDS,))).warnings


def test_float32_inside_a_run_of_float64_is_told_where_it_was_seen():
    exact = in_float64(BIT, as_narrow=(made(1 + 5e-7),), narrowest="float32")
    found = decide(Made((VACUOUS,), exact))
    assert found.verdict == "undecided"
    assert (
        "float64 it is off by no more than a rounding to float32: numbers of float32"
        in (found.remarks[0])
    )


def test_what_is_seen_to_be_float64_alone_is_held_to_it():
    exact = in_float64(BIT, as_narrow=(made(1 + 1e-8),), narrowest="float64")
    assert decide(Made((VACUOUS,), exact)).verdict == "disagree"


def test_a_formula_that_loses_a_few_bits_of_float64_computes_the_same():
    exact = in_float64(BIT, as_narrow=(made(1 + 1e-12),), narrowest="float64")
    assert decide(Made((VACUOUS,), exact)).verdict == "agree"


def test_a_place_that_holds_something_else_is_no_mistake_where_all_results_are_the_same():
    place = made(3.0, kind="forward", name="h")
    exact = in_float64(place, as_narrow=(place,), at_ends=(made(1.0, worst=1e-14),))
    found = decide(Made((place,), exact, at_ends=(HOLDS,)))
    assert (found.verdict, found.first) == ("agree", None)
    assert "though `h` is something else" in found.sentence
    assert decide(Made((place,), exact, at_ends=(WRONG,))).verdict == "disagree"


@pytest.mark.parametrize(
    ("one", "own", "verdict"),
    [
        (made(0.0, exact=np.nan, worst=np.inf), made(np.nan, exact=np.nan), "disagree"),
        (made(np.inf, worst=np.inf), made(1.0), "undecided"),
        (made(np.nan), made(1.0), "disagree"),
        (made(np.nan, exact=np.nan), made(np.nan, exact=np.nan), "undecided"),
    ],
)
def test_numbers_that_are_not_finite(one, own, verdict):
    found = decide(Made((one,), SAME, own=(own,)))
    assert found.verdict == verdict
    assert ("sqrt, of -1" in found.sentence + "".join(found.remarks)) == (one.used <= 1)


def test_what_is_off_in_float64_is_not_the_same_where_float32_has_no_bounds():
    exact = in_float64(
        made(2.0, worst=1e-14, typical=1e-15, digits=53),
        as_narrow=(made(2.0, worst=np.inf, typical=np.inf),),
        narrowest="float64",
    )
    assert decide(Made((VACUOUS,), exact)).verdict == "disagree"


def test_what_may_be_anything_is_not_decided_by_float64():
    found = decide(Made((made(7.0, worst=np.inf, typical=np.inf),), SAME))
    assert (found.verdict, found.basis) == ("undecided", "nothing")
    assert "rounding may be as large as the gradient by `w`" in found.sentence


def test_a_gradient_that_is_zero_is_not_vacuous():
    noise = made(1e-8, exact=1e-17, worst=1e-7, typical=1e-8)
    assert decide(Made((noise,))).verdict == "undecided"
    found = decide(Made((noise,), zeros={("gradient", "w"): 1e-16}))
    assert (found.verdict, found.basis) == ("agree", "certificate")
    assert found.remarks == ("zero but for rounding: the gradient by `w`",)


def test_what_shows_little_is_told():
    found = decide(Made((made(0.0, exact=0.0, worst=0.0, typical=0.0),)))
    assert (found.verdict, found.remarks) == (
        "agree",
        ("all results are 0 or empty, which shows little",),
    )
    nan = made(np.nan, exact=np.nan)
    assert "show" not in str(decide(Made((nan,), own=(nan,))).remarks)


def test_a_mistake_in_the_backward_pass_alone_says_so():
    forward = made(1.0, kind="forward", name="h")
    assert "the forward pass is right" in decide(Made((forward, WRONG))).sentence
    assert "the forward pass" not in decide(Made((made(1.1, kind="forward"), WRONG))).sentence


def test_what_is_nan_in_both_is_not_said_to_be_right():
    forward = made(np.nan, exact=np.nan, kind="output", name="output")
    assert "the forward pass" not in decide(Made((forward, WRONG))).sentence


def test_how_far_off_is_not_told_of_nan():
    said = decide(Made((made(np.nan),))).sentence
    assert said.startswith("the gradient by `w`")
    assert "of the largest" not in said
