"""`python -m compare.run` as a user meets it: files, exit statuses, messages."""

import json
import os
import subprocess
import sys
import types

import numpy as np
import pytest
import torch

from compare import run
from compare.errors import UsageError
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from jaxmlp import Layer
from tests.support.paths import ROOT

SMALL = ("--layer_sizes=2,3,1", "--samples=4")
DUMPS = ("jax_autograd.dat", "my_autograd.dat", "torch_autograd.dat")


def compare(out, *flags):
    """Runs in this process and returns the exit status."""
    return run.main(["compare.run", f"--out={out}", *flags])


def shell(*words, cwd=ROOT, **environment):
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def report(out):
    return json.loads((out / "report.json").read_text())


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
    for word in ("2-3-1 sigmoid", "seed 0", "float32", "cpu", "jax 0", "torch 2", "agree: "):
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
    said = "dL/db1 of jax_manual is not what the chain rule gives, and no classic mistake"
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
    assert compare(tmp_path, *SMALL[:1], f"--data={tmp_path}/data.npz") == 3
    printed = capsys.readouterr().out
    assert "undecided: " in printed
    assert "not finite" in " ".join(printed.split())
    assert report(tmp_path)["verdict"] == "undecided"


def test_dumps_have_one_header_and_order_and_read_back_to_the_same_bits(tmp_path):
    compare(tmp_path, *SMALL)
    texts = {name: (tmp_path / name).read_text().splitlines() for name in DUMPS}
    places = {tuple(line.rpartition(" ")[0] for line in text[2:]) for text in texts.values()}
    assert len(places) == 1
    assert len({tuple(text[:2]) for text in texts.values()}) == 1
    first = texts["my_autograd.dat"]
    assert first[1] == "# sample parameter row column value"
    assert [line.rsplit(" ", 1)[0] for line in first[2:15]] == [
        *(f"0 w1 {row} {column}" for row in range(2) for column in range(3)),
        *(f"0 b1 0 {column}" for column in range(3)),
        *(f"0 w2 {row} 0" for row in range(3)),
        "0 b2 0 0",
    ]
    compare(tmp_path, *SMALL, "--dumps=npz")
    stored = np.load(tmp_path / "my_autograd.npz")
    w1 = [line.split()[-1] for line in first[2:] if line.split()[1] == "w1"]
    np.testing.assert_array_equal(np.array(w1, np.float32), stored["w1"].reshape(-1))


def test_float64_dumps_read_back_to_the_same_bits(tmp_path):
    compare(tmp_path, *SMALL, "--dtype=float64")
    compare(tmp_path, *SMALL, "--dtype=float64", "--dumps=npz")
    stored = np.load(tmp_path / "torch_autograd.npz")["b1"]
    text = (tmp_path / "torch_autograd.dat").read_text().splitlines()[2:]
    b1 = np.array([line.split()[-1] for line in text if line.split()[1] == "b1"], np.float64)
    assert stored.dtype == np.float64
    np.testing.assert_array_equal(b1, stored.reshape(-1))


def test_layout_transposes_matrices_and_nothing_else(tmp_path):
    for layout in ("in_out", "out_in"):
        compare(tmp_path / layout, *SMALL, f"--layout={layout}", "--dumps=npz")
    a, b = (np.load(tmp_path / layout / "my_autograd.npz") for layout in ("in_out", "out_in"))
    np.testing.assert_array_equal(a["w1"], np.swapaxes(b["w1"], 1, 2))
    np.testing.assert_array_equal(a["b1"], b["b1"])
    assert report(tmp_path / "out_in")["pairs"][0]["parameters"][0]["shape"] == [3, 2]


@pytest.mark.parametrize("form", ["text", "npz"])
def test_split_dumps(tmp_path, form):
    compare(tmp_path, *SMALL, "--split_dumps", f"--dumps={form}")
    suffix = "dat" if form == "text" else "npz"
    names = {p.name for p in tmp_path.iterdir()} - {"report.json"}
    stems = [name.removesuffix(".dat") for name in DUMPS]
    assert names == {f"{stem}_{part}.{suffix}" for stem in stems for part in "wb"}
    if form == "text":
        text = (tmp_path / "my_autograd_b.dat").read_text().splitlines()[2:]
        assert {line.split()[1] for line in text} == {"b1", "b2"}


@pytest.mark.parametrize(
    ("samples", "flag", "dumped"),
    [(1000, "auto", True), (1001, "auto", False), (1001, "text", True), (4, "none", False)],
)
def test_when_dumps_are_written(tmp_path, samples, flag, dumped):
    compare(tmp_path, "--layer_sizes=1,1", f"--samples={samples}", f"--dumps={flag}")
    assert (tmp_path / "my_autograd.dat").exists() == dumped


@pytest.mark.isa
def test_the_bits_of_a_sample_do_not_depend_on_how_many_there_are(tmp_path):
    for samples in (3, 1500):
        compare(tmp_path / str(samples), f"--samples={samples}", "--dumps=npz")
    for name in ("jax_autograd", "my_autograd", "torch_autograd"):
        few, many = (np.load(tmp_path / n / f"{name}.npz") for n in ("3", "1500"))
        for parameter in few.files:
            np.testing.assert_array_equal(few[parameter], many[parameter][:3])


def test_two_runs_write_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        compare(tmp_path / name, *SMALL)
    for name in (*DUMPS, "report.json"):
        a, b = ((tmp_path / run / name).read_text() for run in ("a", "b"))
        assert a == b.replace(f"{tmp_path}/b", f"{tmp_path}/a")


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


BAD = {
    "unknown_activation": (["--activation=swish"], "activation.*sigmoid.*'swish'|swish"),
    "layer_sizes_not_integers": (["--layer_sizes=2,x,1"], "positive integers.*2,x,1"),
    "layer_sizes_zero": (["--layer_sizes=2,0,1"], "positive integers.*2,0,1"),
    "layer_sizes_negative": (["--layer_sizes=2,-3,1"], "positive integers.*2,-3,1"),
    "layer_sizes_one": (["--layer_sizes=2"], "at least two.*got 2"),
    "layer_sizes_empty": (["--layer_sizes="], "at least two.*got none"),
    "samples_0": (["--samples=0"], "samples=0.*integer of at least 1"),
    "samples_not_a_number": (["--samples=ten"], "samples=ten.*integer of at least 1"),
    "seed_negative": (["--seed=-1"], "seed=-1"),
    "unknown_dtype": (["--dtype=float8"], "float8"),
    "unknown_flag": (["--sample=3"], "Unknown command line flag 'sample'.*samples"),
    "one_implementation": (["--implementations=jax_grad"], "at least two.*got jax_grad"),
    "same_implementation": (["--implementations=jax_grad,jax_grad"], "two different"),
    "unknown_implementation": (["--implementations=jax_grad,tf"], "one of jax_grad.*'tf'"),
    "extra_words": (["hello", "--samples=3", "world"], "flags only.*'hello' 'world'"),
    "missing_params": (["--params=/nowhere.npz"], "--params /nowhere.npz: No such file"),
    "params_in_no_known_format": (["--params=a.h5"], r"--params a.h5: .*\.npz, \.pt, .* got \.h5"),
    "data_in_no_known_format": (["--data=a.xlsx"], r"--data a.xlsx: .*\.npz, \.npy, .* got \.xlsx"),
    "save_params_in_no_known_format": (
        ["--save_params=a.h5"],
        r"--save_params a.h5: .*\.npz, \.pt",
    ),
    "missing_flagfile": (["--flagfile=/nowhere"], "/nowhere"),
    "trace_too_large": (["--samples=3", "--trace=3"], "trace.*3 samples.*got 3"),
    "init_with_params": (["--params=a.npz", "--init=torch"], "init.*--params"),
    "no_value": (["--samples"], "Missing value for flag"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_usage_is_one_sentence_and_touches_nothing(tmp_path, case):
    flags, message = BAD[case]
    (tmp_path / "report.json").write_text("mine")
    with pytest.raises(UsageError, match=message) as caught:
        compare(tmp_path, *flags)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "mine"


@pytest.mark.skipif("torch_gpu()", reason="this machine has a GPU")
@pytest.mark.parametrize("one", ["jax_grad", "torch_autograd"])
def test_an_absent_gpu_is_an_error_and_leaves_no_folder(tmp_path, one):
    with pytest.raises(UsageError, match="gpu"):
        compare(tmp_path / "new", "--device=gpu", f"--implementations={one},numpy_manual")
    assert not (tmp_path / "new").exists()


def torch_gpu():
    import torch

    return torch.cuda.is_available()


@pytest.mark.parametrize("out", ["/dev/null/out", "{tmp}/file", "{tmp}/file/below", ""])
def test_an_unwritable_out(tmp_path, out):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=r"--out.*expected a folder to write into"):
        compare(out.format(tmp=tmp_path), *SMALL)
    assert (tmp_path / "file").read_text() == "mine"


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
    assert listed == {f"--{name}" for name in [*Config.__dataclass_fields__, "flagfile", "help"]}
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_closed_pipe_is_no_traceback(tmp_path):
    command = f"{sys.executable} -m compare.run {' '.join(SMALL)} --out={tmp_path} | true"
    done = subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
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
    report = types.SimpleNamespace(verdict=verdict, warnings=warnings)
    assert run._exit_status(report, fail_on) == status


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
