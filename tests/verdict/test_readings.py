"""What a verdict says of files that could be read in several ways."""

import dataclasses

import pytest

from compare.evidence.certificate.certificate import Certificate
from compare.formats.reading import Choice, Reading
from compare.verdict.readings import readings_said

ORDERS = ((("w1", "b1"), "in_out"), (("b1", "w1"), "in_out"), (("b1", "w1"), "out_in"))
A, B, C = (Reading(order, ("x", "y"), layout) for order, layout in ORDERS)
RIGHT = Certificate("g", "float32", 1, 0, 0, 0, None, None)
WRONG = dataclasses.replace(RIGHT, certified=0, failed=1)
SAID = {
    "no choice": (Choice(A), RIGHT, []),
    "the other fails": (
        Choice(A, True, failing=(B,)),
        RIGHT,
        ["g was read as w1 b1 (in_out), and one other reading fails"],
    ),
    "others fail": (
        Choice(A, True, failing=(B, C)),
        RIGHT,
        ["g was read as w1 b1 (in_out), and 2 other readings fail"],
    ),
    "two hold": (
        Choice(A, True, failing=(C,), holding=(B,)),
        RIGHT,
        [
            "g was read as w1 b1 (in_out), and as b1 w1 (in_out) it certifies too, and one other "
            "reading fails"
        ],
    ),
    "none holds": (
        Choice(A, False, failing=(B,)),
        WRONG,
        ["g was read as w1 b1 (in_out), which comes nearest: none of 2 readings certifies"],
    ),
    "none held at first": (
        Choice(A, False, failing=(B,)),
        RIGHT,
        ["g was read as w1 b1 (in_out), which comes nearest of 2"],
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_what_is_said(case):
    choice, certificate, said = SAID[case]
    certificates = {"g": certificate, "h": RIGHT}
    assert list(readings_said(None, {"g": choice, "h": None}, certificates)) == said
    weights = readings_said(choice, {"g": Choice(A)}, {"g": certificate})
    assert list(weights) == [one.replace("g was", "the weights were") for one in said]
