"""Runs that end early and go on: the same report in the end, and nothing lost."""

import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from compare import run
from compare.errors import UsageError
from compare.pipeline.collect import Collection
from compare.resume import identity, journal
from compare.resume.block_gradients import BlockGradients
from compare.resume.state import read_state, write_state
from tests.support.paths import ROOT

FLAGS = ("--layer_sizes=2,3,1", "--samples=9000", "--dumps=npz", "--quiet")


def compare(out, *flags):
    return run.main(["compare.run", f"--out={out}", *FLAGS, *flags])


def files(out):
    """Bytes of everything written, the report without the name of its folder."""
    report = (out / "report.json").read_text().replace(str(out), "OUT")
    arrays = {path.name: dict(np.load(path)) for path in sorted(out.glob("*.npz"))}
    return report, {k: {n: a.tobytes() for n, a in v.items()} for k, v in arrays.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    assert compare(out) == 0
    assert not (out / ".unfinished").exists()
    return files(out)


@pytest.fixture
def stop_after(monkeypatch):
    """Lets a run be interrupted after so many blocks, saving its state every time."""
    monkeypatch.setattr(journal, "_EVERY", 0)

    def arrange(blocks):
        add, seen = journal.Journal.add, []

        def counted(self, *arguments):
            add(self, *arguments)
            seen.append(1)
            if len(seen) == blocks:
                raise KeyboardInterrupt

        monkeypatch.setattr(journal.Journal, "add", counted)

    return arrange


@pytest.mark.isa
@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_an_interrupted_run_goes_on_to_the_same_files(tmp_path, whole, stop_after, blocks):
    stop_after(blocks)
    said = (
        rf"interrupted; {2048 * blocks:,} of 9,000 samples are saved in .*\.unfinished: .*--restart"
    )
    with pytest.raises(KeyboardInterrupt, match=said):
        compare(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [".unfinished"]
    stop_after(0)
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole
    assert not (tmp_path / ".unfinished").exists()


def test_what_is_done_is_not_done_again(tmp_path, stop_after, monkeypatch):
    stop_after(3)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    samples = []
    monkeypatch.setattr(
        journal.Journal, "add", lambda self, block, *rest: samples.append(block.start)
    )
    with pytest.raises(UsageError, match=r"block_6144\.npz"):  # which that add has not kept
        compare(tmp_path)
    assert samples == [6144, 8192]


def test_restart_begins_anew(tmp_path, whole, stop_after):
    stop_after(2)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path, "--seed=5")
    stop_after(0)
    assert compare(tmp_path, "--restart") == 0
    assert files(tmp_path) == whole


@pytest.mark.parametrize(
    ("flags", "difference"),
    {
        "samples": (("--samples=9001",), "samples: 9000 then, 9001 now"),
        "seed": (("--seed=1",), "seed: 0 then, 1 now"),
        "sizes": (("--layer_sizes=2,4,1",), "layer_sizes: 2,3,1 then, 2,4,1 now"),
        "dumps": (("--dumps=none",), "dumps: npz then, none now"),
    }.values(),
)
def test_other_flags_are_refused(tmp_path, stop_after, flags, difference):
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    with pytest.raises(UsageError, match=rf"unfinished run .*\({difference}\); .*--restart"):
        compare(tmp_path, *flags)
    assert (tmp_path / ".unfinished" / "process_0_of_1.json").exists()
    assert compare(tmp_path) == 0


def test_other_versions_are_refused(tmp_path, stop_after, monkeypatch):
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    usual = identity.describe_environment()
    other = {**usual, "versions": {**usual["versions"], "torch": "9.9"}}
    monkeypatch.setattr(identity, "describe_environment", lambda: other)
    with pytest.raises(UsageError, match=r"torch: 2\.\S+ then, 9\.9 now"):
        compare(tmp_path)


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "ATEN_CPU_CAPABILITY", "XLA_FLAGS"])
def test_other_kernels_or_threads_are_refused(tmp_path, stop_after, monkeypatch, name):
    """They change the last bits of a product, and so of the report."""
    stop_after(1)
    monkeypatch.delenv(name, raising=False)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    with monkeypatch.context() as changed:
        changed.setenv(name, "other")
        with pytest.raises(UsageError, match=rf"\({name}: not set then, other now\)"):
            compare(tmp_path)
    assert compare(tmp_path) == 0


def test_other_cores_are_refused(tmp_path, stop_after, monkeypatch):
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(999)), raising=False)
    with pytest.raises(UsageError, match=r"\(cores: \d+ then, 999 now\)"):
        compare(tmp_path)


def test_a_state_with_other_evidence_is_refused(tmp_path, stop_after):
    """As one of before evidence had names."""
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    path = tmp_path / ".unfinished" / "process_0_of_1.json"
    state = read_state(path)
    del state.identity["evidence"]
    write_state(path, state._replace(found={"Found": {"pairs": []}}))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"\(evidence: not set then, pairs,.* now\); .*--restart"):
        compare(tmp_path)
    assert path.read_bytes() == before


def without_peers(state):
    del state.found["pairs"]["pairs"][0]["peers"]
    return state


def without_samples(state):
    fields = state._asdict()
    del fields["samples"]
    return collections.namedtuple("OtherState", fields)(**fields)


@pytest.mark.parametrize("change", [without_peers, without_samples])
def test_a_state_with_other_fields_is_set_aside(tmp_path, whole, stop_after, capsys, change):
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    path = tmp_path / ".unfinished" / "process_0_of_1.json"
    write_state(path, change(read_state(path)))
    assert compare(tmp_path) == 0
    assert "process_0_of_1.json is of another version of compare" in capsys.readouterr().err
    assert files(tmp_path) == whole


def test_another_version_of_a_file_is_refused(tmp_path, stop_after):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((9000, 2), np.float32))
    flags = (f"--data={tmp_path}/x.npy", "--seed=0")
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path / "out", *flags)
    stop_after(0)
    os.utime(tmp_path / "x.npy", ns=(1, 1))
    with pytest.raises(UsageError, match=r"the file .*x\.npy: .* then, .*changed at 1 ns now"):
        compare(tmp_path / "out", *flags)


@pytest.mark.parametrize(
    "damage",
    {
        "empty": lambda text: b"",
        "cut_short": lambda text: text[: len(text) // 2],
        "not_json": lambda text: b"\xff" + text,
        "another_number": lambda text: text.replace(b'"blocks": 2', b'"blocks": 1'),
    }.values(),
)
def test_a_damaged_state_is_set_aside(tmp_path, whole, stop_after, damage, capsys):
    stop_after(2)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    stop_after(0)
    state = tmp_path / ".unfinished" / "process_0_of_1.json"
    damaged = damage(state.read_bytes())
    state.write_bytes(damaged)
    assert compare(tmp_path) == 0
    assert "process_0_of_1.json is damaged; it is now" in capsys.readouterr().err
    assert (tmp_path / "process_0_of_1.damaged").read_bytes() == damaged
    assert files(tmp_path) == whole


def test_a_full_disk_leaves_the_last_good_state(tmp_path, whole, stop_after, monkeypatch):
    stop_after(0)
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


CANDIDATE = """
def mine(params, x, y):
    (w1, b1), (w2, b2) = params
    if len(x) < {smallest}:
        raise ValueError
    like = [(w1, b1), (w2, b2)]
    return [(w + 0 * x[:, :1, None], b + 0 * x[:, :1]) for w, b in like]
"""


@pytest.mark.parametrize("reference", ["mine.py:mine", "mine_module:mine"])
def test_a_candidate_that_was_changed_is_refused(tmp_path, stop_after, monkeypatch, reference):
    stop_after(0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / reference.replace(":mine", "").replace("mine_module", "mine_module.py")
    path.write_text(CANDIDATE.format(smallest=2048))
    flags = (f"--candidate={reference}", "--candidate_batched")
    with pytest.raises(UsageError, match="ValueError"):
        compare(tmp_path / "out", *flags)
    assert [p.name for p in (tmp_path / "out").iterdir()] == [".unfinished"]
    path.write_text(CANDIDATE.format(smallest=1))
    sys.modules.pop("mine_module", None)
    with pytest.raises(UsageError, match=r"the file .*\.py: .* then, .* now"):
        compare(tmp_path / "out", *flags)
    assert compare(tmp_path / "out", *flags, "--restart") == 2


STEPS = {
    "before_evidence": (Collection, "add", "before"),
    "after_evidence": (Collection, "add", "after"),
    "before_gradients": (BlockGradients, "add", "before"),
    "after_gradients": (BlockGradients, "add", "after"),
    "between_gradients_and_state": (BlockGradients, "flush", "after"),
    "after_saving": (journal.Journal, "save", "after"),
}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", STEPS)
def test_a_signal_at_any_step_loses_and_repeats_nothing(tmp_path, whole, monkeypatch, step, ending):
    def interrupt(number, frame):  # as `exit_with` does
        raise KeyboardInterrupt

    monkeypatch.setattr(journal, "_EVERY", 0)
    kind, name, when = STEPS[step]
    original, calls = getattr(kind, name), []

    def signalling(self, *arguments, **options):
        calls.append(1)
        if when == "before" and len(calls) == 3:
            signal.raise_signal(ending)
        result = original(self, *arguments, **options)
        if when == "after" and len(calls) == 3:
            signal.raise_signal(ending)
        return result

    before = signal.signal(ending, interrupt)
    try:
        monkeypatch.setattr(kind, name, signalling)
        with pytest.raises(KeyboardInterrupt, match=r"[246],\d+ of 9,000 samples are saved"):
            compare(tmp_path)
        monkeypatch.setattr(kind, name, original)
    finally:
        signal.signal(ending, before)
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole


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
    state, report = tmp_path / ".unfinished" / "process_0_of_1.json", tmp_path / "report.json"
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


def test_the_state_is_strict_json(tmp_path, stop_after):
    stop_after(1)
    with pytest.raises(KeyboardInterrupt):
        compare(tmp_path)
    text = (tmp_path / ".unfinished" / "process_0_of_1.json").read_text()
    json.loads(text.partition("\n")[2], parse_constant=lambda constant: pytest.fail(constant))
