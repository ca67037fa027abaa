"""A comparison of functions as a page, and as a notebook shows it."""

import re

import pytest

from compare.report.functions.page.html import make_page
from compare.report.functions.tree import tree_of
from compare.report.page.notebook import LARGEST
from tests.report.test_glossary import unexplained
from tests.report.test_html import Outline, browser
from tests.support.chromium import look_at
from tests.support.function_reports import (
    REPORTS,
    checked,
    document_of,
    failing,
    report,
    standing,
)


def page_of(name):
    return make_page(document_of(REPORTS[name]()))


def details(page):
    """Returns the attributes of all parts that open."""
    return [named for tag, named in Outline(page).tags if tag == "details"]


@pytest.mark.parametrize("name", REPORTS)
def test_it_is_whole_and_needs_nothing(name):
    page = page_of(name)
    outline = Outline(page)
    assert outline.open == []
    assert len(set(outline.ids)) == len(outline.ids)
    tags = {tag for tag, _ in outline.tags}
    assert not tags & {"script", "img", "iframe"}
    links = [named["href"] for tag, named in outline.tags if tag == "a"]
    assert all(link.startswith("#") and link[1:] in outline.ids for link in links)
    assert "<b>&" not in page


def test_names_in_sentences_are_code():
    sentence = "forward, between `a<b` and `norm`: it is 1"
    made = report(failing("mine", sentence=sentence), failing(sentence=sentence))
    page = make_page(document_of(made))
    assert page.count("between <code>a&lt;b</code> and <code>norm</code>: it is 1") == 2
    assert "`" not in re.sub(r"<style>.*</style>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("name", REPORTS)
def test_every_title_is_in_the_glossary(name):
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page_of(name))
    assert {one for one in heads if unexplained(one)} == set()


def test_where_all_is_right_everything_is_closed():
    assert not [one for one in details(page_of("agree")) if "open" in one]


@pytest.mark.parametrize("kind", ["forward", "backward"])
def test_it_is_open_down_to_the_first_place_that_fails(kind):
    page = make_page(document_of(report(failing(wrong="blocks.1.norm", kind=kind))))
    known = [one for one in details(page) if "open" in one]
    assert [one.get("class") for one in known] == [None, None, "first"]
    (here,) = re.findall(r'<details open class="first"[^>]*><summary>(.*?)</summary>', page)
    assert "<span>norm</span>" in here
    assert "✗ 182 times" in here
    share = here.split("</span>")[1:3]
    assert ["wrong" in one for one in share] == [kind == "forward", kind == "backward"]


def test_the_bars_say_how_much_is_used():
    page = page_of("agree")
    assert 'style="--used:10%">10 %' in page
    assert '<span class="bar none">no bound</span>' in page_of("plain")


def test_what_has_no_bound_does_not_hide_behind_what_has():
    checks = checked("forward", "a.b"), checked("forward", "a.c", bound=1e3)
    page = make_page(document_of(report(standing(checks=checks))))
    assert "<summary><span>a</span><span" in page
    assert ">10 %, no bound</span>" in page


def test_what_fails_without_recording_alone_leaves_the_tree_as_it_is():
    one = standing(verdict="disagree", first=checked("output", "output", 5.0))
    page = make_page(document_of(report(one)))
    assert page.count("<details") > len(one.checks) // 2
    assert "First wrong in candidate, in float32: output[1,2]" in page


def test_submodules_are_a_tree_in_the_order_of_the_data():
    names = ("blocks.0.norm", "blocks.0.mlp.act", "blocks.1.norm", "args[0]['a.b']", "head.out")
    checks = document_of(report(standing(checks=tuple(checked("forward", n) for n in names))))
    root = tree_of(checks["candidates"][0]["checks"])
    assert list(root.parts) == ["blocks", "args[0]['a.b']", "head"]
    assert [one.name for one in root.parts.values()] == ["blocks", "args[0]['a.b']", "head.out"]
    first, second = root.parts["blocks"].parts.values()
    assert [one.name for one in first.parts.values()] == ["norm", "mlp.act"]
    assert second.name == "1.norm"


def test_of_300_places_the_page_is_small_enough_to_send():
    page = page_of("many")
    assert page.count("<details") > 300
    assert len(page.encode()) < 10**6


@pytest.mark.parametrize("name", REPORTS)
def test_a_notebook_gets_one_element_with_the_answer(name):
    made = REPORTS[name]()
    html = made._repr_html_()
    outline = Outline(html)
    assert outline.open == []
    assert html.startswith(f'<div class="jaxmlp-report {made.verdict}">')
    assert len(html.encode()) < LARGEST
    assert ("The failure" in html) == (made.verdict == "disagree")
    assert len(re.findall(r"<tr>", html)) < 60


@browser
@pytest.mark.parametrize("name", ["long", "disagree"])
def test_a_browser_shows_all_of_it_at_any_width(name, tmp_path):
    measured, console = look_at(page_of(name), tmp_path, 390, 1440)
    assert console == []
    for one in measured:
        assert one["width"] <= one["shown"], name
        assert one["loaded"] == []
