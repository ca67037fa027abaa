"""Files that appear together and whole, or not at all."""

import contextlib
import errno
import os

import pytest

from compare.errors import UsageError
from compare.formats.atomic import Staging
from compare.formats.ours import SIGN


def tree(folder):
    """Returns everything below a folder, files with what they hold."""
    below = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): p.read_text() if p.is_file() else None for p in below}


def stage(folder, *, failure=None, unwritten=(), **files):
    """Stages files of this text, then raises the failure if there is one."""
    with Staging(folder, option="--out") as staging:
        for stem, text in files.items():
            staging.path(f"{stem}.txt").write_text(text)
        for stem in unwritten:
            staging.path(f"{stem}.txt")
        if failure is not None:
            raise failure
    return staging


FAILURES = {
    "an_error": (ValueError("mine"), ValueError),
    "usage": (UsageError("mine"), UsageError),
    "interrupted": (KeyboardInterrupt(), KeyboardInterrupt),
    "exit": (SystemExit(3), SystemExit),
    "full_disk": (OSError(errno.ENOSPC, "No space left on device"), UsageError),
}

failures = pytest.mark.parametrize(("failure", "raised"), FAILURES.values(), ids=FAILURES)


@pytest.mark.parametrize("out", [".", "new", "new/and/deep"])
def test_files_appear_at_the_end_and_nothing_else_does(tmp_path, out):
    folder = tmp_path / out
    with Staging(folder, option="--out") as staging:
        for name in ("a.txt", "b.txt"):
            staging.path(name).write_text(name)
            assert not (folder / name).exists()
    assert tree(folder) == {"a.txt": "a.txt", "b.txt": "b.txt"}


def test_names_are_the_final_ones(tmp_path):
    staging = stage(tmp_path, a="1", b="2")
    assert staging.names == (str(tmp_path / "a.txt"), str(tmp_path / "b.txt"))


def test_no_files_leave_an_empty_folder(tmp_path):
    assert stage(tmp_path / "new").names == ()
    assert tree(tmp_path) == {"new": None}


def test_a_folder_may_be_given_as_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stage("new/folder", a="1")
    assert tree(tmp_path / "new" / "folder") == {"a.txt": "1"}


def test_earlier_files_are_replaced_and_others_stay(tmp_path):
    (tmp_path / "a.txt").write_text(f"old {SIGN}")
    (tmp_path / "other").write_text("mine")
    with Staging(tmp_path, option="--out") as staging:
        staging.path("a.txt").write_text("new")
        assert (tmp_path / "a.txt").read_text() == f"old {SIGN}"
    assert tree(tmp_path) == {"a.txt": "new", "other": "mine"}


@failures
@pytest.mark.parametrize("out", ["new", "new/and/deep"])
def test_a_failure_leaves_no_file_and_no_folder(tmp_path, out, failure, raised):
    with pytest.raises(raised):
        stage(tmp_path / out, failure=failure, a="1", b="2")
    assert tree(tmp_path) == {}


@failures
def test_a_failure_leaves_earlier_files_and_folders_untouched(tmp_path, failure, raised):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("old")
    before = tree(tmp_path)
    with pytest.raises(raised):
        stage(tmp_path / "out", failure=failure, a="new", b="new")
    with pytest.raises(raised):
        stage(tmp_path / "out" / "new", failure=failure, a="new")
    assert tree(tmp_path) == before


def test_a_full_disk_is_one_sentence_that_names_the_option(tmp_path):
    with pytest.raises(
        UsageError, match=r"^--out .*: nothing was written: No space left"
    ) as caught:
        stage(tmp_path, failure=FAILURES["full_disk"][0], a="1")
    assert str(tmp_path) in str(caught.value)


def test_what_others_wrote_into_a_new_folder_survives_a_failure(tmp_path):
    staging = Staging(tmp_path / "new", option="--out")
    with contextlib.suppress(ValueError), staging:
        (tmp_path / "new" / "other").write_text("mine")
        staging.path("a.txt").write_text("1")
        raise ValueError
    assert tree(tmp_path) == {"new": None, "new/other": "mine"}


def test_a_folder_in_the_place_of_a_file_stops_all_of_them(tmp_path):
    (tmp_path / "b.txt").mkdir()
    (tmp_path / "a.txt").write_text(SIGN)
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=r"nothing was written: b\.txt is a folder"):
        stage(tmp_path, a="new", b="new", c="new")
    assert tree(tmp_path) == before


def test_what_others_wrote_is_never_replaced(tmp_path):
    stage(tmp_path, a="")  # in an empty file there is nothing to lose
    stage(tmp_path, a="mine")
    with pytest.raises(UsageError, match=r"nothing was written: a\.txt was not written by jaxmlp"):
        stage(tmp_path, a="new", b="new")
    assert tree(tmp_path) == {"a.txt": "mine"}


def test_only_a_temporary_file_of_a_process_that_has_ended_is_removed(tmp_path):
    for middle in ("backup", "999999999", str(os.getpid())):
        (tmp_path / f".a.txt.{middle}.tmp").write_text(middle)
    Staging(tmp_path, option="--out").path("a.txt")
    assert set(tree(tmp_path)) == {".a.txt.backup.tmp", f".a.txt.{os.getpid()}.tmp"}


def test_a_file_that_was_never_written_stops_all_of_them(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(UsageError, match="nothing was written"):
        stage(tmp_path, a="new", unwritten=["b"])
    assert tree(tmp_path) == {"a.txt": "old"}


@pytest.mark.parametrize(
    "out",
    [
        pytest.param("file", id="a_file"),
        pytest.param("file/below", id="below_a_file"),
        pytest.param("file/far/below", id="far_below_a_file"),
        pytest.param("long" * 100, id="name_too_long"),
        pytest.param("new/" + "long" * 100, id="name_too_long_in_a_new_folder"),
    ],
)
def test_a_place_that_cannot_be_a_folder_is_an_error_before_any_work(tmp_path, out):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=r"^--out .*: expected a folder to write into"):
        stage(tmp_path / out, failure=AssertionError("the work began"))
    assert tree(tmp_path) == {"file": "mine"}


def test_a_folder_that_cannot_be_written_is_an_error_before_any_work(tmp_path, monkeypatch):
    def refuse(path, *args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    with pytest.raises(UsageError, match="Permission denied"):
        stage(tmp_path / "new" / "deep", failure=AssertionError("the work began"))
    assert tree(tmp_path) == {}


def test_one_staging_after_another(tmp_path):
    stage(tmp_path, a="1")
    stage(tmp_path, b="2")
    assert tree(tmp_path) == {"a.txt": "1", "b.txt": "2"}
