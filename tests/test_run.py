"""`python -m compare.run` as a user meets it: files, exit statuses, messages."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from compare.errors import UsageError
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.options.exit_status import status_of_verdict
from jaxmlp import Layer
from tests.support.paths import ROOT
from tests.support.runs import DUMPS, SMALL, compare, report, shell


def plant(monkeypatch, change):
    """Makes jax_manual answer with changed gradients."""
    build = IMPLEMENTATIONS["jax_manual"]

    def planted(*arguments):
        right = build(*arguments)

        def evaluate(batch):
            evaluation = right.evaluate(batch)
            grads = [Layer(np.array(w), np.array(b)) for w, b in evaluation.grads]
            change(grads)
            return evaluation._replace(grads=tuple(grads))

        return right._replace(evaluate=evaluate)

    table = {**IMPLEMENTATIONS, "jax_manual": IMPLEMENTATIONS["jax_manual"]._replace(build=planted)}
    monkeypatch.setattr("compare.implementations.devices.IMPLEMENTATIONS", table)


def test_agreement_is_status_0_and_writes_everything(tmp_path, capsys):
    assert compare(tmp_path / "new" / "folder", *SMALL) == 0
    out = tmp_path / "new" / "folder"
    assert sorted(p.name for p in out.iterdir()) == sorted((*DUMPS, "report.json"))
    printed = capsys.readouterr().out
    for word in ("2-3-1 sigmoid", "4 samples", "float32", "on cpu", "✓ agree: "):
        assert word in printed
    for name in ("w1", "b1", "w2", "b2", "yhat", "loss", *(f"{out}/{dump}" for dump in DUMPS)):
        assert name in printed


def test_a_wrong_gradient_is_status_2_and_files_are_written(tmp_path, capsys, monkeypatch):
    def double_b1(grads):
        grads[0].b[2] *= 2

    plant(monkeypatch, double_b1)
    assert compare(tmp_path, *SMALL) == 2
    assert "disagree: " in capsys.readouterr().out
    found = report(tmp_path)
    assert found["verdict"] == "disagree"
    wrong = {
        (pair["a"], pair["b"]) for pair in found["pairs"] if pair["parameters"][1]["max_abs"] > 1e-3
    }
    assert wrong == {("jax_grad", "jax_manual"), ("jax_manual", "torch_autograd")}
    assert found["overall"]["max_abs_at"]["parameter"] == "b1"
    assert found["overall"]["max_abs_at"]["sample"] == 2
    assert (tmp_path / "my_autograd.dat").exists()


def test_torch_weights_and_a_table_of_samples(tmp_path, capsys):
    torch.manual_seed(0)
    first, last = (torch.nn.Linear(*n, dtype=torch.float64) for n in ((2, 3), (3, 1)))
    model = torch.nn.Sequential(first, torch.nn.Tanh(), last)
    torch.save({"epoch": 7, "model": model.state_dict()}, tmp_path / "model.pt")
    (tmp_path / "data.csv").write_text("x1,x2,y\n0.1,0.2,0.3\n0.4,0.5,0.6\n")
    files = (f"--params={tmp_path}/model.pt", f"--data={tmp_path}/data.csv", "--activation=tanh")
    with pytest.raises(UsageError, match=r"--params .*model\.pt: .*--dtype=float64, or --cast"):
        compare(tmp_path / "out", *files)
    assert not (tmp_path / "out").exists()
    assert compare(tmp_path / "out", *files, "--cast") == 0
    assert "2-3-1 tanh" in capsys.readouterr().out
    assert report(tmp_path / "out")["config"]["cast"] is True
    assert compare(tmp_path / "out", *files, "--dtype=float64", "--dumps=npz") == 0
    x = torch.tensor([0.1, 0.2], dtype=torch.float64)
    torch.sum((model(x) - 0.3) ** 2).backward()
    found = np.load(tmp_path / "out" / "my_autograd.npz")["w1"][0]
    np.testing.assert_allclose(found, first.weight.grad.T, rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_non_finite_on_one_side_is_status_2(tmp_path, capsys, monkeypatch, value):
    def spoil(grads):
        grads[1].w[1, 0, 0] = value

    plant(monkeypatch, spoil)
    assert compare(tmp_path, *SMALL) == 2
    said = f"disagree: jax_manual has {value} at w2[0,0] of sample 1 where jax_grad has"
    assert said in " ".join(capsys.readouterr().out.split())
    assert report(tmp_path)["pairs"][0]["parameters"][2]["nonfinite_differ"] == 1


def test_one_wrong_bias_gradient_is_blamed_and_not_its_weights(tmp_path, capsys, monkeypatch):
    def spoil(grads):
        grads[0].b[3, 2] *= 1.5

    plant(monkeypatch, spoil)
    assert compare(tmp_path, *SMALL) == 2
    said = "dL/db1 of jax_manual is not what the chain rule gives, and neither one nor two"
    assert said in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("quantity", ["prediction", "loss"])
def test_a_wrong_prediction_or_loss_is_status_2(tmp_path, capsys, monkeypatch, quantity):
    build = IMPLEMENTATIONS["jax_manual"]

    def planted(*arguments):
        right = build(*arguments)

        def evaluate(batch):
            found = right.evaluate(batch)
            return found._replace(**{quantity: 1.01 * getattr(found, quantity)})

        return right._replace(evaluate=evaluate)

    monkeypatch.setattr(
        "compare.implementations.devices.IMPLEMENTATIONS",
        {**IMPLEMENTATIONS, "jax_manual": IMPLEMENTATIONS["jax_manual"]._replace(build=planted)},
    )
    assert compare(tmp_path, *SMALL) == 2
    assert f"disagree: {quantity}" in capsys.readouterr().out


def test_the_same_non_finite_values_on_all_sides_are_status_3(tmp_path, capsys):
    np.savez(tmp_path / "data.npz", x=np.array([[0.5, np.nan], [0.5, 0.5]], np.float32))
    assert compare(tmp_path, *SMALL[:1], f"--data={tmp_path}/data.npz", "--verbose") == 3
    printed = capsys.readouterr().out
    assert "undecided: " in printed
    assert "entries are finite on neither side" in " ".join(printed.split())
    assert report(tmp_path)["verdict"] == "undecided"


def test_trace_shows_steps_and_implementations_where_they_differ(tmp_path, capsys):
    compare(tmp_path, "--trace=41", "--implementations=jax_manual,numpy_manual")
    printed = capsys.readouterr().out.split("Sample 41")[1]
    steps = ["x  [2]", "y  [1]", "z1  [10]", "h1  [10]", "z2  [10]", "h2  [10]", "yhat  [1]"]
    steps += ["loss", "delta3  [1]", "dL/dw3  [10, 1]", "dL/db3  [1]", "delta2  [10]"]
    steps += ["dL/dw2  [10, 10]", "dL/db2  [10]", "delta1  [10]", "dL/dw1  [2, 10]", "dL/db1  [10]"]
    places = [printed.index(f"\n{step}\n") for step in steps]
    assert places == sorted(places)
    assert "  numpy_manual\n" in printed
    assert "  jax_manual\n" in printed.split("\nz1")[1]
    assert "jax_manual" not in printed.split("\nz1")[0]


def test_from_the_shell(tmp_path):
    good = shell("compare.run", *SMALL, cwd=tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert (tmp_path / "out" / "report.json").exists()
    bad = shell("compare.run", "--samples=0", cwd=tmp_path)
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("compare.run: ")
    assert bad.stderr.count("\n") == 1


def test_help_lists_our_flags_and_no_others():
    done = shell("compare.run", "--help")
    assert done.returncode == 0
    assert "Exit status: 0 agree, 2 disagree, 3 undecided, 1" in done.stdout
    listed = {line.split("=")[0].strip() for line in done.stdout.splitlines() if line[:4] == "  --"}
    assert listed == {f"--{name}" for name in [*Config.__dataclass_fields__, "help"]}
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_closed_pipe_changes_no_status(tmp_path):
    words = [sys.executable, "-m", "compare.run", *SMALL, f"--out={tmp_path}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
    assert (tmp_path / "report.json").exists()


@pytest.mark.parametrize(
    ("verdict", "warnings", "fail_on", "status"),
    [
        ("agree", (), "warning", 0),
        ("agree", ("look",), "undecided", 0),
        ("agree", ("look",), "warning", 3),
        ("undecided", (), "disagree", 0),
        ("undecided", (), "undecided", 3),
        ("undecided", (), "warning", 3),
        ("disagree", (), "disagree", 2),
    ],
)
def test_fail_on_decides_the_status(verdict, warnings, fail_on, status):
    assert status_of_verdict(verdict, warned=bool(warnings), fail_on=fail_on) == status


def test_fail_on_disagree_lets_an_undecided_run_pass(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.full((1, 2), np.nan, np.float32))
    flags = (*SMALL[:1], f"--data={tmp_path}/data.npz", "--fail_on=disagree")
    assert compare(tmp_path, *flags) == 0
    assert report(tmp_path)["verdict"] == "undecided"


@pytest.mark.parametrize("witness", [0, 2])
def test_witness_is_asked_on_so_many_samples(tmp_path, witness):
    compare(tmp_path, *SMALL, f"--witness={witness}")
    found = report(tmp_path)["witness"]
    assert len(found) == 3 * witness
    assert all(error["scaled"] < 1e-5 for error in found)
