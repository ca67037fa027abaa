"""docs/function_reports.md runs as it stands, and prints what it says."""

import doctest
import os

from tests.support.paths import ROOT


def test_the_page_of_reports(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    done = doctest.testfile(str(ROOT / "docs" / "function_reports.md"), module_relative=False)
    assert (done.failed, done.attempted > 15) == (0, True)
