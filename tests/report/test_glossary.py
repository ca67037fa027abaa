"""docs/glossary.md has every word of the screen and of the page."""

import re

import numpy as np
import pytest

from compare import CallStyle, compare_gradients
from compare.report.text.report import format_report
from compare.report.words import MEANINGS, WORDS
from jaxmlp import init_params
from tests.report.test_html import REPORTS, Outline, page_of, wrong_layer
from tests.support.paths import ROOT

TEXT = (ROOT / "docs" / "glossary.md").read_text()
TERMS = set(re.findall(r"\*\*(.+?)\*\*", TEXT))
HEADS = ("max abs", "certified", "theirs", "held against", "5 digits", "text")  # of a head one is


def unexplained(head):
    """Returns what of a line with titles is no term, the longest terms first."""
    for term in sorted(TERMS, key=len, reverse=True):
        head = re.sub(rf"(?<!\S){re.escape(term)}(?!\S)", " ", head)
    return head.split()


@pytest.mark.parametrize("batches", [False, True], ids=["samples", "batches"])
def test_every_title_of_the_screen_is_explained(batches):
    params = init_params(np.random.default_rng(0), (2, 10, 10, 1))
    x = np.random.default_rng(1).random((20, 2)).astype(np.float32)
    options = {"candidates": [wrong_layer]}
    if batches:
        options = {"reduction": "mean", "call_style": CallStyle(batch_size=10)}
    report = compare_gradients(params, x, cast=True, **options)
    lines = format_report(report, width=80, verbose=True).splitlines()
    heads = [one for one in lines if one.startswith("    ") and any(h in one for h in HEADS)]
    assert len(heads) > 4
    assert [one for head in heads for one in unexplained(head)] == []
    labels = [
        re.split(r"\s{2,}", one)[0] for one in lines if re.match(r"[a-z][a-z ]+\s{2,}\S", one)
    ]
    assert len(labels) > 5
    assert [one for label in labels for one in unexplained(label)] == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_title_of_the_page_is_explained(name):
    titles = {text for tag, text in Outline(page_of(name)).cells if tag in ("dt", "b") and text}
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page_of(name))
    assert heads
    letters = re.compile(r"[A-Z]")
    words = {one for one in (*titles, *heads) if not letters.fullmatch(one)}
    assert {one for one in words if unexplained(one.replace(",", " "))} == set()


def test_every_word_that_is_explained_beside_a_table_is_in_the_glossary():
    words = {*MEANINGS, *WORDS}
    assert {one for one in words if unexplained(one.replace(",", " "))} == set()
