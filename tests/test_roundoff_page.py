"""docs/roundoff.md prints what it says, and docs/roundoff_promise.md names every rule."""

import doctest
import re
import sys

import pytest

from compare import rounding
from compare.evidence.rounding.primitives import RULES
from compare.options.exit_status import status_of
from tests.support.paths import ROOT
from tests.test_pages import BLOCK, commands, contains

PAGE = ROOT / "docs" / "roundoff.md"
PROMISE = (ROOT / "docs" / "roundoff_promise.md").read_text()
KERNELS = (ROOT / "docs" / "kernels.md").read_text()


def test_every_snippet():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 30


def test_the_command(tmp_path, monkeypatch, capsys):
    snippets = dict(BLOCK.findall(PAGE.read_text().partition("## From a shell\n")[2]))
    (tmp_path / "net.py").write_text(snippets["python"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "80")
    ((command, expected),) = commands(snippets["console"])
    argv = command.split()[2:]
    assert status_of(rounding.main, argv[0], argv) == 0
    assert contains(capsys.readouterr().out, expected)


def test_the_kernel_fails_until_it_has_its_factor(tmp_path, monkeypatch):
    (kernel,) = re.findall(r"`kernel.py`:\s*```python\n(.*?)```", KERNELS, re.DOTALL)
    (snippet,) = re.findall(r"```python\n(from kernel .*?)```", PAGE.read_text(), re.DOTALL)
    monkeypatch.syspath_prepend(tmp_path)
    mended = kernel.replace("(1 + CUBE * z**2)", "(1 + 3 * CUBE * z**2)")
    for text, is_right in ((kernel, False), (mended, True)):
        (tmp_path / "kernel.py").write_text(text)
        monkeypatch.delitem(sys.modules, "kernel", raising=False)
        names = {}
        exec("import jax, jax.numpy as jnp, numpy as np; from compare import roundoff", names)
        if is_right:
            exec(snippet, names)
        else:
            with pytest.raises(AssertionError):
                exec(snippet, names)


def test_the_table_of_primitives_is_that_of_the_rules():
    _, table = PROMISE.split("\n| shape of rule |")
    rows = [line.split("|")[1:-1] for line in table.split("\n\n")[0].splitlines()[2:]]
    told = {
        name: shape.strip() for shape, _, names in rows for name in re.findall("`(.*?)`", names)
    }
    assert told == {name: row.shape for name, row in RULES.items()}
