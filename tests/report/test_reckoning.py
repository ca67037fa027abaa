"""What a run will take is said before it has taken it."""

import collections
import shutil

import pytest

from compare.errors import UsageError
from compare.formats.write.dump import text_lines
from compare.options.config import Config
from compare.problem.problem import make_problem
from compare.report import reckoning
from compare.report.reckoning import Reckoning, check_room
from tests.support.unfinished import compare


def reckon(rate, *, total, seconds=20, long=False, slow_start=0.0):
    """Goes on at so many samples a second, after a first block that took longer."""
    now = [0.0]
    reckoned = Reckoning(long=long, clock=lambda: now[0])
    for second in range(seconds):
        now[0] = slow_start + second
        reckoned.update(rate * (second + 1), total)


@pytest.mark.parametrize(
    ("rate", "total", "said"),
    [
        (200_000, 10**12, "58 days, 200,000 a second as so far"),
        (200_000, 2**53, "1,427 years, 200,000 a second"),
        (1, 90_000, "25 hours, 1 a second"),
    ],
)
def test_more_than_a_day_is_for_those_who_ask(rate, total, said):
    with pytest.raises(UsageError, match=f"^samples: the .* will take about {said}"):
        reckon(rate, total=total)
    with pytest.raises(UsageError, match=r"with --long the same command goes on from here"):
        reckon(rate, total=total, slow_start=1e6)
    reckon(rate, total=total, seconds=10)
    reckon(rate, total=total, long=True)
    reckon(rate, total=80_000 * rate)


def test_a_run_that_is_too_long_goes_on_with_long(tmp_path, monkeypatch):
    monkeypatch.setattr(reckoning, "_MEASURED", 0.0)
    monkeypatch.setattr(reckoning, "_LONGEST", 0.0)
    monkeypatch.setattr("compare.resume.journal._EVERY", 0.0)
    with pytest.raises(UsageError, match=r"samples: the 4 still to do .* 0 minutes, "):
        compare(tmp_path / "out", "--samples=4100")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".unfinished"]
    assert compare(tmp_path / "out", "--samples=4100", "--long") == 0
    assert not (tmp_path / "out" / ".unfinished").exists()


Usage = collections.namedtuple("Usage", ("total", "used", "free"))


def room(monkeypatch, tmp_path, free, *, brought=0, **options):
    config = Config(layer_sizes=(2, 3, 1), out=str(tmp_path / "new" / "out"), **options)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**18, 0, {tmp_path: free}[path]))
    check_room(config, make_problem(config), brought)


def test_small_sizes_are_not_rounded_to_nothing(monkeypatch, tmp_path):
    with pytest.raises(UsageError, match=r"at least \d\.\d kB, got 0 bytes"):
        room(monkeypatch, tmp_path, 0, samples=10, dumps="text")


def test_dumps_for_which_there_is_no_room(tmp_path, monkeypatch):
    for options in ({"dumps": "text"}, {"dumps": "npz"}):
        with pytest.raises(UsageError, match=r"--out .*/new/out: .* at least \d.*, got 1\.0 GB"):
            room(monkeypatch, tmp_path, 10**9, samples=10**9, **options)
    room(monkeypatch, tmp_path, 10**9, samples=10**9)


@pytest.mark.parametrize(
    ("dtype", "brought", "needed"),
    [("float32", 0, 156), ("bfloat16", 0, 156), ("float64", 0, 312), ("float64", 2, 416)],
)
def test_a_baseline_for_which_there_is_no_room(tmp_path, monkeypatch, dtype, brought, needed):
    """13 numbers of three implementations, and of what a user brings."""
    path = tmp_path / "later" / "b.npz"
    options = {"samples": 10**6, "dumps": "none", "dtype": dtype, "save_baseline": str(path)}
    room(monkeypatch, tmp_path, needed * 10**6, brought=brought, **options)
    said = rf"^--save_baseline {path}: expected room for a baseline of at least {needed}\.0 MB, got"
    with pytest.raises(UsageError, match=said):
        room(monkeypatch, tmp_path, needed * 10**6 - 1, brought=brought, **options)


@pytest.mark.parametrize("samples", [1, 10, 11, 100, 101, 1000])
def test_what_is_reckoned_is_no_more_than_what_is_written(tmp_path, monkeypatch, samples):
    config = Config(layer_sizes=(2, 3, 1), samples=samples)
    zeros = {
        name: array[None].repeat(samples, axis=0) * 0
        for i, layer in enumerate(make_problem(config).params, start=1)
        for name, array in ((f"w{i}", layer.w), (f"b{i}", layer.b))
    }
    written = 4 * sum(map(len, text_lines(0, zeros)))  # the shortest that there can be
    room(monkeypatch, tmp_path, written, brought=1, samples=samples)
    with pytest.raises(UsageError, match="expected room"):
        room(monkeypatch, tmp_path, written * 7 // 10 - 1, brought=1, samples=samples)
