"""What a user meets at a prompt, in a notebook and in a script."""

import dataclasses
import importlib.util
import json
import pickle
import re
import sys
import types
from html.parser import HTMLParser

import numpy as np
import pytest

from compare import Report, UsageError, compare_gradients
from compare.report.json.schema import first_fault
from compare.report.page.notebook import LARGEST

RNG = np.random.default_rng(0)
LAYERS = [
    (RNG.normal(size=(n, m)).astype("f"), RNG.normal(size=m).astype("f"))
    for n, m in ((2, 4), (4, 3))
]
X = RNG.random((5, 2)).astype("f")
SOMEBODY_ELSES = "of somebody else"


def halved(params, x, y):
    (w1, b1), (w2, b2) = params
    h = np.tanh(x @ w1 + b1)
    delta2 = h @ w2 + b2 - y
    delta1 = (w2 @ delta2) * (1 - h * h)
    return [(np.outer(x, delta1), delta1), (np.outer(h, delta2), delta2)]


@pytest.fixture(scope="module")
def agreeing():
    return compare_gradients(LAYERS, X, activation="tanh")


@pytest.fixture(scope="module")
def disagreeing():
    return compare_gradients(LAYERS, X, activation="tanh", candidates=[halved])


@pytest.fixture(scope="module")
def undecided():
    return compare_gradients(LAYERS, np.full((1, 2), np.nan, "f"), activation="tanh")


class Tags(HTMLParser):
    """Every tag, and what stands open at the end."""

    def __init__(self, html):
        super().__init__()
        self.seen, self.open, self.ids, self.links = set(), [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.seen.add(tag)
        self.open.append(tag)
        self.ids += [known["id"]] if "id" in known else []
        self.links += [known[name] for name in ("src", "href", "xlink:href") if name in known]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_says_whether_all_agree(agreeing, disagreeing, undecided):
    assert isinstance(agreeing, Report)
    assert [one.agrees for one in (agreeing, disagreeing, undecided)] == [True, False, False]
    assert undecided.verdict == "undecided"


def test_it_has_no_truth_value_that_an_assert_could_take_for_a_verdict(agreeing):
    with pytest.raises(TypeError, match=r"expected report\.agrees, which is False if "):
        assert agreeing


def test_nothing_in_it_can_be_changed(agreeing):
    with pytest.raises(dataclasses.FrozenInstanceError):
        agreeing.verdict = "disagree"


def test_it_is_a_line_at_a_prompt_and_a_screen_in_print(disagreeing):
    names = "jax_grad ~ jax_manual ~ torch_autograd ~ halved"
    assert repr(disagreeing) == f"<Report disagree: 2-4-3 tanh, 5 samples, {names}>"
    assert "halved is half" in re.sub(r"\s+", " ", str(disagreeing))
    assert "\x1b" not in str(disagreeing)
    assert max(map(len, str(disagreeing).splitlines())) <= 80


def test_it_is_the_same_after_pickling(agreeing):
    again = pickle.loads(pickle.dumps(agreeing))
    assert (type(again), again.to_json()) == (Report, agreeing.to_json())


def test_its_json_is_that_of_a_run(disagreeing):
    document = json.loads(disagreeing.to_json())
    assert first_fault(document) is None
    assert document["verdict"] == "disagree"


@pytest.mark.parametrize("name", ["agreeing", "disagreeing", "undecided"])
def test_a_notebook_gets_one_element_that_needs_and_changes_nothing(name, request):
    html = request.getfixturevalue(name)._repr_html_()
    tags = Tags(html)
    assert tags.open == []
    assert html.startswith('<div class="jaxmlp-report')
    assert len(html.encode()) < LARGEST
    assert not tags.seen & {"script", "link", "iframe", "html", "body", "h1"}
    assert all(link.startswith("#") and link[1:] in tags.ids for link in tags.links)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1].strip()
    assert at_the_top(style) == [".jaxmlp-report"]
    inside = style[style.index("{") + 1 : -1]
    assert all(one.startswith(("&", "--")) for one in at_the_top(inside))
    assert "url(" not in style


def at_the_top(style):
    """Returns what stands before each block of a style that is in no other block."""
    depth, found, last = 0, [], 0
    for place, one in enumerate(style):
        if one == "{" and depth == 0:
            found.append(style[last:place].rpartition(";")[2].strip())
        depth += {"{": 1, "}": -1}.get(one, 0)
        last = place + 1 if one == "}" else last
    return found


def test_two_reports_in_a_notebook_share_no_id(agreeing, disagreeing):
    first, second = (Tags(one._repr_html_()).ids for one in (agreeing, disagreeing))
    assert second
    assert len({*first, *second}) == len([*first, *second])


def test_a_notebook_shows_the_failure(disagreeing):
    html = disagreeing._repr_html_()
    assert "✗ disagree" in html
    assert "<svg" in html
    assert "the first that fails" in html
    assert "A jax_grad, B jax_manual, C torch_autograd, D halved</summary>" in html


def test_a_notebook_without_matplotlib_has_all_but_the_picture(disagreeing, monkeypatch):
    without(monkeypatch, "matplotlib")
    html = disagreeing._repr_html_()
    assert "<svg" not in html
    assert "the first that fails" in html


def test_a_deep_network_has_the_worst_parameters_alone_in_a_notebook():
    rng = np.random.default_rng(0)
    deep = [(rng.normal(size=(3, 3)), np.zeros(3)) for _ in range(30)]
    names = ("torch_autograd", "numpy_manual")
    html = compare_gradients(deep, rng.random((2, 3)), implementations=names)._repr_html_()
    section = html.partition('-parameters"')[2].partition("</section>")[0]
    rows = re.findall(
        r'<th scope="row">[wb]\d', section.partition("<table")[2].partition("</table>")[0]
    )
    assert len(rows) == 12
    assert "report.save(&#x27;report.html&#x27;)" in html


def without(monkeypatch, package):
    find = importlib.util.find_spec
    hidden = lambda name, *more: None if name == package else find(name, *more)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", hidden)


def test_a_frame_has_a_row_for_each_quantity_of_each_pair(disagreeing, monkeypatch):
    pandas = types.SimpleNamespace(DataFrame=lambda rows: rows, __spec__=True)
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    rows = disagreeing.to_frame()
    assert len(rows) == 6 * 4 + 3 * 2  # halved returns neither prediction nor loss
    wrong = {(row["a"], row["quantity"]) for row in rows if row["bound"] > 1}
    assert wrong == {
        (a, q)
        for a in ("jax_grad", "jax_manual", "torch_autograd")
        for q in ("w1", "b1", "w2", "b2")
    }
    assert rows[0]["shape"] == (2, 4)
    assert len(rows[0]["index"]) == 2


def test_a_frame_without_pandas_is_a_sentence(agreeing, monkeypatch):
    without(monkeypatch, "pandas")
    with pytest.raises(UsageError, match=r"^to_frame: .* pip install pandas, or take report\.to_j"):
        agreeing.to_frame()


@pytest.mark.parametrize("suffix", [".json", ".txt", ".TXT"])
def test_it_is_saved_by_its_suffix_and_over_what_is_ours(agreeing, tmp_path, suffix):
    path = tmp_path / "new" / f"report{suffix}"
    for _ in range(2):
        agreeing.save(path)
    assert "agree" in path.read_text()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_page_is_saved(disagreeing, tmp_path):
    disagreeing.save(tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "halved" in page


def test_what_is_saved_is_what_is_shown(agreeing, tmp_path):
    agreeing.save(str(tmp_path / "a.json"))
    agreeing.save(tmp_path / "a.txt")
    assert (tmp_path / "a.json").read_text() == agreeing.to_json()
    assert (tmp_path / "a.txt").read_text().startswith(str(agreeing))


@pytest.mark.parametrize("suffix", [".html", ".json", ".txt"])
def test_a_file_of_somebody_elses_stays(agreeing, tmp_path, suffix):
    path = tmp_path / f"theirs{suffix}"
    path.write_text(SOMEBODY_ELSES)
    with pytest.raises(
        UsageError, match=r"^save .*: it was not written by jaxmlp, and is not repl"
    ):
        agreeing.save(path)
    assert path.read_text() == SOMEBODY_ELSES


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "report.pdf",
            r"^save .*report\.pdf: expected a name that ends with .html, .json, .txt, got",
        ),
        ("report", r"got none of them$"),
        (3, r"^save: expected the path of a file, got 3$"),
        ("", r"^save: expected the path of a file, got ''$"),
        ("a\0.txt", r"^save: expected the path of a file, got "),
    ],
)
def test_a_path_that_says_nothing_is_a_sentence(agreeing, tmp_path, monkeypatch, path, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        agreeing.save(path)
    assert list(tmp_path.iterdir()) == []


def test_a_page_without_matplotlib_is_a_sentence(agreeing, tmp_path, monkeypatch):
    without(monkeypatch, "matplotlib")
    with pytest.raises(
        UsageError, match=r"^save .*: figures are drawn by matplotlib, which is not"
    ):
        agreeing.save(tmp_path / "a.html")
    assert list(tmp_path.iterdir()) == []
