"""The failed sample step by step: what is wrong, in the text, on the page and in the picture."""

import json
import re

import jsonschema
import pytest

from compare.evidence.hypotheses.explanation import Figures, Step
from compare.report.figures.certificate import draw_certificate
from compare.report.json.write import report_to_json
from compare.report.page.sections.failure import failure
from compare.report.steps import Row, rows_of
from compare.report.text.report import format_report
from tests.support.report_schemas import OF_NETWORKS
from tests.support.wrong_backprops import MISTAKES, OTHERS, compare

ROW = re.compile(r"  (\S+?)(\[[\d,]+\])  +(\S+)  +(\S+)  (holds|wrong|unseen)")
DEEP = (2, *(6,) * 7, 1)


def document(report):
    return json.loads(report_to_json(report))


def below(report, **options):
    text = format_report(report, width=80, **options)
    return text[text.rindex("\n\nSample ") :] if "\n\nSample " in text else ""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_table_marks_what_is_wrong_and_nothing_else(mistake):
    report = compare(mistake)
    text = below(report)
    rows = ROW.findall(text)
    marks = {name: mark for name, *_, mark in rows}
    wrong = MISTAKES[mistake][1]
    assert [name for name, mark in marks.items() if mark != "holds"] == wrong, text
    path = ["x", "h1", "h2", "delta3", "delta2", "delta1"]
    assert [name for name in marks if "/" not in name] == path
    assert max(map(len, text.splitlines())) <= 80
    for name, _, theirs, ours, mark in rows:
        apart = abs(float(theirs) - float(ours)) > 1e-3 * abs(float(ours))
        assert apart == (mark == "wrong"), (name, theirs, ours)
    figures = report.implementations[1].explanation.figures
    assert (figures.quantity, len(rows)) == (wrong[0], 6 + sum("/" in one for one in wrong))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_picture_marks_what_the_table_does(mistake):
    report = document(compare(mistake))
    drawing = draw_certificate(report, report["implementations"][1:])
    marked = re.findall(r">(\S+)(?: = \S+)?</text>\s*(?:<[^>]*>\s*)*?<text[^>]*>✗", drawing.svg)
    wrong = MISTAKES[mistake][1]
    subscripts = str.maketrans("123", "₁₂₃")
    names = [re.sub("delta", "db", one.removeprefix("dL/")).translate(subscripts) for one in wrong]
    assert sorted(marked) == sorted(names)
    assert drawing.description.startswith(f"Marked as wrong: {', '.join(wrong)}. Rules that are")


def test_the_page_has_the_table_too():
    page = failure(document(compare("db1 doubled")), picture="")
    (row,) = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="wrong">✗ wrong</td>', page)
    assert re.fullmatch(r"dL/db1\[\d\]", row)
    assert "Sample 0 of mine, the first that fails" in page


def test_a_deep_network_shows_what_is_wrong_and_its_neighbours():
    text = below(compare("db1 doubled", DEEP))
    assert [name for name, *_ in ROW.findall(text)] == ["delta1", "dL/db1"]
    assert re.search(r"\n  15 more +holds$", text), text
    assert max(map(len, text.splitlines())) <= 80


def test_a_table_has_twelve_rows_at_most_and_counts_the_others():
    steps = [Step(Figures(f"h{i}", i + 1, (0,), 1.0, 2.0), holds=i > 13) for i in range(1, 20)]
    *rows, wrong, holding = rows_of(steps)
    assert [row.entry for row in rows] == [f"h{i}[0]" for i in range(1, 13)]
    assert (wrong, holding) == (Row("1 more", "", "", "wrong"), Row("6 more", "", "", "holds"))


def test_without_a_hidden_layer_there_are_x_and_one_delta():
    text = below(compare("db1 doubled", (2, 1)))
    assert [(name, mark) for name, *_, mark in ROW.findall(text)][:2] == [
        ("x", "holds"),
        ("delta1", "holds"),
    ]


def test_what_a_gradient_of_zeros_does_not_contain_is_unseen():
    report = compare("layer 1 detached")
    rows = {name: (theirs, mark) for name, _, theirs, _, mark in ROW.findall(below(report))}
    assert rows["x"] == ("-", "unseen")
    assert rows["delta1"] == ("0", "wrong")
    first = document(report)["implementations"][1]["certificate"]["first_failure"]
    assert first["steps"][0]["found"] is None


def test_a_delta_behind_an_unknown_activation_is_not_blamed():
    rows = {
        name: row for name, _, *row in ROW.findall(below(compare("h1 and delta1 of their own")))
    }
    assert rows["h1"][-1] == "wrong"
    assert rows["delta1"][1:] == ["-", "unseen"]
    assert [row[-1] for row in rows.values()].count("holds") == 4


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
def test_entries_are_in_the_layout_of_the_run(layout):
    report = compare("one entry of dw1", layout=layout)
    (index,) = [index for name, index, *_ in ROW.findall(below(report)) if name == "dL/dw1"]
    assert index == {"in_out": "[1,0]", "out_in": "[0,1]"}[layout]


@pytest.mark.parametrize("mistake", ["db1 doubled", "layer 1 detached", "every db doubled"])
def test_the_steps_are_in_the_json(mistake):
    report = document(compare(mistake))
    OF_NETWORKS.validate(report)
    first = report["implementations"][1]["certificate"]["first_failure"]
    wrong = [step["quantity"] for step in first["steps"] if not step["holds"]]
    assert wrong == {**MISTAKES, **OTHERS}[mistake][1]
    del first["steps"]
    with pytest.raises(jsonschema.ValidationError):
        OF_NETWORKS.validate(report)


def test_on_a_terminal_what_is_wrong_has_a_colour():
    text = below(compare("db1 doubled"), colours=True)
    assert text.count("\x1b[") == 2
    assert text.endswith("\x1b[1;31mwrong\x1b[0m")


def test_where_all_agree_there_is_no_table():
    report = compare("nothing")
    assert report.verdict == "agree"
    assert below(report) == ""


def test_where_no_single_step_is_wrong_every_broken_rule_is_marked():
    report = compare("read in the other layout", (2, 2, 2))
    assert below(report) == ""
    (implementation,) = document(report)["implementations"][1:]
    broken = sum(rule["failed"] > 0 for rule in implementation["certificate"]["rules"])
    drawing = draw_certificate(document(report), [implementation])
    assert drawing.svg.count("✗") == broken > 0
    assert drawing.description.startswith("Rules that are broken: ")
