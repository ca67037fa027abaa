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
from compare.report.json.write import report_to_json
from compare.report.page.html import make_page
from jaxmlp import init_params
from tests.support.chromium import CHROMIUM, look_at

WIDTHS = (390, 1400)
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
def report_of(name):
    options = {"sizes": (2, 10, 10, 1), "samples": 20, **REPORTS[name]}
    sizes, samples = options.pop("sizes"), options.pop("samples")
    x = options.pop("x", np.random.default_rng(1).random((samples, sizes[0])).astype(np.float32))
    params = init_params(np.random.default_rng(0), sizes)
    if options.get("layout") == "out_in":
        params = [(w.T, b) for w, b in params]
    options.setdefault("cast", True)
    return json.loads(report_to_json(compare_gradients(params, x, **options)))


@functools.cache
def page_of(name):
    return make_page(report_of(name))


class Outline(HTMLParser):
    """Tags that are open, ids, headings and text."""

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.tags, self.text = [], [], [], []
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


def test_the_verdict_comes_first_and_the_failure_next():
    page = page_of("wrong_layer")
    report = report_of("wrong_layer")
    assert page.index("<strong>disagree</strong>") < page.index('id="failure"')
    assert page.index('id="failure"') < page.index('id="compared"')
    words = " ".join(Outline(page).text)
    assert report["reason"] in words
    assert "phi' of z2 for phi' of z1" in words
    assert 'href="#failure"' in page
    assert 'id="failure"' not in page_of("agree")


def test_names_are_only_text():
    report = json.loads(json.dumps(report_of("wrong_layer")).replace("wrong_layer", "<i>$x$"))
    page = make_page(report)
    assert "<i>" not in page
    assert "&lt;i&gt;$x$" in page


def test_a_page_is_drawn_to_the_same_text():
    assert make_page(report_of("agree")) == page_of("agree")


def test_graphs_have_their_place():
    graph = '<svg role="img" aria-label="graph"></svg>'
    assert graph in make_page(report_of("agree"), graphs=[graph])


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
    page = make_page(report_of("agree"), graphs=graphs)
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
