"""Runs that end early and go on: the same report in the end, and nothing lost."""

import errno
import os
import pathlib
import random
import shutil
import signal
import time

import pytest

from compare.errors import UsageError
from compare.report.outputs import Outputs
from compare.resume import journal
from compare.resume.folder import StateFolder
from tests.support import forks
from tests.support.unfinished import FLAGS, STUCK, compare, files, state_of


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


def test_what_is_done_is_not_done_again(tmp_path, whole, stop, monkeypatch):
    stop(tmp_path, blocks=3)
    add, starts = journal.Journal.add, []

    def counted(self, block, *rest):
        starts.append(block.start)
        add(self, block, *rest)

    monkeypatch.setattr(journal.Journal, "add", counted)
    assert compare(tmp_path) == 0
    assert starts == [6144, 8192]
    assert files(tmp_path) == whole


def test_an_interrupted_run_goes_on_to_the_same_baseline(tmp_path, stop):
    runs = [tmp_path / name for name in ("whole", "stopped")]
    flags = [(f"--save_baseline={out}/b.npz", "--dumps=none") for out in runs]
    assert compare(runs[0], *flags[0]) == 0
    stop(runs[1], *flags[1], blocks=3)
    assert [path.name for path in runs[1].iterdir()] == [".unfinished"]
    assert compare(runs[1], *flags[1]) == 0
    assert (runs[0] / "b.npz").read_bytes() == (runs[1] / "b.npz").read_bytes()


def swap(one, other):
    third = one.with_suffix(".third")
    one.rename(third)
    other.rename(one)
    third.rename(other)


@pytest.mark.parametrize(
    ("harm", "said"),
    {
        "missing": (lambda one, other: one.unlink(), ["block_0.npz is not there"]),
        "cut_short": (
            lambda one, other: one.write_bytes(one.read_bytes()[:-9]),
            ["block_0.npz is not as"],
        ),
        "swapped": (swap, ["block_0.npz is not as", "block_2048.npz is not as"]),
        "twice": (lambda one, other: shutil.copy(one, other), ["block_2048.npz is not as"]),
    }.values(),
    ids=("missing", "cut_short", "swapped", "twice"),
)
def test_a_kept_block_that_is_harmed_is_computed_again(tmp_path, whole, stop, capsys, harm, said):
    stop(tmp_path, blocks=3)
    capsys.readouterr()
    harm(*(state_of(tmp_path).with_name(f"block_{start}.npz") for start in (0, 2048)))
    assert compare(tmp_path) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(said)
    assert all(words in line for words, line in zip(said, lines, strict=True))
    assert all(line.endswith("are computed again") for line in lines)
    assert files(tmp_path) == whole


def test_a_block_of_another_run_is_not_taken(tmp_path, whole, stop, capsys):
    stop(tmp_path / "other", "--seed=5", blocks=2)
    stop(tmp_path / "mine", blocks=2)
    name = "block_2048.npz"
    folders = (tmp_path / out / ".unfinished" for out in ("other", "mine"))
    shutil.copy(*(folder / name for folder in folders))
    assert compare(tmp_path / "mine") == 0
    assert f"{name} is not as it was written" in capsys.readouterr().err
    assert files(tmp_path / "mine") == whole


def test_a_state_is_on_disk_before_it_has_its_name(tmp_path, stop, monkeypatch):
    """A loss of power leaves the state, or the one before it, whole."""
    sync, replace, done = os.fsync, os.replace, []

    def synced(file):
        done.append(("sync", os.path.basename(os.readlink(f"/proc/self/fd/{file}"))))
        sync(file)

    def renamed(old, new):
        done.append(("name", os.path.basename(new)))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    stop(tmp_path)
    names = ["block_0.npz", "process_0_of_1.json"]
    temporary = [f".{name}.{os.getpid()}.tmp" for name in names]
    steps = [step for pair in zip(temporary, names, strict=True) for step in pair]
    kinds = ["sync", "name", "sync", "name", "sync"]
    # after the block, and again as the run is interrupted, with no new block
    first = list(zip(kinds, [*steps, ".unfinished"], strict=True))
    assert done == [*first, *first[2:]]


def test_a_state_stays_until_what_was_written_is_on_disk(tmp_path, whole, stop, monkeypatch):
    stop(tmp_path)
    sync = os.fsync

    def failing(file):
        if os.readlink(f"/proc/self/fd/{file}").endswith("report.json"):
            raise OSError(errno.EIO, "Input/output error")
        sync(file)

    with monkeypatch.context() as changed:
        changed.setattr(os, "fsync", failing)
        with pytest.raises(UsageError, match="may not be on disk: Input/output error; the same"):
            compare(tmp_path)
    assert state_of(tmp_path).exists()
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole


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
    monkeypatch.setattr(journal, "_EVERY", 3600)  # however slow this machine is just now
    monkeypatch.setattr(journal.Journal, "save", lambda *_: pytest.fail("saved"))
    assert compare(tmp_path) == 0


def test_two_runs_at_once_in_one_folder(tmp_path, whole):
    words = ["-c", STUCK + _EAGER, f"--out={tmp_path}", *FLAGS, "--seed=3"]
    other = forks.start(words)
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


def test_files_of_two_short_runs_are_not_mixed(tmp_path, monkeypatch):
    """Nor is the state of the other one removed."""
    other, write = StateFolder(str(tmp_path)), Outputs.write

    def write_meanwhile(self, *arguments):
        write(self, *arguments)
        other.lock(0)

    monkeypatch.setattr(journal, "_EVERY", 3600)  # so that it has not locked the folder itself
    monkeypatch.setattr(Outputs, "write", write_meanwhile)
    with pytest.raises(UsageError, match="that no other run is writing into"):
        compare(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [".unfinished"]
    assert (tmp_path / ".unfinished" / "process_0.lock").exists()
    other.unlock()


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
    """`make torture` does it twenty times. A fork compiles nothing: it leaves no half program."""
    state, report = state_of(tmp_path), tmp_path / "report.json"
    for _ in range(int(os.environ.get("KILLS", "2"))):
        before = written(state)
        process = forks.start(["-c", _EAGER, f"--out={tmp_path}", *FLAGS])
        while written(state) == before and process.poll() is None:
            time.sleep(0.005)
        time.sleep(random.random() * 0.3)
        process.kill()
        printed, said = process.communicate()
        killed = process.returncode == -signal.SIGKILL
        assert killed or report.exists(), (process.returncode, printed, said)
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
from compare.report.outputs import Outputs
from compare.resume import journal
from compare.resume.folder import StateFolder
journal._EVERY = 0
sys.exit(run.main(["compare.run", *sys.argv[1:]]))
"""
