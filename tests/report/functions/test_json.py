"""report.json of a comparison of functions, and `python -m compare.report` with it."""

import json

import jsonschema
import pytest

from compare.errors import UsageError
from compare.report import __main__ as command
from compare.report.json.read import read_report
from compare.report.json.schema import first_fault
from tests.support.function_reports import (
    REPORTS,
    checked,
    document_of,
    failing,
    in_float64,
    report,
    standing,
)
from tests.support.report_schemas import OF_FUNCTIONS


def test_the_schema_is_one():
    OF_FUNCTIONS.check_schema(OF_FUNCTIONS.schema)


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_strict_and_follows_the_schema(name):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    document = json.loads(REPORTS[name]().to_json(), parse_constant=refuse)
    OF_FUNCTIONS.validate(document)
    assert first_fault(document) is None


@pytest.mark.parametrize("spoil", [{"verdict": "maybe"}, {"schema_version": 7}, {"more": 1}])
def test_the_schema_refuses_what_is_no_report(spoil):
    with pytest.raises(jsonschema.ValidationError):
        OF_FUNCTIONS.validate({**document_of(report()), **spoil})


def test_every_check_is_in_it_and_the_first_that_fails_is_named():
    for made, where in ((failing(), "checks"), (in_float64(), "exact")):
        document = document_of(report(made))["candidates"][0]
        assert len(document["checks"]) == len(made.checks)
        assert document["first"]["in"] == where
        first = document[where][document["first"]["number"]]
        assert (first["kind"], first["name"]) == (made.first.kind, made.first.name)
        assert first["holds"] is False
        assert document["first"]["check"] == first


def test_a_first_that_is_of_results_from_the_arguments_on_is_named_there():
    end = checked("output", "output", 9.0)
    one = standing(ends=(end,), verdict="disagree", first=end)
    document = document_of(report(one))
    first = document["candidates"][0]["first"]
    assert (first["in"], first["number"], first["check"]["kind"]) == ("ends", 0, "output")
    assert first_fault(document) is None


def test_what_is_not_finite_is_a_word_or_null():
    document = document_of(REPORTS["not_a_number"]())["candidates"][0]
    first = document["checks"][document["first"]["number"]]
    assert (first["found"], first["used"], first["ulp"]) == ("nan", None, None)


def remake(*words):
    return command.main(["compare.report", *map(str, words)])


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("functions") / "report.json"
    report(failing()).save(path)
    return path


def test_the_page_is_made_anew_from_it(saved, tmp_path, capsys):
    assert remake(saved, f"--out={tmp_path}") == 0
    report(failing()).save(tmp_path / "same.html")
    assert (tmp_path / "report.html").read_text() == (tmp_path / "same.html").read_text()
    assert capsys.readouterr().out.split() == ["Written:", f"{tmp_path}/report.html"]


def test_figures_of_it_are_refused(saved, tmp_path):
    with pytest.raises(UsageError, match=r"^--plots: a comparison of functions has no figures"):
        remake(saved, f"--plots={tmp_path}/f")
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_would_replace_something_else_is_refused(saved, tmp_path):
    (tmp_path / "report.html").write_text("of somebody else")
    with pytest.raises(UsageError, match="was not written by jaxmlp"):
        remake(saved, f"--out={tmp_path}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.update(schema_version=2), r"schema_version 1, got 2, which a newer"),
        (lambda one: one["candidates"].clear(), r"candidates: expected at least 1 items"),
        (lambda one: one["candidates"][0]["checks"][0].update(kind="sideways"), r"expected one of"),
        (lambda one: one["candidates"][0]["first"].update(number=999), r"contradict one another"),
    ],
)
def test_one_that_is_damaged_is_a_sentence(tmp_path, change, said):
    document = document_of(report(failing()))
    change(document)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match=said):
        remake(path)
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


def test_a_whole_one_is_read(saved):
    assert read_report(str(saved)) == document_of(report(failing()))
