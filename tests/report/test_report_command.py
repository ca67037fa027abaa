"""`python -m compare.report`, and --html, --plots, --verbose of `python -m compare.run`."""

import copy
import functools
import importlib.util
import json
import subprocess
import sys

import hypothesis
import hypothesis.strategies as st
import pytest

from compare import run
from compare.errors import UsageError
from compare.formats.ours import SIGN
from compare.graph.pictures.svg import inline_graphs
from compare.problem.network import Network, make_network
from compare.report import __main__ as command
from compare.report.document import network_in
from compare.report.json.schema import first_fault
from compare.report.page.html import make_page
from compare.report.visuals import LARGEST
from tests.report.test_html import report_of
from tests.support.paths import ROOT

SMALL = ("--layer_sizes=2,3,1", "--samples=4", "--dumps=none")


def remake(*words):
    return command.main(["compare.report", *map(str, words)])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    plots = out / "figures"
    assert run.main(["", *SMALL, "--html", f"--plots={plots}", f"--out={out}"]) == 0
    return out


def test_a_run_writes_what_the_command_makes_from_its_json(written, tmp_path, capsys):
    assert remake(written / "report.json", f"--plots={tmp_path}/f", f"--out={tmp_path}") == 0
    page = (written / "report.html").read_text()
    assert (tmp_path / "report.html").read_text() == page
    graphs = inline_graphs(make_network((2, 3, 1), "sigmoid"), room=LARGEST)
    made = make_page(json.loads((written / "report.json").read_text()), graphs=graphs)
    assert page == f"{made}<!-- {SIGN} -->\n"
    figures = {p.name: p.read_text() for p in (written / "figures").iterdir()}
    assert {p.name: p.read_text() for p in (tmp_path / "f").iterdir()} == figures
    assert len(figures) + len(graphs) == page.count("<svg ")
    printed = capsys.readouterr().out
    assert " ".join(printed.split()).startswith(f"Written: {tmp_path}/report.html")


def test_the_graphs_are_of_the_network_that_was_compared():
    report = copy.deepcopy(report_of("agree"))
    report["config"].update(output="softmax", loss="cross_entropy", layer_sizes=[2, 10, 10, 3])
    report["config"].update(l2=0.1, activation="relu,tanh")
    for pair in report["pairs"]:
        pair["parameters"] = [one for one in pair["parameters"] if one["name"] != "b2"]
    biases = (True, False, True)
    sizes, phis = (2, 10, 10, 3), ("relu", "tanh")
    network = Network(sizes, phis, "cross_entropy", "softmax", 0.1, biases)
    assert network_in(report) == network


def test_the_page_is_made_beside_its_json(written, tmp_path, monkeypatch):
    (tmp_path / "report.json").write_bytes((written / "report.json").read_bytes())
    monkeypatch.chdir(tmp_path)
    assert remake("report.json") == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_nothing_but_figures_if_no_page_is_wanted(written, tmp_path):
    assert remake(written / "report.json", "--nohtml", f"--plots={tmp_path}") == 0
    assert {p.suffix for p in tmp_path.iterdir()} == {".svg"}


def changed(change, edit=str):
    """Returns a function that makes the text of a report, changed: to collect tests makes none."""

    def text():
        report = copy.deepcopy(report_of("agree"))
        change(report)
        return edit(json.dumps(report))

    return text


BAD = {
    "empty": ("", "is not, or is damaged"),
    "cut_off": (changed(lambda r: None, lambda text: text[:5000]), "is not, or is damaged"),
    "binary": (b"\xff\xfe\x00", "is not, or is damaged"),
    "nan": ('{"schema_version": NaN}', "is not, or is damaged"),
    "nested": ("[" * 100_000, "is not, or is damaged"),
    "a_list": ("[1, 2]", "without a schema_version"),
    "of_something_else": ('{"name": "x"}', "without a schema_version"),
    "a_word_for_a_version": ('{"schema_version": "5"}', "without a schema_version"),
    "older": (changed(lambda r: r.update(schema_version=5)), "got 5, which an older version"),
    "newer": (changed(lambda r: r.update(schema_version=9)), "got 9, which a newer version"),
    "without_pairs": (changed(lambda r: r.pop("pairs")), "edited: pairs: expected something"),
    "text_for_a_number": (
        changed(lambda r: r["pairs"][1]["parameters"][0].update(max_abs="x")),
        r"edited: pairs\[1\].parameters\[0\].max_abs: expected number or null, got \"x\"$",
    ),
    "cells_missing": (
        changed(lambda r: r["entries"]["maps"][0]["ulp"].pop()),
        "contradict one another",
    ),
    "too_large_a_number": (
        changed(lambda r: r["pairs"][0]["parameters"][0].update(entries=10**400)),
        "entries: expected integer, got 1000.*000...$",
    ),
    "an_infinite_number": (
        changed(lambda r: None, lambda text: text.replace('"scaled": 0.0', '"scaled": 1e999', 1)),
        "scaled: expected number or null, got Infinity",
    ),
    "another_word": (
        changed(lambda r: r.update(verdict="maybe")),
        'verdict: expected one of agree, disagree, undecided, got "maybe"',
    ),
    "below_zero": (
        changed(lambda r: r["implementations"][0]["certificate"].update(failed=-1)),
        r"implementations\[0\].certificate.failed: expected at least 0, got -1",
    ),
    "too_few": (
        changed(lambda r: r.update(implementations=[])),
        "implementations: expected at least 2 items, got a list of 0",
    ),
    "one_field_more": (
        changed(lambda r: r["pairs"][0].update({"a\nb": 1})),
        r'pairs\[0\]: expected no field "a\\nb"',
    ),
    "a_name_of_two_lines": (
        changed(lambda r: r["noise"].update({"\n" * 999: 1})),
        r"noise\['[\\n]+...: expected object, got 1",
    ),
    "a_long_text": (
        changed(lambda r: r.update(verdict="x" * 10**6)),
        'got "x{79}...$',
    ),
    "huge": (" " * (16 * 2**20 + 1), "got more than 16 MiB"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_report_is_refused_in_one_sentence(tmp_path, name):
    content, message = BAD[name]
    content = content() if callable(content) else content
    path = tmp_path / "report.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UsageError, match=message) as raised:
        remake(path)
    assert "\n" not in str(raised.value)
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "expected one file, the report.json of a run, got none"),
        (("a", "b"), "got 'a' 'b'"),
        (("no.json",), "no.json: expected the report.json of a run: No such file"),
        ((".",), "got a folder"),
        (("/dev/zero",), "got no regular file"),
        (("a", "--nohtml"), "there is nothing to make"),
        (("a", "--samples=3"), "there is no flag --samples"),
    ],
)
def test_wrong_usage(words, message):
    with pytest.raises(UsageError, match=message):
        remake(*words)


def test_without_matplotlib_nothing_is_computed(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    for flag in ("--html", f"--plots={tmp_path}/figures"):
        with pytest.raises(UsageError, match=r'pip install "jaxmlp\[report\]"'):
            run.main(["", *SMALL, flag, f"--out={tmp_path}"])
    assert list(tmp_path.iterdir()) == []


def test_without_jsonschema_no_report_is_read(written, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "jsonschema" else find(name)
    )
    with pytest.raises(UsageError, match=r'jsonschema, .*; pip install "jaxmlp\[report\]"'):
        remake(written / "report.json")


@pytest.mark.parametrize("depth", range(500, 1000, 25))
def test_a_deep_text_is_refused(tmp_path, depth):
    path = tmp_path / "report.json"
    text = changed(lambda r: r.update(reason="deep"))()
    path.write_text(text.replace('"deep"', "[" * depth + "]" * depth))
    with pytest.raises(UsageError, match=r"report\.json: .*damaged"):
        remake(path)


def test_a_folder_for_figures_that_cannot_be_is_refused_first(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"--plots .*: expected a folder to write into"):
        run.main(["", *SMALL, f"--plots={tmp_path}/file", f"--out={tmp_path}/out"])
    assert not (tmp_path / "out").exists()
    with pytest.raises(UsageError, match="--plots: expected a folder"):
        run.main(["", *SMALL, "--plots="])


def test_it_needs_neither_framework(written):
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('jax', 'torch')));"
        "from compare.report.__main__ import main; sys.exit(main(sys.argv))"
    )
    words = [sys.executable, "-c", code, str(written / "report.json")]
    subprocess.run(words, check=True, cwd=ROOT, capture_output=True)


def test_verbose_adds_how_it_was_found(tmp_path, capsys):
    run.main(["", *SMALL, "--verbose", f"--out={tmp_path}"])
    verbose = capsys.readouterr().out
    run.main(["", *SMALL, f"--out={tmp_path}"])
    plain = capsys.readouterr().out
    answer, _, files = plain.partition("\n\nWritten: ")
    assert verbose.startswith(answer)
    assert len(answer.splitlines()) <= 24
    for word in ("certified", "silent", "tightest", "witness", "scaled", "subnormal", "products"):
        assert word not in answer
        assert f" {word}: " in " ".join(verbose.split())  # and what it means
    assert files.endswith("--verbose\n")
    assert "Samples by the largest distance of any finite entry, in ulp" in verbose
    assert "4 ###" in verbose


class Terminal:
    """What run prints to, as a terminal."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return True


@pytest.mark.parametrize(("no_color", "colours"), [(None, True), ("", True), ("1", False)])
def test_colour_is_for_terminals_that_want_it(tmp_path, monkeypatch, no_color, colours):
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr("sys.stdout", Terminal())
    run.main(["", *SMALL, f"--out={tmp_path}"])
    assert ("\x1b[1;32m✓ agree\x1b[0m: " in sys.stdout.text) == colours
    assert ("\x1b" in sys.stdout.text) == colours


def test_no_colour_elsewhere(tmp_path, capsys):
    run.main(["", *SMALL, f"--out={tmp_path}"])
    assert "\x1b" not in capsys.readouterr().out


def places(value, path=()):
    yield path
    items = enumerate(value) if isinstance(value, list) else ()
    for key, one in value.items() if isinstance(value, dict) else items:
        yield from places(one, (*path, key))


ANYTHING = st.sampled_from([None, True, -1, 1.5, "x", [], {}, 10**400, [1, 2, 3], {"a": 1}])


@functools.cache
def a_report_and_its_places():
    report = copy.deepcopy(report_of("wrong_layer", implementations=("numpy_manual",)))
    return report, list(places(report))[1:]


@hypothesis.given(st.integers(0, 10**6), ANYTHING)
@hypothesis.settings(deadline=None, max_examples=100)
def test_whatever_stands_anywhere_a_fault_is_one_short_sentence(chosen, value):
    report, everywhere = a_report_and_its_places()
    *path, last = everywhere[chosen % len(everywhere)]
    within = report
    for key in path:
        within = within[key]
    before, within[last] = within[last], value
    fault = first_fault(report)
    within[last] = before
    if fault is not None:
        assert fault.startswith(str(path[0] if path else last))
        assert ": expected " in fault
        assert len(fault) < 250
