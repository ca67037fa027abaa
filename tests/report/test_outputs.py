"""The files of a run: which of them could not be written is said of that one."""

import pathlib

import pytest

from compare.errors import UsageError
from compare.formats.write.growing_npz import GrowingNpz
from compare.implementations.baseline import BaselineWriter
from compare.report import outputs
from compare.resume import journal
from tests.support.runs import SMALL, compare


def full(*arguments, **options):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("place", "name", "option"),
    {
        "dumps": (GrowingNpz, "add", "out"),
        "dumps_at_their_end": (GrowingNpz, "finish", "out"),
        "report": (pathlib.Path, "write_text", "out"),
        "weights": (outputs, "write_params", "save_params"),
        "baseline": (BaselineWriter, "add", "save_baseline"),
        "baseline_at_its_end": (BaselineWriter, "finish", "save_baseline"),
    }.values(),
)
def test_a_full_disk_is_said_of_the_option_whose_file_it_was(
    tmp_path, monkeypatch, place, name, option
):
    folders = {one: tmp_path / one for one in ("out", "save_params", "save_baseline")}
    named = [f"--{one}={folders[one] / 'a.npz'}" for one in ("save_params", "save_baseline")]
    monkeypatch.setattr(place, name, full)
    monkeypatch.setattr(journal, "_EVERY", 3600)  # seconds; a state that is saved would stay
    with pytest.raises(
        UsageError, match=rf"^--{option} {folders[option]}: nothing was written: No "
    ):
        compare(folders["out"], *SMALL, "--dumps=npz", *named)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
