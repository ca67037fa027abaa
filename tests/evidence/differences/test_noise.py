"""--repeats: what changes from run to run is told apart from disagreement."""

import json
import os

import numpy as np
import pytest

from compare import run
from compare.evidence.differences.noise import Noise, count_moved, merge, merge_runs, noise_between
from compare.implementations.table import IMPLEMENTATIONS
from jaxmlp import Layer

SMALL = ("--layer_sizes=2,3,1", "--samples=5")


def layers(*values, dtype=np.float32):
    w = np.array(values, dtype).reshape(len(values), 1, 1)
    return (Layer(w, np.zeros((len(values), 1), dtype)),)


@pytest.mark.parametrize(
    ("first", "second", "moved", "max_abs", "max_ulp"),
    {
        "the same": ((1.0, 2.0), (1.0, 2.0), 0, 0.0, 0),
        "one ulp": ((1.0, 2.0), (1.0, 2 + 2**-22), 1, 2**-22, 1),
        "the sign of a zero": ((0.0,), (-0.0,), 1, 0.0, 0),
        "NaN both times": ((np.nan, 1.0), (np.nan, 1.0), 0, 0.0, 0),
        "NaN once": ((np.nan, 1.0), (2.0, 1.5), 2, 0.5, 2**22),
    }.values(),
)
def test_noise_is_measured(first, second, moved, max_abs, max_ulp):
    found = noise_between(layers(*first), layers(*second))
    assert found == Noise(1, 2 * len(first), moved, max_abs, max_ulp)
    assert count_moved(layers(*first), layers(*second)) == moved


def test_samples_and_runs_are_joined():
    one, other = Noise(2, 10, 1, 0.5, 3), Noise(2, 20, 2, 0.25, 7)
    assert merge(one, other) == Noise(2, 30, 3, 0.5, 7)
    assert merge_runs(one, other) == Noise(4, 30, 3, 0.5, 7)


def test_what_has_moved_is_never_said_to_be_0_apart():
    assert Noise(1, 4, 2, 2e-8, 3).in_words() == "by up to 2e-08 or 3 ulp where it is finite"
    unmeasured = Noise(1, 4, 2, 0.0, 0).in_words()
    assert unmeasured == "in signs of zeros or in what is not finite"


def compare(out, *flags):
    return run.main(["compare.run", f"--out={out}", *flags])


def report(out):
    return json.loads((out / "report.json").read_text())


def plant_noise(monkeypatch, size):
    """Makes jax_manual come out otherwise every second time."""
    build = IMPLEMENTATIONS["jax_manual"]

    def noisy(*arguments):
        right, calls = build(*arguments), []

        def evaluate(block):
            found = right.evaluate(block)
            calls.append(block)
            first, *rest = found.grads
            w = first.w + np.float32(size) * (len(calls) % 2) * np.abs(first.w)
            return found._replace(grads=(Layer(w, first.b), *rest))

        return right._replace(evaluate=evaluate)

    table = {**IMPLEMENTATIONS, "jax_manual": IMPLEMENTATIONS["jax_manual"]._replace(build=noisy)}
    monkeypatch.setattr("compare.implementations.devices.IMPLEMENTATIONS", table)


def test_on_the_cpu_nothing_changes_from_run_to_run(tmp_path, capsys):
    flags = (*SMALL, "--implementations=jax_grad,jax_manual,torch_autograd,numpy_manual")
    assert compare(tmp_path, *flags, "--repeats=3") == 0
    entries = 3 * 5 * 13
    still = {"runs": 3, "entries": entries, "moved": 0, "max_abs": 0, "max_ulp": 0}
    names = ("jax_grad", "jax_manual", "torch_autograd", "numpy_manual")
    assert report(tmp_path)["noise"] == dict.fromkeys(names, still)
    printed = capsys.readouterr().out
    assert "repeated            3 times: A B C D to the same bits" in printed
    assert "run to run" not in printed


def test_without_repeats_nothing_is_said(tmp_path, capsys):
    assert compare(tmp_path, *SMALL) == 0
    assert report(tmp_path)["noise"] == {}
    assert "repeated" not in capsys.readouterr().out


@pytest.mark.parametrize("samples", [5, 5000])
def test_noise_within_rounding_is_told_and_no_disagreement(tmp_path, capsys, monkeypatch, samples):
    plant_noise(monkeypatch, 2.0**-24)
    flags = ("--layer_sizes=2,3,1", f"--samples={samples}", "--repeats=1", "--quiet")
    assert compare(tmp_path, *flags) == 0
    found = report(tmp_path)["noise"]
    assert found["jax_grad"]["moved"] == 0
    assert found["jax_manual"]["moved"] > samples
    assert found["jax_manual"]["max_ulp"] in range(1, 16)
    said = " ".join(capsys.readouterr().out.split())
    assert "- jax_manual differs from itself from run to run, by up to" in said


def test_gradients_that_exist_already_are_not_run_again(tmp_path):
    assert compare(tmp_path / "first", *SMALL, "--dumps=npz") == 0
    dump = tmp_path / "first" / "torch_autograd.npz"
    assert compare(tmp_path / "second", *SMALL, "--repeats=1", f"--gradients={dump}") == 0
    assert "npz.torch_autograd" not in report(tmp_path / "second")["noise"]


def test_an_interrupted_run_keeps_what_it_has_found(tmp_path, monkeypatch):
    """Noise goes through the state on disk: with one process per half it comes out whole."""
    assert compare(tmp_path, "--layer_sizes=2,3,1", "--samples=9000", "--repeats=1", "--quiet") == 0
    assert report(tmp_path)["noise"]["jax_grad"]["entries"] == 9000 * 13


def test_a_second_run_is_no_implementation_of_its_own(tmp_path, capsys):
    assert compare(tmp_path, *SMALL, "--repeats=1", "--only_sample=2") == 0
    assert "@again" not in capsys.readouterr().out
    assert "@again" not in (tmp_path / "report.json").read_text()


@pytest.mark.parametrize("before", [None, "--xla_cpu_enable_fast_math=false"])
def test_deterministic_is_said_to_both_before_they_start(tmp_path, monkeypatch, before):
    environment = {} if before is None else {"XLA_FLAGS": before}
    monkeypatch.setattr(os, "environ", environment)
    assert compare(tmp_path / "first", *SMALL, "--deterministic") == 0
    flags = environment["XLA_FLAGS"].split()
    assert flags == [*([before] if before else []), "--xla_gpu_deterministic_ops=true"]
    assert environment["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    environment.clear()
    assert compare(tmp_path / "second", *SMALL) == 0
    assert "XLA_FLAGS" not in environment
