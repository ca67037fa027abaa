"""docs/functions.md prints what it says."""

import doctest
import re
import sys

import jax

from compare import functions
from compare.options.exit_status import status_of
from tests.support.paths import ROOT
from tests.test_pages import BLOCK, commands, contains

PAGE = ROOT / "docs" / "functions.md"


def test_every_snippet():
    with jax.numpy_rank_promotion("allow"):
        found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 30


def test_the_command(tmp_path, monkeypatch, capsys):
    snippets = dict(BLOCK.findall(PAGE.read_text().partition("## From a shell\n")[2]))
    (tmp_path / "block.py").write_text(snippets["python"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    ((command, expected),) = commands(snippets["console"])
    argv = command.split()[2:]
    assert status_of(functions.main, argv[0], argv) == 2
    assert contains(capsys.readouterr().out, expected)


def test_the_page_leads_to_files_that_are_there():
    for link in re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text()):
        assert (ROOT / "docs" / link).exists(), link
