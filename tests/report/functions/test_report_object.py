"""A comparison of functions at a prompt and in a script."""

import pickle
import sys
import types

import pytest

from compare import UsageError
from compare.report.functions.report import FunctionReport
from tests.support.function_reports import REPORTS, failing, report, standing


def test_it_says_whether_all_agree_and_has_no_truth_value():
    assert [REPORTS[one]().agrees for one in ("agree", "disagree", "undecided")] == [
        True,
        False,
        False,
    ]
    with pytest.raises(TypeError, match=r"expected report\.agrees, which is False if "):
        assert report()


def test_it_is_a_line_at_a_prompt_and_a_screen_in_print():
    made = report(failing())
    assert repr(made) == (
        "<FunctionReport disagree: candidate (torch) beside reference (jax), float32 on cpu>"
    )
    assert str(made).startswith("✗ disagree: candidate: it is wrong.\n")


def test_it_is_the_same_after_pickling():
    made = report(failing())
    again = pickle.loads(pickle.dumps(made))
    assert (type(again), again.to_json()) == (FunctionReport, made.to_json())


@pytest.mark.parametrize("suffix", [".html", ".json", ".txt"])
def test_it_is_saved_by_its_suffix_over_what_is_ours_alone(suffix, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    path = tmp_path / "new" / f"report{suffix}"
    for _ in range(2):
        report().save(path)
    assert "agree" in path.read_text()
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    path.write_text("of somebody else")
    with pytest.raises(UsageError, match=r"it was not written by jaxmlp, and is not repl"):
        report().save(path)
    assert path.read_text() == "of somebody else"


def test_another_suffix_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"expected a name that ends with .html, .json, .txt, got"):
        report().save(tmp_path / "report.pdf")


def test_a_frame_has_a_row_for_each_check_of_each_program(monkeypatch):
    pandas = types.SimpleNamespace(DataFrame=lambda rows: rows, __spec__=True)
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    made = report(standing("one"), failing("two"))
    rows = made.to_frame()
    programs = (*made.candidates, made.reference)
    assert len(rows) == sum(len(one.checks) for one in programs)
    assert [(r["program"], r["kind"], r["name"]) for r in rows if not r["holds"]] == [
        ("two", "forward", "blocks.1.mlp.linear")
    ]
