"""What docs/ports shows runs as it stands, and prints what it says."""

import doctest
import re

import pytest

from compare.selftest.everyday.evaluation import jax_as_it_comes
from tests.support.paths import ROOT

PAGES = sorted((ROOT / "docs" / "ports").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_snippet(page):
    with jax_as_it_comes():
        found = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_leads_to_files_that_are_there(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / link).exists(), link
