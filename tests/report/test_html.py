"""The page: what it says, that it stands alone, and how a browser lays it out."""

import functools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from compare import compare_gradients
from compare.graph.pictures.svg import inline_graphs
from compare.problem.network import make_network
from compare.report.answer import compared_of, figures_of, judged_of
from compare.report.figures import draw_all
from compare.report.json.write import report_to_json
from compare.report.page.html import make_page
from compare.report.page.sections.failure import failure
from compare.report.page.sections.parameters import parameters
from jaxmlp import init_params
from tests.support.chromium import CHROMIUM, look_at

WIDTHS = (390, 1440)
VOID = {"meta", "link", "br", "path", "use", "image"}
browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (apt: chromium)")


def phi(z):
    return 1 / (1 + np.exp(-z))


def wrong_layer(params, x, y):
    """Takes phi' of the layer above."""
    (w1, b1), (w2, b2), (w3, b3) = params
    h1 = phi(x @ w1 + b1)
    h2 = phi(h1 @ w2 + b2)
    delta3 = 2 * (h2 @ w3 + b3 - y)
    delta2 = (w3 @ delta3) * h2 * (1 - h2)
    delta1 = (w2 @ delta2) * h2 * (1 - h2)
    inputs, deltas = (x, h1, h2), (delta1, delta2, delta3)
    return [(np.outer(h, delta), delta) for h, delta in zip(inputs, deltas, strict=True)]


def not_a_number(params, x, y):
    grads = [(np.array(w), np.array(b)) for w, b in wrong_layer(params, x, y)]
    grads[1][1][3] = np.nan
    return grads


def wrong_in_markup(params, x, y):
    return wrong_layer(params, x, y)


wrong_in_markup.__name__ = "<b>&\"'$x$"

REPORTS = {
    "agree": {},
    "wrong_layer": {"candidates": [wrong_layer]},
    "not_a_number": {"candidates": [not_a_number]},
    "no_hidden_layer": {"sizes": (2, 1), "dtype": "bfloat16", "layout": "out_in"},
    "wide_relu": {"sizes": (60, 30, 3), "activation": "relu", "samples": 300},
    "undecided": {"x": np.full((2, 2), np.nan, np.float32)},
    "one_sample_deep": {"sizes": (3, *(4,) * 9, 2), "samples": 1, "activation": "tanh"},
}


@functools.cache
def report_of(name, **changed):
    options = {"sizes": (2, 10, 10, 1), "samples": 20, **REPORTS[name], **changed}
    sizes, samples = options.pop("sizes"), options.pop("samples")
    x = options.pop("x", np.random.default_rng(1).random((samples, sizes[0])).astype(np.float32))
    params = init_params(np.random.default_rng(0), sizes)
    if options.get("layout") == "out_in":
        params = [(w.T, b) for w, b in params]
    options.setdefault("cast", True)
    return json.loads(report_to_json(compare_gradients(params, x, **options)))


@functools.cache
def drawings_of(name):
    return tuple(draw_all(report_of(name)))


@functools.cache
def page_of(name):
    """Returns a page whose figures are drawn once, for tests of figures too."""
    return make_page(report_of(name), drawings=drawings_of(name))


class Outline(HTMLParser):
    """Tags that are open, ids, headings and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.tags, self.text = [], [], [], []
        self.cells, self.read = [], []  # texts of (tag, text), and all that is read beside figures
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.tags.append((tag, named))
        self.ids += [named["id"]] if "id" in named else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)
        if self.open and not {"svg", "style", "title"} & set(self.open):
            self.read.append(" ".join(data.split()))
            self.cells.append((self.open[-1], self.read[-1]))

    @property
    def words(self):
        return " ".join(filter(None, self.read))


@pytest.mark.parametrize("name", REPORTS)
def test_a_page_is_well_formed_and_stands_alone(name):
    page = page_of(name)
    outline = Outline(page)
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert [tag for tag, _ in outline.tags].count("h1") == 1
    assert not {"script", "iframe", "object"} & {tag for tag, _ in outline.tags}
    links = {
        v for _, named in outline.tags for k, v in named.items() if k.endswith(("href", "src"))
    }
    assert all(link.startswith(("#", "data:")) for link in links)
    assert {link[1:] for link in links if link.startswith("#")} <= set(outline.ids)
    assert len(page.encode()) < 500_000
    policies = [named["content"] for tag, named in outline.tags if "http-equiv" in named]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


@pytest.mark.parametrize("name", REPORTS)
def test_figures_and_tables_have_words_for_those_who_hear_them(name):
    outline = Outline(page_of(name))
    figures = [named for tag, named in outline.tags if tag == "svg"]
    assert figures
    for named in figures:
        assert named["role"] == "img"
        assert set(named["aria-labelledby"].split()) <= set(outline.ids)
    heads = [named for tag, named in outline.tags if tag == "th"]
    assert heads
    assert all(named["scope"] in ("row", "col") for named in heads)


def test_the_answer_comes_first_and_the_failure_next():
    page, report = page_of("wrong_layer"), report_of("wrong_layer")
    order = [
        f"<h1>Gradients of {compared_of(report)}</h1>",
        "✗ disagree:",
        "first seen in sample 0",
        "<dt>wrong</dt><dd>wrong_layer (in 20 of 20 samples)</dd>",
        "<dt>largest difference</dt>",
        'id="failure"',
        "✗ wrong",
        'id="parameters"',
        'id="pairs"',
        'id="environment"',
    ]
    places = [page.index(one) for one in order]
    assert places == sorted(places)
    assert "phi&#x27; of z2, not of z1" in page
    assert 'href="#failure"' in page
    assert 'id="failure"' not in page_of("agree")


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_says_what_the_screen_says(name):
    read = Outline(page_of(name)).words
    for figure in figures_of(report_of(name)):
        for said in (figure.label, *(word for part in figure.parts for word in part)):
            assert said in read
    for said in (
        report_of(name)["headline"],
        *(w for pair in judged_of(report_of(name)) for w in pair),
    ):
        assert " ".join(said.split()) in read


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_said_twice(name):
    outline, report = Outline(page_of(name)), report_of(name)
    said = [one for one in outline.read if len(one) > 40]
    assert [one for one in said if said.count(one) > 1] == []
    for one in (report["headline"], *report["remarks"], *report["warnings"]):
        assert outline.words.count(" ".join(one.split())) == 1


def with_first_failure(**changed):
    report = json.loads(json.dumps(report_of("wrong_layer")))
    first = report["implementations"][-1]["certificate"]["first_failure"]
    first.update(changed)
    return Outline(failure(report, "")).words


def test_the_rule_that_broke_first_is_told_apart_from_the_mistake():
    assert "it rests on" not in with_first_failure()
    said = with_first_failure(rule="rank_one", parameter="w1", index=[0, 4])
    assert "it rests on delta1, where the mistake is made" in said
    assert "rank_one: the gradient of a weight matrix is its input times delta" in said


def test_figures_that_the_verdict_has_told_are_not_told_again():
    assert "is allowed" not in with_first_failure()
    said = with_first_failure(index=[4], found=2.5, expected=0.5, allowed=0.25)
    assert "delta1[4] is 2.5 and not 0.5, 8 times what is allowed" in said


def test_a_second_mistake_is_explained_where_it_is_shown():
    said = with_first_failure(explanation="wrong_layer forgets b1")
    assert "explained wrong_layer forgets b1" in said
    headline = report_of("wrong_layer")["headline"]
    assert "explained" not in with_first_failure(explanation=f"{headline}: b1[4] is 2")


def test_bounds_that_prove_nothing_are_called_vacuous():
    report = json.loads(json.dumps(report_of("agree")))
    assert "vacuous" not in parameters(report)
    for pair in report["pairs"]:
        for one in pair["parameters"]:
            one["vacuous_share"] = 0.5
    said = Outline(parameters(report)).words
    assert "In 50 % of all entries what rounding can do end to end is more than" in said


def test_where_nothing_was_checked_no_share_is_told():
    page = page_of("undecided")
    assert "not checked" in page
    assert "0 % used" not in page
    assert "100%" not in Outline(page).words


def test_names_are_only_text():
    report = json.loads(json.dumps(report_of("wrong_layer")).replace("wrong_layer", "<i>$x$"))
    page = make_page(report)
    assert "<i>" not in page
    assert "&lt;i&gt;$x$" in page


def test_a_page_is_drawn_to_the_same_text():
    assert make_page(report_of("agree")) == page_of("agree")


def test_graphs_have_their_place():
    graph = '<svg role="img" aria-label="graph"></svg>'
    assert graph in make_page(report_of("agree"), drawings=drawings_of("agree"), graphs=[graph])


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_has_contrast(scheme):
    found = re.findall(r":root \{(.*?)\}", page_of("agree"), re.DOTALL)[scheme]
    colors = dict(re.findall(r"--([\w-]+): (#\w+)", found))
    colors = {
        k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in colors.items()
    }
    for paper in ("paper", "soft", "bad-soft"):
        for ink in ("ink", "quiet", "good", "bad", "link"):
            light, dark = sorted((luminance(colors[ink]), luminance(colors[paper])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{ink} on {paper}"  # WCAG 2.2, AA


@browser
@pytest.mark.parametrize("name", ["agree", "wrong_layer", "not_a_number"])
def test_a_browser_shows_all_of_it(name, tmp_path):
    sizes, console = look_at(page_of(name), tmp_path, *WIDTHS)
    assert console == []
    for found in sizes:
        assert found["width"] <= found["shown"], "the page scrolls sideways"
        assert found["loaded"] == []
        assert all(one["stays"] for one in found["tables"]), "a first column scrolls out of sight"
        assert any(one["scrolls"] for one in found["tables"]) == (found["shown"] == min(WIDTHS))
        assert len(found["figures"]) == page_of(name).count("<svg ")
        for one in found["figures"]:
            assert min(one["width"], one["height"]) > 100, one["name"]
            assert one["cut"] == [], one["name"]
            assert one["overlapping"] == [], one["name"]
            assert one["smallest"] > 9.5, one["name"]


@browser
def test_a_browser_shows_the_graphs_too(tmp_path):
    pytest.importorskip("pygraphviz")
    graphs = inline_graphs(make_network((2, 10, 10, 1), "gelu"), room=10**6)
    page = make_page(report_of("agree"), drawings=drawings_of("agree"), graphs=graphs)
    assert Outline(page).open == []
    assert len(Outline(page).ids) == len(set(Outline(page).ids))
    sizes, console = look_at(page, tmp_path, *WIDTHS)
    assert console == []
    for found in sizes:
        assert found["width"] <= found["shown"], "the page scrolls sideways"
        assert found["loaded"] == []
        for one in found["figures"][-len(graphs) :]:
            assert one["cut"] == []
            assert one["smallest"] > 7


@browser
def test_dark_is_dark(tmp_path):
    (found,), _ = look_at(page_of("agree"), tmp_path, 390, dark=True)
    assert found["color"] == "rgb(18, 22, 27)"


@browser
def test_what_would_be_loaded_is_noticed(tmp_path):
    page = page_of("agree").replace("</main>", '<img src="https://example.invalid/x.png"></main>')
    _, console = look_at(page, tmp_path, 390)
    assert any("Content Security Policy" in line for line in console)
