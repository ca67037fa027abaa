"""Every kind of backprop that people write by hand is judged right, and its one mistake is told."""

import re

import pytest

from compare import Detail, compare_gradients
from tests.support.kinds import (
    binary,
    no_biases,
    objects,
    penalties,
    regressions,
    sigmoid_outputs,
    softmax,
)
from tests.support.paths import ROOT

FAMILIES = {
    "Linear outputs": regressions,
    "Objects that hold their gradients": objects,
    "Sigmoid and tanh outputs with squared error": sigmoid_outputs,
    "Two classes": binary,
    "Softmax": softmax,
    "No biases": no_biases,
    "Penalties": penalties,
}
KINDS = [kind for family in FAMILIES.values() for kind in family.KINDS]
ROW = re.compile(r"^\| (?P<name>[^|]+) \| (?P<flags>[^|]*) \|$", re.MULTILINE)


def judged(kind, function):
    return compare_gradients(
        kind.params,
        *kind.samples,
        candidates={"mine": function},
        implementations=kind.beside,
        detail=Detail(witness=0),
        **kind.options,
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_right_one_agrees_and_its_mistake_is_told(kind):
    right = judged(kind, kind.function)
    assert right.verdict == "agree", right.reason
    wrong = judged(kind, kind.mistaken)
    assert wrong.verdict == "disagree", wrong.reason
    assert kind.mistake.said in wrong.reason


def test_the_docs_list_these_kinds_and_their_flags():
    text = (ROOT / "docs" / "candidates.md").read_text()
    for title, family in FAMILIES.items():
        section = text.partition(f"### {title}\n")[2].partition("\n#")[0]
        listed = [(row["name"], row["flags"].strip("`")) for row in ROW.finditer(section)]
        assert listed[1:] == [(kind.name, kind.flags) for kind in family.KINDS], title
    for page in (text, (ROOT / "docs" / "student.md").read_text()):
        assert f"{len(KINDS)} kinds of" in page
