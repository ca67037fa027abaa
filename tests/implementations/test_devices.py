"""--device: which devices take part, what they are called, and what is said of them together."""

import json
import os
import re

import numpy as np
import pytest
import torch

from compare import Machine, compare_gradients, run
from compare.errors import UsageError
from compare.implementations import torch as on_torch
from compare.options.config import Config
from tests.support import forks
from tests.support.networks import xla_flags

SMALL = ("--layer_sizes=2,3,1", "--samples=5")
TWO = "--xla_force_host_platform_device_count=2"


def compare(out, *flags):
    return run.main(["compare.run", f"--out={out}", *SMALL, *flags])


def report(out):
    return json.loads((out / "report.json").read_text())


# each in a folder of its name
ON_TWO = {
    "all": ("--device=all", "--dumps=npz"),
    "one": ("--device=cpu:1", "--implementations=jax_grad,jax_manual"),
    "absent": ("--device=cpu:2",),
    "again": ("--device=all", "--only_sample=3"),
}
RUNS = """
import contextlib, io, json, sys
from compare import run
from compare.errors import UsageError
def ended(words):
    try:
        return run.main(["compare.run", *words])
    except UsageError as error:
        return str(error)
found = {}
for name, words in json.loads(sys.argv[1]).items():
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        status = ended(words)
    found[name] = status, printed.getvalue()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def on_two_devices(tmp_path_factory):
    """Runs in a process where JAX has two devices, both the CPU: (folder, status, printed)."""
    folder = tmp_path_factory.mktemp("two")
    runs = {k: [f"--out={folder}/{k}", *SMALL, *flags] for k, flags in ON_TWO.items()}
    environment = {**os.environ, "XLA_FLAGS": xla_flags(TWO), "COLUMNS": "80"}
    done = forks.run(["-c", RUNS, json.dumps(runs)], env=environment)
    assert done.returncode == 0, done.stderr
    return {name: (folder / name, *one) for name, one in json.loads(done.stdout).items()}


@pytest.fixture(scope="module")
def all_of_two(on_two_devices):
    out, status, printed = on_two_devices["all"]
    assert status == 0
    return out, printed


NAMES = [
    *("jax_grad@cpu:0", "jax_manual@cpu:0", "torch_autograd@cpu"),
    *("jax_grad@cpu:1", "jax_manual@cpu:1"),
]
DUMPS = [
    *("jax_autograd@cpu0", "my_autograd@cpu0", "torch_autograd@cpu"),
    *("jax_autograd@cpu1", "my_autograd@cpu1"),
]


def test_all_is_every_implementation_on_every_device(all_of_two):
    out, _ = all_of_two
    found = report(out)
    assert [one["name"] for one in found["implementations"]] == NAMES
    assert [one["device"] for one in found["implementations"]] == [
        *("cpu:0", "cpu:0", "cpu", "cpu:1", "cpu:1")
    ]
    assert {one["certificate"]["certified"] for one in found["implementations"]} == {5}
    assert [one["device"] for one in found["engines"]] == ["cpu:0", "cpu", "cpu:1"]
    assert found["engines"][2]["implementations"] == NAMES[3:]


@pytest.mark.isa
def test_every_two_are_compared_across_devices(all_of_two):
    out, _ = all_of_two
    pairs = {(pair["a"], pair["b"]): pair for pair in report(out)["pairs"]}
    assert len(pairs) == 10
    dumped = {name: np.load(out / f"{dump}.npz") for name, dump in zip(NAMES, DUMPS, strict=True)}
    for (a, b), pair in pairs.items():
        for one in pair["parameters"]:
            p, q = (np.float64(dumped[name][one["name"]]) for name in (a, b))
            assert one["max_abs"] == np.abs(p - q).max()
    same = pairs["jax_grad@cpu:0", "jax_grad@cpu:1"]
    assert all(one["max_abs"] == 0 for one in same["parameters"])


def test_one_matrix_shows_every_pair(all_of_two):
    out, printed = all_of_two
    lines = printed.splitlines()
    start = lines.index(f"A {NAMES[0]}")
    assert lines[start : start + 5] == [f"{a} {b}" for a, b in zip("ABCDE", NAMES, strict=True)]
    rows = [line.split() for line in lines[start + 6 : start + 12]]
    assert rows[0] == list("ABCDE")
    cells = {row[0]: row[1:] for row in rows[1:]}
    largest = {
        (pair["a"], pair["b"]): [
            max(one[metric] for one in pair["parameters"]) for metric in ("max_abs", "max_rel")
        ]
        for pair in report(out)["pairs"]
    }
    for i, a in enumerate(NAMES):
        assert cells["ABCDE"[i]][i] == "."
        for j, b in enumerate(NAMES[i + 1 :], start=i + 1):
            above, below = cells["ABCDE"[i]][j], cells["ABCDE"[j]][i]
            assert (float(above), float(below)) == pytest.approx(largest[a, b], rel=0.05)


def test_what_is_printed_fits_80_columns(all_of_two):
    _, printed = all_of_two
    assert [line for line in printed.splitlines() if len(line) > 80] == []


def test_dumps_have_names_that_any_system_takes(all_of_two):
    out, _ = all_of_two
    names = {path.name for path in out.iterdir()}
    assert names == {"report.json", *(f"{dump}.npz" for dump in DUMPS)}


def test_one_of_two_devices(on_two_devices):
    out, status, _ = on_two_devices["one"]
    assert status == 0
    assert [one["device"] for one in report(out)["implementations"]] == ["cpu:1"] * 2
    out, said, _ = on_two_devices["absent"]
    assert said == "device: jax has cpu:0, cpu:1, got cpu:2; pass one of these"
    assert not out.exists()


def test_a_deciding_sample_is_computed_again_on_all_devices(on_two_devices):
    out, status, printed = on_two_devices["again"]
    assert status == 0
    assert len(report(out)["implementations"]) == 5
    assert "jax_manual@cpu:1  " in printed


@pytest.mark.skipif("len(on_torch.device_names()) > 1", reason="this machine has a GPU")
def test_where_there_is_no_gpu_all_says_so(tmp_path, capsys):
    assert compare(tmp_path, "--device=all", "--implementations=jax_grad,torch_autograd") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "no gpu jax finds none: jax[cuda13] and JAX_PLATFORMS decide what it finds; torch" in (
        printed
    )
    assert [one["name"] for one in report(tmp_path)["implementations"]] == [
        *("jax_grad@cpu", "torch_autograd@cpu")
    ]


def test_numpy_has_no_devices_to_choose_from(tmp_path):
    assert compare(tmp_path, "--device=all", "--implementations=torch_autograd,numpy_manual") == 0
    assert [one["name"] for one in report(tmp_path)["implementations"]] == [
        *("torch_autograd@cpu", "numpy_manual")
    ]


@pytest.mark.parametrize("device", ["", "tpu", "cuda", "cuda:", "gpu:0", "cuda:-1", "ALL"])
def test_a_device_that_cannot_be(device):
    with pytest.raises(UsageError, match=re.escape(f"or all; got {device!r}")):
        Config(device=device)


@pytest.mark.skipif("len(on_torch.device_names()) > 1", reason="this machine has a GPU")
@pytest.mark.parametrize("device", ["gpu", "cuda:0", "cuda:7"])
@pytest.mark.parametrize("one", ["jax_grad", "torch_autograd"])
def test_an_absent_device_is_an_error(tmp_path, device, one):
    with pytest.raises(UsageError, match="device: expected a "):
        compare(tmp_path / "new", f"--device={device}", f"--implementations={one},numpy_manual")
    assert not (tmp_path / "new").exists()
    assert on_torch.device_names() == ["cpu"]


def test_the_library_takes_them_too():
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(n, m)), rng.normal(size=m)) for n, m in ((2, 5), (5, 1))]
    options = {"device": "all", "matmul_precision": "high", "repeats": 1, "deterministic": True}
    found = compare_gradients(layers, rng.random((4, 2)), machine=Machine(**options))
    assert found.verdict == "agree"
    assert found.noises["jax_grad@cpu"].moved == 0
    assert {key: found.config[key] for key in options} == options


def test_torch_knows_one_cpu(tmp_path):
    with pytest.raises(UsageError, match="device: torch knows one CPU, got cpu:7; leave out"):
        compare(tmp_path, "--device=cpu:7", "--implementations=torch_autograd,numpy_manual")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("device", value) for value in (None, 3, ["cpu"])),
        *(("repeats", value) for value in (None, 1.5, "2", -1)),
        *(("deterministic", value) for value in ("yes", 2, None)),
        ("cast", "no"),
        ("matmul_precision", None),
        ("dtype", ""),
    ],
)
def test_arguments_of_another_kind_are_told(option, value):
    layers = [(np.ones((2, 1)), np.ones(1))]
    given = {option: value}
    if option not in ("cast", "dtype"):
        given = {"machine": Machine(**given)}
    with pytest.raises(UsageError, match=f"{option}: expected .*got"):
        compare_gradients(layers, np.ones((1, 2)), **given)


def test_a_device_of_torch_is_understood():
    layers = [(np.ones((2, 1)), np.ones(1))]
    found = compare_gradients(layers, np.ones((1, 2)), machine=Machine(device=torch.device("cpu")))
    assert found.config["device"] == "cpu"


def test_a_boolean_flag_takes_nothing_else(tmp_path):
    with pytest.raises(
        UsageError, match=r"^--deterministic: expected true or false, got .maybe.; "
    ):
        compare(tmp_path, "--deterministic=maybe")
