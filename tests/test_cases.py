"""The documented experiments: what must hold of them on any machine."""

import json

import numpy as np
import pytest

from cases.published.replay import replay
from compare import run
from compare.files import main as compare_files
from compare.formats.read.text import read_text
from tests.support import forks
from tests.support.paths import ROOT

CASES = sorted(path.stem for path in (ROOT / "cases").glob("*.flags"))
PUBLISHED = ROOT / "cases" / "published"


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def run_case(name, out, *flags):
    """Runs a case and returns its report, asserting that it agrees."""
    status = run.main(["compare.run", f"--flagfile=cases/{name}.flags", f"--out={out}", *flags])
    report = json.loads((out / "report.json").read_text())
    assert status == 0, report["reason"]
    return report


def test_there_is_a_flagfile_for_every_experiment():
    assert CASES == [
        "deep_relu",
        "l2_regression",
        "one_sample",
        "published_2_10_5_1",
        "sigmoid_batch_mean",
        "softmax_classifier",
        "sweep_100",
        "unbatched_numpy",
    ]


@pytest.mark.isa
def test_one_sample(tmp_path, capsys):
    report = run_case("one_sample", tmp_path)
    assert report["config"]["layer_sizes"] == [2, 10, 10, 1]
    assert report["config"]["layout"] == "in_out"
    assert "dL/dw1  [2, 10]" in capsys.readouterr().out
    lines = (tmp_path / "torch_autograd.dat").read_text().splitlines()[2:]
    assert len(lines) == 151
    # Within one framework the two gradients are equal to 7 decimals: they are under 10, so half
    # a unit of the 7th decimal is over 4 ulp, and both come from the same three small products.
    within_jax = report["pairs"][0]
    assert (within_jax["a"], within_jax["b"]) == ("jax_grad", "jax_manual")
    assert within_jax["digits"]["significant_5_numeric"]["agrees"]


def test_sweep_100(tmp_path):
    report = run_case("sweep_100", tmp_path)
    assert report["config"]["samples"] == 100
    parameters = report["pairs"][0]["parameters"]
    assert [p["name"] for p in parameters] == ["w1", "b1", "w2", "b2", "w3", "b3"]
    assert [p["shape"] for p in parameters] == [[10, 2], [10], [10, 10], [10], [1, 10], [1]]
    for name in ("torch_autograd", "my_autograd"):
        lines = (tmp_path / f"{name}.dat").read_text().splitlines()[2:]
        assert len(lines) == 15100
        assert lines[-1].startswith("99 b3 0 0 ")


def test_deep_relu(tmp_path):
    report = run_case("deep_relu", tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {f"{who}_autograd_{part}.dat" for who in ("my", "torch") for part in "wb"}
    shapes = [p["shape"] for p in report["pairs"][0]["parameters"]]
    assert shapes[0] == [10, 21]
    assert shapes[-2] == [21, 1]
    assert len(shapes) == 22
    weights = (tmp_path / "torch_autograd_w.dat").read_text().splitlines()[2:]
    assert max(abs(float(line.split()[-1])) for line in weights) > 1e7


def test_unbatched_numpy(tmp_path):
    report = run_case("unbatched_numpy", tmp_path)
    dtypes = {one["name"]: one["dtype"] for one in report["implementations"]}
    assert dtypes == {
        "jax_grad": "float32",
        "jax_manual": "float32",
        "torch_autograd": "float32",
        "numpy_manual": "float64",
    }
    # |yhat| is under 1 + 10/sqrt(10), each of its 11 terms under 1: a dot product with its bias is
    # right to 11 u of their sum, and the hidden layers add as much again twice.
    for prediction in report["prediction"]:
        assert prediction["max_abs"] < 3 * 11 * 2.0**-24 * 4.2
    assert (tmp_path / "numpy_manual.dat").exists()
    assert np.load("cases/unbatched/data.npz")["x"].tolist() == [
        [float(np.float32(0.97436534)), float(np.float32(0.31171513))]
    ]


def published_tables():
    """(printed by torch, printed by the author's own backward), parameter -> printed numbers."""
    shapes = {"w1": (10, 2), "b1": (10,), "w2": (5, 10), "b2": (5,), "w3": (1, 5), "b3": (1,)}
    for who in ("torch", "hand"):
        arrays = read_text(str(PUBLISHED / f"printed_by_{who}.txt")).arrays
        found = {array.name.removeprefix("dLd"): array.values for array in arrays}
        yield {name: found[name].reshape(shape) for name, shape in shapes.items()}


def test_the_published_tables_differ_in_two_cells_by_one_unit():
    torch_table, own_table = published_tables()
    differing = [
        (name, *map(int, place))
        for name in torch_table
        for place in np.argwhere(torch_table[name] != own_table[name])
    ]
    assert differing == [("w2", 0, 3), ("b2", 2)]
    for name, *place in differing:
        apart = abs(torch_table[name][tuple(place)] - own_table[name][tuple(place)])
        assert apart == pytest.approx(1e-7, rel=1e-6)


def test_published_weights_reproduce_both_tables_in_float64():
    torch_table, own_table = published_tables()
    for implementation, gradients in replay("float64").items():
        assert set(gradients) == set(torch_table)
        for table in (torch_table, own_table):
            for name, printed in table.items():
                assert gradients[name].dtype == np.float64
                units = np.abs(gradients[name] - printed) / 1e-7
                disputed = torch_table[name] != own_table[name]
                assert np.all(units <= np.where(disputed, 0.67, 0.5)), (implementation, name)


def test_the_replay_is_printed_beside_the_published_digits():
    done = forks.run(["cases/published/replay.py", "float64"])
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2 + 91
    assert "dLdw2[0,3]          -0.0492586     -0.0492585*" in done.stdout


@pytest.mark.isa
def test_published_2_10_5_1_in_float32(tmp_path, capsys):
    report = run_case("published_2_10_5_1", tmp_path, "--dumps=npz")
    assert report["config"]["layer_sizes"] == [2, 10, 5, 1]
    torch_table, own_table = published_tables()
    for who in ("torch_autograd", "my_autograd", "jax_autograd"):
        found = np.load(tmp_path / f"{who}.npz")
        for name, printed in torch_table.items():
            disputed = printed != own_table[name]
            # half a unit of print, and 64 u for the arithmetic: three layers of at most 11 terms,
            # forward and backward
            rounding = 64 * 2.0**-24 * np.abs(printed).max()
            allowed = np.where(disputed, 1.0e-7, 0.5e-7) + rounding
            assert np.all(np.abs(found[name][0] - printed) <= allowed), (who, name)
    assert "dL/dw3  [1, 5]" in capsys.readouterr().out


def test_a_dump_is_compared_with_a_print_of_the_same_gradients(tmp_path, capsys):
    """As in the unbatched experiment, torch's w1 is printed flat."""
    run_case("unbatched_numpy", tmp_path)
    run_case("unbatched_numpy", tmp_path, "--dumps=npz")
    stored = np.load(tmp_path / "torch_autograd.npz")
    prints = [
        f"dLd{k} = {np.array2string(v[0].reshape(-1), precision=9)}" for k, v in stored.items()
    ]
    (tmp_path / "print.txt").write_text("\n".join(prints))
    capsys.readouterr()
    arguments = [str(tmp_path / "numpy_manual.dat"), str(tmp_path / "print.txt")]
    assert compare_files(["compare.files", *arguments]) == 0
    assert "10x2 and 20 are compared in row-major order" in capsys.readouterr().out.replace(
        "1x10x2", "10x2"
    )


def test_a_softmax_classifier_with_cross_entropy(tmp_path):
    report = run_case("softmax_classifier", tmp_path)
    assert (report["config"]["loss"], report["config"]["samples"]) == ("cross_entropy", 150)
    assert all(one["certificate"]["certified"] == 150 for one in report["implementations"])


def test_a_sigmoid_classifier_with_the_mean_over_batches(tmp_path):
    report = run_case("sigmoid_batch_mean", tmp_path)
    assert report["config"]["reduction"] == "mean"
    assert {one["largest"] for one in report["batches"]["implementations"]} == {32}


def test_a_regression_with_a_penalty_on_weights(tmp_path):
    report = run_case("l2_regression", tmp_path)
    assert (report["config"]["l2"], report["config"]["loss"]) == (0.01, "half_squared")
