"""What pages show of the library runs as it stands, and prints what they say."""

import re

import numpy as np
import pytest

from compare.options.exit_status import EXIT_STATUS
from compare.testing import assert_gradients_agree
from tests.support.paths import ROOT
from tests.test_pages import BLOCK, FILE_NAME, commands, contains, run_command


def blocks(page):
    """Yields (kind, text, what stands above it) of each block of code."""
    text = (ROOT / "docs" / page).read_text()
    for found in BLOCK.finditer(text):
        yield found[1], found[2], text[: found.start()]


def right(params, x, y):
    """The gradient of the network that is drawn."""
    (w1, b1), (w2, b2), (w3, b3) = params
    h1 = 1 / (1 + np.exp(-(x @ w1 + b1)))
    h2 = 1 / (1 + np.exp(-(h1 @ w2 + b2)))
    delta3 = 2 * (h2 @ w3 + b3 - y)
    delta2 = (w3 @ delta3) * h2 * (1 - h2)
    delta1 = (w2 @ delta2) * h1 * (1 - h1)
    layers = (x, delta1), (h1, delta2), (h2, delta3)
    return [(np.outer(h, delta), delta) for h, delta in layers]


def test_the_page_for_the_library(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names, printed = {}, ""
    for kind, text, before in blocks("python.md"):
        where = f"python.md, line {before.count(chr(10)) + 2}"
        if kind == "python":
            exec(compile(text, where, "exec"), names)
            printed = capsys.readouterr().out
        else:
            assert (kind, contains(printed, text)) == ("text", True), f"{where}:\n{printed}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "report.txt"]


def test_the_page_for_test_suites(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {"right": right, "assert_gradients_agree": assert_gradients_agree}
    for kind, text, before in blocks("testing.md"):
        name = FILE_NAME.search(before)
        if name:
            (tmp_path / name[1]).write_text(text)
        elif kind == "python":
            exec(text, names)
        for command, output in commands(text) if kind == "console" else ():
            status, printed = run_command(command, capsys)
            expected = 1 if "pytest" in command else EXIT_STATUS["agree"]
            assert (status, contains(printed, output or "...\n")) == (expected, True), printed
    assert not (tmp_path / "failed_gradients").exists()


def test_the_sweep_on_the_page_of_performance():
    (text,) = (text for kind, text, _ in blocks("performance.md") if kind == "python")
    names = {}
    exec(text.replace("1_000_000", "1_000"), names)
    assert names["largest"] == np.abs(names["grads"][0].w).max() > 0


@pytest.mark.parametrize("page", ["python.md", "testing.md"])
def test_a_page_leads_to_files_that_are_there(page):
    text = (ROOT / "docs" / page).read_text()
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / "docs" / link).exists(), link
