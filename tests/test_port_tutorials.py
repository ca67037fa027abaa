"""The tutorials in docs/ports print what they say."""

import doctest
import re

import jax
import pytest

from tests.support.paths import ROOT

PORTS = ROOT / "docs" / "ports"
PAGES = sorted(page.name for page in PORTS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_every_snippet(page):
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        found = doctest.testfile(str(PORTS / page), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 20


@pytest.mark.parametrize("page", PAGES)
def test_a_page_leads_to_files_that_are_there(page):
    for link in re.findall(r"\]\(([^)#:]+)\)", (PORTS / page).read_text()):
        assert (PORTS / link).exists(), link
