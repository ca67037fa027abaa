"""Control characters of paths, names and messages never reach a terminal or a page."""

import copy

import numpy as np
import pytest

from compare import files
from compare.errors import UsageError
from compare.options.streams import print_written
from compare.quoting import quoted
from compare.report.figures.drawing import draw
from compare.report.page.html import make_page
from tests.report.test_html import report_of
from tests.support.runs import SMALL, compare, report

EVIL = "a\x1b[2J\x07b\u202ec"
UNSEEN = {"\x1b", "\x07", "\u202e"}
SHOWN = r"a\x1b[2J\x07b\u202ec"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (EVIL, SHOWN),
        ("Grüße, ∇ 2^-53 – 10 %\nnext", "Grüße, ∇ 2^-53 – 10 %\nnext"),
        ("\r\t\x00\x7f\x9b", r"\r\t\x00\x7f\x9b"),
        ("no such byte \udcff, no room \u200b", r"no such byte \udcff, no room \u200b"),
        ("", ""),
    ],
)
def test_what_does_not_print_is_written_out(text, shown):
    assert quoted(text) == shown
    assert str(UsageError(text)) == shown


def test_a_run_of_files_with_such_names(tmp_path, capsys):
    folder = tmp_path / EVIL
    folder.mkdir()
    weights = {"w1": np.full((2, 1), 0.5, np.float32), "b1": np.zeros(1, np.float32)}
    np.savez(folder / "w.npz", **weights)
    compare(folder, f"--params={folder}/w.npz", SMALL[1], f"--save_baseline={folder}/b.npz")
    printed = capsys.readouterr().out
    assert printed.count(f"{SHOWN}/w.npz") == 1
    assert printed.count(f"{SHOWN}/b.npz") == 1
    assert not UNSEEN & set(printed)
    assert report(folder)["config"]["params"] == f"{folder}/w.npz"


def test_compare_files(tmp_path, capsys):
    (tmp_path / EVIL).write_text("1.0 2.0\n")
    files.main(["", str(tmp_path / EVIL), str(tmp_path / EVIL)])
    printed = capsys.readouterr().out
    assert SHOWN in printed
    assert "\x1b" not in printed


def test_names_of_written_files(capsys):
    print_written([EVIL, "of two\nlines"])
    assert capsys.readouterr().out == f"Written: {SHOWN}, of two\\nlines\n"


def test_a_page():
    edited = copy.deepcopy(report_of("agree"))
    edited["implementations"][1]["source"] = edited["reason"] = EVIL
    page = make_page(edited)
    assert SHOWN in page
    assert "\x1b" not in page


@pytest.mark.filterwarnings("ignore:Glyph")
def test_a_figure():
    def paint(figure):
        figure.text(0.5, 0.5, EVIL)

    drawing = draw("name", paint, title=EVIL, description=EVIL, size=(200, 100))
    assert drawing.svg.count(SHOWN) == 3
    assert not UNSEEN & set(drawing.file)
