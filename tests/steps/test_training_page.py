"""docs/training.md prints what it says."""

import doctest
import re

import jax

from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "training.md"


def test_every_snippet():
    with jax.numpy_rank_promotion("allow"):
        found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 15


def test_the_page_leads_to_files_that_are_there():
    for link in re.findall(r"\]\(([^)#:]+)", PAGE.read_text()):
        assert (ROOT / "docs" / link).exists(), link
