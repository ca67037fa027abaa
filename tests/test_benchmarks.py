"""Benchmarks: that figures mean what they say. What they are is no test."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    chart,
    child,
    comparison,
    machine,
    memory,
    networks,
    ours,
    output,
    peers,
    processes,
    results,
    run,
    scaling,
    startup,
    sweep,
    timing,
)
from compare.errors import UsageError
from tests.support import forks
from tests.support.paths import ROOT

A = networks.NETWORKS["A"]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def untimed(monkeypatch):
    """Lets a sweep time nothing, and leave garbage, which is of all tests before, where it is."""
    monkeypatch.setattr(sweep, "interleaved", lambda tasks, repeats: {k: [1.0] for k in tasks})
    monkeypatch.setattr(sweep.gc, "collect", lambda: 0)


def seconds(**medians):
    return {name: [value, value, 9 * value] for name, value in medians.items()}


def test_tasks_take_turns():
    seen = []
    tasks = {name: lambda name=name: seen.append(name) or None for name in "ab"}
    slow = {
        name: lambda task=task: (task(), timing.time.sleep(0.02)) for name, task in tasks.items()
    }
    found = timing.interleaved(slow, 3)
    assert "".join(seen) == "aabb" + "ab" * 3
    assert {name: len(times) for name, times in found.items()} == {"a": 3, "b": 3}
    assert all(0.02 <= t < 1 for times in found.values() for t in times)


def test_a_median_is_not_moved_by_one_bad_turn():
    assert timing.medians(seconds(a=0.5)) == {"a": 0.5}


def test_table_shows_multiples_of_the_reference_and_notes():
    table = results.Table("title", seconds(one=0.5, two=0.25), "two", ("left out",))
    lines = results.format_table(table).splitlines()
    assert lines[0] == "title"
    assert lines[2].split() == ["one", "500", "2", "2", "..", "2"]
    assert lines[3].split()[-4:] == ["1", "1", "..", "1"]
    assert lines[-1] == "left out"


def test_ratios_are_paired_turn_by_turn():
    found = {"a": [2.0, 40.0, 6.0, 8.0, 2.0], "b": [1.0, 10.0, 1.0, 1.0, 2.0]}
    assert timing.paired(found, "a", "b") == (4.0, 2.0, 6.0)
    assert str(timing.paired(found, "a", "b")) == "4x (2 to 6)"
    assert timing.paired({"a": [3.0], "b": [2.0]}, "a", "b") == (1.5, 1.5, 1.5)


def test_figures_fit_80_columns():
    table = results.Table(
        "title " * 20, seconds(**{ours.FROM_NUMPY: 123.0}), ours.FROM_NUMPY, ("note " * 30,)
    )
    goal = results.Goal("P9", "as fast as light", "slower than light, " * 10, False)
    text = results.format_table(table) + "\n" + results.format_goals((goal,))
    assert max(map(len, text.splitlines())) <= 80


def test_the_machine_is_told(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.delenv("GOTO_NUM_THREADS", raising=False)
    found = machine.describe_machine()
    assert found["numpy_threads"] == "3"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    assert machine.describe_machine()["numpy_threads"] == "2"
    text = machine.format_machine(found)
    assert found["model"] in text
    assert found["numpy_blas"] in text
    assert len(machine.load()) == 3


def test_a_goal_that_is_not_reached_is_said_plainly():
    goals = [results.Goal("P9", "as fast as light", "slower", what) for what in (True, False, None)]
    lines = results.format_goals(tuple(goals)).splitlines()
    assert lines[0] == "P9 reached: as fast as light: slower"
    assert lines[1] == "P9 NOT REACHED: as fast as light: slower"
    assert lines[2] == "P9 not measured: as fast as light: slower"


P2 = {ours.MANUAL_SWEEP: 1.0, ours.GRAD: 5.0, ours.FLOOR: 0.9, peers.FUNC: 4.0}


@pytest.mark.parametrize(
    ("change", "reached"),
    [({}, True), ({ours.MANUAL_SWEEP: 1.01}, False), ({ours.FLOOR: 1.1}, True)],
)
def test_p2_is_reached_at_its_limit_and_not_beyond(change, reached):
    goal = sweep._p2(("A", 1_000_000), {name: [t] for name, t in {**P2, **change}.items()})
    assert goal.reached is reached
    assert f"the best peer, {peers.FUNC}" in goal.measured


def test_p2_without_a_peer_says_the_share_alone():
    goal = sweep._p2(("A", 1_000_000), {ours.MANUAL_SWEEP: [1.0], ours.FLOOR: [0.5]})
    assert goal.measured == "0.5x (0.5 to 0.5)"
    assert sweep._p2(("A", 1_000_000), None).reached is None


@pytest.mark.parametrize(("slowest", "reached"), [(1.1, True), (1.2, False)])
def test_a_sweep_is_held_against_one_call_at_every_size(slowest, reached):
    found = {
        ("A", 1): {ours.MANUAL_SWEEP: [1.0], ours.FROM_NUMPY: [1.0]},
        ("A", 2): {ours.MANUAL_SWEEP: [slowest], ours.FROM_NUMPY: [1.0]},
    }
    assert sweep._call(found, quick=False).reached is reached
    assert sweep._call(found, quick=True).reached is None
    assert sweep._call({}, quick=False).reached is None


@pytest.mark.parametrize(
    ("loop", "grad", "reached"), [(150.0, 1.0, True), (149.0, 1.0, False), (150.0, 0.9, False)]
)
def test_p1(loop, grad, reached):
    times = {ours.MANUAL: 1.0, ours.MANUAL_SWEEP: 2.0, ours.GRAD: 1.0, peers.LOOP: loop}
    large = {ours.MANUAL: 3.0, ours.MANUAL_SWEEP: 1.0, ours.GRAD: grad}
    assert sweep._p1({("A", 100): times, ("B", 10): large}).reached is reached


@pytest.mark.filterwarnings("ignore")
def test_ways_that_are_timed_have_been_checked(untimed):
    table = sweep.measure(A, 100, title="")
    there = {ours.MANUAL_SWEEP, ours.MANUAL, ours.FROM_NUMPY, ours.GRAD, ours.FLOOR}
    there |= {peers.FUNC, peers.LOOP}
    assert there <= set(table.seconds)
    assert all("left out, ModuleNotFoundError" in note for note in table.notes)


@pytest.mark.filterwarnings("ignore")
def test_a_peer_with_other_gradients_is_not_compared(monkeypatch, untimed):
    def doubled(*arguments):
        task = peers.func(*arguments)
        return lambda: [2 * tensor for tensor in task()]

    def transposed(*arguments):
        task = peers.func(*arguments)
        return lambda: [t.mT if t.ndim == 3 else t for t in task()]

    def missing(*arguments):
        raise ModuleNotFoundError("No module named 'opacus'")

    rivals = {"doubled": doubled, "transposed": transposed, "missing": missing}
    monkeypatch.setattr(peers, "RIVALS", rivals)
    table = sweep.measure(A, 40, title="")
    assert not set(rivals) & set(table.seconds)
    assert table.notes[0] == "doubled: left out, its gradients differ by 1 from ours"
    assert table.notes[1].startswith("transposed: left out, ")
    assert table.notes[2] == "missing: left out, ModuleNotFoundError: No module named 'opacus'"


def test_the_floor_writes_as_much_as_the_gradients():
    params, batch = networks.make(A, 30)
    fill = ours.floor(A, params, batch)
    array = fill.__closure__[0].cell_contents
    grads = ours.jitted_grad(A, params, batch)().grads
    assert array.nbytes == sum(leaf.nbytes for layer in grads for leaf in layer)
    fill()
    assert (array == 2).all()


def test_a_child_tells_time_memory_and_status():
    done = child.measure(["-c", "import time, sys; time.sleep(0.2); sys.exit('no')"])
    assert 0.2 < done.seconds < 20
    assert (done.status, done.said, done.failed) == (1, "no", True)
    assert not child.measure(["-c", "raise SystemExit(2)"]).failed


def test_the_memory_of_a_child_is_its_own():
    held = np.ones(25_000_000)  # 200 MB, which are not the child's
    small = child.measure(["-c", ""]).peak_bytes
    large = child.measure(["-c", "b = bytearray(b'x') * 100_000_000"]).peak_bytes
    assert small < 100e6 < held.nbytes
    assert 100e6 < large < 200e6


def test_a_child_is_pinned():
    code = "import os, sys; sys.exit(str(sorted(os.sched_getaffinity(0))))"
    core = min(os.sched_getaffinity(0))
    assert child.start(["-c", code], cores=[core]).result().said == f"[{core}]"


@pytest.mark.parametrize("part", [memory, startup, processes])
def test_what_cannot_be_run_is_said(part, monkeypatch):
    failed = child.Measured(1.0, 1, 1, "compare.run: no such flag")

    class Failed:
        def result(self):
            return failed

    for module in (memory, startup):
        monkeypatch.setattr(module, "measure", lambda *a, **k: failed)
    monkeypatch.setattr(processes, "start", lambda *a, **k: Failed())
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    (goal,) = part.run(quick=True).goals
    assert goal.reached is None
    assert "no such flag" in goal.measured


def test_memory_holds_peaks_against_each_other(monkeypatch):
    peaks = {"--samples=100000": 3e8, "--samples=4000000": 3.9e8}

    def measure(arguments):
        (peak,) = (peaks[word] for word in arguments if word in peaks)
        return child.Measured(1.0, int(peak), 0, "")

    monkeypatch.setattr(memory, "measure", measure)
    (goal,) = memory.run(quick=False).goals
    assert goal.reached
    assert goal.measured == "+90 MB"
    peaks["--samples=4000000"] = 4.1e8
    assert memory.run(quick=False, runs=2).goals[0] == results.Goal(
        "P4", memory._GOAL, "+110, +110 MB", False
    )


@pytest.mark.parametrize(("gain", "differ"), [(1.5, False), (1.3, False), (1.5, True)])
def test_processes_must_be_faster_and_agree(gain, differ, monkeypatch):
    clock = iter(np.cumsum(3 * [0.0, gain, 0.0, 1.0]))

    class Done:
        def result(self):
            return child.Measured(1.0, 1, 0, "")

    def start(arguments, cores):
        (out,) = (word.removeprefix("--out=") for word in arguments if word.startswith("--out="))
        two = "--num_processes=2" in arguments
        report = {"verdict": "agree", "pairs": [int(differ and two)], "date": len(cores) + two}
        Path(out, "report.json").write_text(json.dumps(report))
        assert len(cores) == 1
        return Done()

    monkeypatch.setattr(processes, "start", start)
    monkeypatch.setattr(processes.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    (goal,) = processes.run(quick=False).goals
    assert goal.reached is (gain >= 1.4 and not differ)
    assert ("DIFFER" in goal.measured) is differ


def test_comparison_quick():
    part = comparison.run(quick=True)
    assert part.tables[0].notes == ("verdict: agree",)
    assert part.goals[0].reached is None  # a few samples reach no goal


def test_run_writes_text_json_and_a_chart(tmp_path, capsys, monkeypatch):
    times = {"a": [1.0, 1.0, 1.0], "b": [2.0, 3.0, 10.0]}
    table = results.Table("one", times, "a", ("note",))
    part = results.Part((table,), (results.Goal("P3", "goal", "3x", False),))
    monkeypatch.setattr(comparison, "run", lambda quick: part)
    out = tmp_path / "new" / "folder"
    assert run.main(["", "--only=comparison", f"--out={out}"]) == 0
    printed = capsys.readouterr().out
    assert "P3 NOT REACHED: goal: 3x" in printed
    text = (out / "figures.txt").read_text()
    assert "P3 NOT REACHED" in text
    data = json.loads((out / "figures.json").read_text())
    assert data["parts"]["comparison"]["goals"][0]["reached"] is False
    assert data["parts"]["comparison"]["tables"][0]["seconds"] == times
    assert data["parts"]["comparison"]["tables"][0]["ratios"]["b"] == {
        "median": 3.0,
        "low": 2.5,
        "high": 6.5,
    }
    assert {"jax", "torch", "opacus"} <= set(data["environment"]["versions"])
    if (out / "chart.svg").exists():
        drawn = (out / "chart.svg").read_text()
        assert drawn.count("<svg") == 1
        assert drawn.count('"LineCollection_') == 1  # the quartiles
    else:
        assert "No chart" in printed


def test_without_matplotlib_there_is_no_chart_and_it_is_said(tmp_path, capsys):
    def draw(path):
        raise ImportError("No module named 'matplotlib'")

    written = output.write(tmp_path, "text", {}, draw)
    assert [path.name for path in written] == ["figures.txt", "figures.json"]
    assert "No chart: No module named 'matplotlib'; pip install '.[bench]'" in (
        capsys.readouterr().out
    )


def test_growth_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    curves = {"samples": {1: (1.0, 1e8), 100: (2.0, 2e8)}, "width": {10: (1.0, 1e8)}}
    chart.draw_growth(curves, tmp_path / "chart.svg")
    assert "<svg" in (tmp_path / "chart.svg").read_text()


def test_scaling_tells_points_and_failures(tmp_path, capsys, monkeypatch):
    asked = []

    def measure(arguments):
        asked.append(arguments[-1])
        if "--layer_sizes=2,100,100,1" in arguments:
            return child.Measured(1.0, 1, 1, "out of memory")
        return child.Measured(2.5, 300_000_000, 0, "")

    monkeypatch.setattr(scaling, "measure", measure)
    assert scaling.main(["", "--quick", f"--out={tmp_path}"]) == 0
    printed = capsys.readouterr().out
    assert asked[:2] == ["--samples=1", "--samples=100"]
    assert asked[-1] == "--layer_sizes=2" + ",10" * 10 + ",1"
    assert "--layer_sizes=2,10,1" in asked
    assert "status 1: out of memory" in printed
    data = json.loads((tmp_path / "figures.json").read_text())
    assert data["curves"]["samples of 2-10-10-1"]["100"] == [2.5, 3e8]
    assert "100" not in data["curves"]["width, 100 samples"]


@pytest.mark.parametrize("main", [run.main, scaling.main])
@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--nonsense", "nonsense"),
        ("word", "expected flags only, got 'word'"),
        ("--out=/proc/none", "--out: expected a folder that can be written, got '/proc/none'"),
    ],
)
def test_bad_flags(main, flag, message):
    with pytest.raises(UsageError, match=message):
        main(["", flag])


def test_an_unknown_part_is_named():
    with pytest.raises(UsageError, match=r"--only: expected some of sweep, comparison, .*'speed'"):
        run.main(["", "--only=sweep,speed"])


@pytest.mark.parametrize("module", ["benchmarks.run", "benchmarks.scaling"])
def test_a_bad_flag_is_one_line_and_status_1(module):
    done = forks.run(["-m", module, "--nonsense"])
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"{module}: ")


def test_help_names_every_part(capsys):
    with pytest.raises(SystemExit):
        run.main(["", "--help"])
    printed = capsys.readouterr().out
    assert all(name in printed for name in run.PARTS)
