"""Runs that end early and go on: the same report in the end, and nothing lost."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

from compare.errors import UsageError
from compare.resume import journal
from tests.support.paths import ROOT
from tests.support.unfinished import FLAGS, compare, files, state_of


@pytest.mark.isa
@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_an_interrupted_run_goes_on_to_the_same_files(tmp_path, whole, stop, blocks):
    said = stop(tmp_path, blocks=blocks)
    assert said.startswith(
        f"interrupted; {2048 * blocks:,} of 9,000 samples are saved in {tmp_path}/.unfinished: "
    )
    assert "--restart" in said
    assert [p.name for p in tmp_path.iterdir()] == [".unfinished"]
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole
    assert not (tmp_path / ".unfinished").exists()


def test_what_is_done_is_not_done_again(tmp_path, stop, monkeypatch):
    stop(tmp_path, blocks=3)
    starts = []
    monkeypatch.setattr(
        journal.Journal, "add", lambda self, block, *rest: starts.append(block.start)
    )
    with pytest.raises(UsageError, match=r"block_6144\.npz"):  # `add` has kept none
        compare(tmp_path)
    assert starts == [6144, 8192]


def test_restart_begins_anew(tmp_path, whole, stop):
    stop(tmp_path, "--seed=5", blocks=2)
    assert compare(tmp_path, "--restart") == 0
    assert files(tmp_path) == whole


def test_a_full_disk_leaves_the_last_good_state(tmp_path, whole, save_always, monkeypatch):
    write, seen = pathlib.Path.write_bytes, []

    def full(self, *arguments, **options):
        seen.append(self)
        if len(seen) == 3:
            raise OSError(28, "No space left on device")
        return write(self, *arguments, **options)

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(
        UsageError, match=r"No space left .* 6,144 samples computed, 4,096 are saved"
    ):
        compare(tmp_path)
    monkeypatch.setattr(pathlib.Path, "write_bytes", write)
    assert [p.name for p in tmp_path.iterdir()] == [".unfinished"]
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole


def test_nothing_is_saved_of_a_short_run(tmp_path, monkeypatch):
    monkeypatch.setattr(journal.Journal, "save", lambda *_: pytest.fail("saved"))
    assert compare(tmp_path) == 0


def test_two_runs_at_once_in_one_folder(tmp_path, whole):
    words = [sys.executable, "-c", _EAGER, f"--out={tmp_path}", *FLAGS, "--samples=200000"]
    other = subprocess.Popen([*words, "--seed=3"], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not (tmp_path / ".unfinished").exists() and other.poll() is None:
            time.sleep(0.01)
        for flags in ((), ("--restart",)):
            with pytest.raises(UsageError, match="that no other run is writing into"):
                compare(tmp_path, *flags)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    assert compare(tmp_path, "--restart") == 0
    assert files(tmp_path) == whole


def test_what_a_killed_run_has_left_beside_its_files_is_removed(tmp_path, whole):
    (tmp_path / ".report.json.999999999.tmp").write_text("half")
    (tmp_path / f".my_autograd.npz.{os.getpid()}.tmp").write_text("of a process that lives")
    assert compare(tmp_path) == 0
    assert [p.name for p in tmp_path.glob(".*")] == []


def test_a_file_where_the_state_belongs(tmp_path, whole):
    (tmp_path / ".unfinished").write_text("")
    with pytest.raises(UsageError, match=r"\.unfinished: expected a folder"):
        compare(tmp_path)
    assert compare(tmp_path, "--restart") == 0
    assert files(tmp_path) == whole


def test_killed_at_any_moment(tmp_path, whole):
    """`make torture` does it twenty times."""
    state, report = state_of(tmp_path), tmp_path / "report.json"
    for _ in range(int(os.environ.get("KILLS", "2"))):
        words = [sys.executable, "-c", _EAGER, f"--out={tmp_path}", *FLAGS]
        before = written(state)
        process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL)
        while written(state) == before and process.poll() is None:
            time.sleep(0.005)
        time.sleep(random.random() * 0.3)
        process.kill()
        killed = process.wait() == -signal.SIGKILL
        assert killed or report.exists()
        if report.exists():  # too late
            assert files(tmp_path) == whole
            report.unlink()
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole


def written(path):
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


_EAGER = """
import sys
from compare import run
from compare.resume import journal
journal._EVERY = 0
sys.exit(run.main(["compare.run", *sys.argv[1:]]))
"""
