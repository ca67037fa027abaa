"""The gallery: every picture is there, and every figure is in it."""

import re

import pytest

from benchmarks.gallery import IMAGES, PICTURES
from tests.report.test_html import drawings_of
from tests.support.paths import ROOT


@pytest.mark.parametrize("page", ["README.md", "docs/gallery.md"])
def test_every_picture_exists_and_has_words(page):
    text = (ROOT / page).read_text()
    pictures = re.findall(r"!\[([^]]*)\]\(([^)]+)\)", text)
    assert pictures
    for words, path in pictures:
        assert words
        assert ((ROOT / page).parent / path).is_file()


def test_the_gallery_has_every_kind_of_figure():
    text = (ROOT / "docs" / "gallery.md").read_text()
    shown = {name for name in re.findall(r"images/([\w.]+)", text) if not is_graph(name)}
    assert shown == set(PICTURES)
    assert shown == {path.name for path in IMAGES.iterdir() if not is_graph(path.name)}
    known = {figure.removesuffix(".svg") for _, figure in PICTURES.values()}
    assert {kind(one.name) for one in drawings_of("agree")} == set(map(kind, known))


def is_graph(name):
    """Whether compare.graph makes it."""
    return name.startswith("graph")


def kind(name):
    """The name of a figure without whose it is."""
    return re.sub(r"certificate_.*|_\d+$", "", name)
