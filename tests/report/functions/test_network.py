"""The certificate of a network in the report of functions, where the reference is a chain."""

import dataclasses
import json

import numpy as np
import pytest

from compare import compare_gradients
from compare.errors import UsageError
from compare.report.functions.page.html import make_page
from compare.report.functions.text.report import format_report
from compare.report.json.read import read_report
from compare.report.json.schema import first_fault
from tests.report.test_html import Outline
from tests.support.function_reports import document_of, failing, report

LAYERS = [(np.ones((2, 3), "f"), np.zeros(3, "f")), (np.ones((3, 1), "f"), np.zeros(1, "f"))]
X = np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2)


def nothing(params, x, y):
    return [(0 * w, 0 * b) for w, b in params]


@pytest.fixture(scope="module")
def wrong():
    found = compare_gradients(LAYERS, X, candidates=[nothing], implementations=["numpy_manual"])
    return dataclasses.replace(report(verdict="disagree"), network=found)


def test_what_fails_as_a_network_alone_is_on_the_screen_and_on_the_page(wrong):
    text = format_report(wrong)
    assert "As a network, sample by sample:\n\n✗ disagree" in text
    assert max(map(len, text.splitlines())) <= 80
    page = make_page(document_of(wrong))
    outline = Outline(page)
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)
    assert {"failure", "network", "parameters"} <= set(outline.ids)


def test_what_is_told_already_is_not_told_again_but_in_all_detail(wrong):
    both = dataclasses.replace(report(failing()), network=wrong.network)
    assert "As a network" not in format_report(both)
    assert "As a network" in format_report(both, verbose=True)
    ids = Outline(make_page(document_of(both))).ids
    assert len(set(ids)) == len(ids)


def test_its_document_holds_both(wrong, tmp_path):
    assert first_fault(document_of(wrong)) is None
    wrong.save(tmp_path / "report.json")
    known = read_report(str(tmp_path / "report.json"))
    assert known["network"]["verdict"] == "disagree"
    known["network"]["pairs"] = []
    (tmp_path / "report.json").write_text(json.dumps(known))
    with pytest.raises(UsageError, match=r"network: pairs: expected at least 1 items"):
        read_report(str(tmp_path / "report.json"))
