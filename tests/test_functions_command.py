"""`python -m compare.functions` as a user meets it: the answer, the files, what is refused."""

import json
import re
import shlex
import sys
import warnings

import pytest

from compare import functions
from compare.options.exit_status import status_of

MODEL = """\
import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

from compare import Candidate

X = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
args = (X,)
listed = [X]


def loss(x):
    return jnp.sum(jnp.tanh(x) ** 2)


def mine(x):
    print("not a result of ours")
    import late

    return late.total(jnp.tanh(x))


def wrong(x):
    return jnp.sum(jnp.tanh(x) ** 2) * 1.001


def by_hand(x):
    h = np.tanh(x)
    return np.sum(h**2), 2 * h * (1 - h**2)


def two(x, y):
    return jnp.sum(x * y)


def outputs(x):
    return jnp.tanh(x)


def total(h):
    return jnp.sum(h**2)


def both():
    return X, 2 * X


def raising():
    raise OSError("the data are gone")


class Net(nn.Module):
    def __init__(self, slope=0.01):
        super().__init__()
        self.fc, self.act = nn.Linear(3, 2), nn.LeakyReLU(slope)

    def forward(self, x):
        return self.act(self.fc(x))


class Needy(nn.Module):
    def __init__(self, width):
        super().__init__()


def make_model():
    return Net()


def make_steeper():
    return Net(0.02)


def make_nothing():
    return 3


def port(state, x):
    z = x @ state["fc.weight"].T + state["fc.bias"][None]
    return jnp.where(z > 0, z, 0.01 * z)


def broken(x):
    return jnp.sum(x) + undefined


model, number, given = make_model(), 3, Candidate(by_hand, "numpy")
pair = by_hand(X)
"""


@pytest.fixture
def compare(tmp_path, monkeypatch, capsys):
    """Runs the command beside a model; returns its exit status and both streams."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "late.py").write_text("def total(h):\n    return (h * h).sum()\n")

    def run(*argv):
        status = status_of(functions.main, "compare.functions", ["compare.functions", *argv])
        return status, *capsys.readouterr()

    yield run
    sys.modules.pop("late", None)


def flags(reference, *candidates):
    return f"--reference=model.py:{reference}", *(f"--candidate=model.py:{c}" for c in candidates)


def test_programs_of_all_kinds(compare, tmp_path):
    status, out, err = compare(*flags("loss", "mine", "by_hand", "pair", "given", "wrong"))
    assert status == 2
    assert out.startswith("✗ disagree: wrong: ")
    for name, framework in (("mine", "jax"), ("by_hand", "numpy"), ("pair", "stored")):
        assert f"{name} ({framework})" in re.sub(r"\s+", " ", out)
        assert re.search(rf"\n{name} +✓ agree", out)
    assert "not a result of ours" in err
    assert "not a result of ours" not in out
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "late.py",
        "model.py",
    ]


def test_a_module_that_is_made_and_its_port(compare, tmp_path):
    asked = flags("make_model", "Net", "port"), "--html=page.html", "--json=out/report.json"
    status, out, err = compare(*asked[0], *asked[1:])
    assert (status, err) == (0, "")
    assert out.startswith("✓ agree: ")
    assert out.splitlines()[-1] == "Written: page.html, out/report.json"
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert [one["name"] for one in report["candidates"]] == ["Net", "port"]
    assert "<html" in (tmp_path / "page.html").read_text()
    words = shlex.split(report["reproduce"])
    assert words == ["python", "-m", "compare.functions", *asked[0]]


def test_the_place_of_a_mistake_and_the_seed_of_weights(compare):
    status, out, _ = compare(*flags("make_model", "make_steeper"), "--seed=3", "--dtype=float64")
    assert status == 2
    assert "forward, between `fc` and `act`" in re.sub(r"\s+", " ", out)
    assert "--dtype=float64 --seed=3" in re.sub(r"\s+", " ", out)


def test_a_loss_and_what_to_differentiate_by(compare, tmp_path):
    loss = "--loss=model.py:total", "--json=report.json", "--wrt=0"
    status, _, _ = compare(*flags("outputs", "outputs", "pair"), *loss)
    report = json.loads((tmp_path / "report.json").read_text())
    assert status == 0
    names = {check["name"] for one in report["candidates"] for check in one["checks"]}
    assert names == {"output", "args[0]"}


def test_what_has_moved_since_a_baseline(compare, tmp_path):
    argv = flags("loss", "by_hand")
    status, out, _ = compare(*argv, "--save_baseline=before.npz")
    assert (status, out.splitlines()[-1]) == (0, "Written: before.npz")
    _, out, _ = compare(*argv, "--baseline=before.npz")
    assert "\nSince the baseline before.npz" in out
    assert "by_hand: the same bits in" in out
    status, _, err = compare(*flags("outputs", "outputs"), "--baseline=before.npz")
    assert status == 1
    assert "before.npz" in err.splitlines()[0]


def test_what_fails_is_chosen(compare):
    assert compare(*flags("loss", "wrong"), "--fail_on=disagree")[0] == 2
    assert compare(*flags("loss", "mine"), "--fail_on=warning")[0] == 0


def test_no_warnings_of_jax_and_torch(compare, tmp_path):
    (tmp_path / "noisy.py").write_text(
        "import warnings\nimport numpy as np\nfrom model import loss\n"
        "def f(x):\n    warnings.warn('old')\n    return loss(x)\nargs = (np.ones(3),)\n"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        status, _, err = compare("--reference=noisy.py:f", "--candidate=noisy.py:loss")
    assert (status, err) == (0, "")


REFUSED = {
    "nothing": ((), "expected --reference=FILE.py:NAME, got none; --help shows examples"),
    "no candidate": (flags("loss"), "expected --candidate=FILE.py:NAME, got none"),
    "words": ((*flags("loss", "mine"), "model.py:x"), "expected flags only, such as --reference="),
    "an unknown flag": ((*flags("loss", "mine"), "--rtol=1e-3"), "there is no flag --rtol"),
    "no file": (("--reference=no.py:f", "--candidate=no.py:f"), "there is no file no.py"),
    "no reference": (
        ("--reference=model", "--candidate=m"),
        "--reference=model: expected FILE.py:",
    ),
    "no name": (flags("lost", "mine"), "--reference=model.py:lost: expected a function lost in"),
    "no such candidate": (
        flags("loss", "min"),
        "--candidate=model.py:min: expected a function min",
    ),
    "a number": (flags("number", "mine"), "reference: expected a function of JAX or torch, or a"),
    "a class that needs more": (
        flags("Needy", "port"),
        "cannot be made: TypeError: Needy.__init__",
    ),
    "what makes nothing": (flags("make_nothing", "port"), "got one that makes 3"),
    "an error of its own": (flags("broken", "mine"), "reference: cannot be run: NameError"),
    "no such args": ((*flags("loss", "mine"), "--args=model.py:no"), "there is no no in model.py"),
    "no args": (
        ("--reference=late.py:total", "--candidate=model.py:mine"),
        "--args: expected a tuple of arguments, FILE.py:NAME, or late.py:args, got neither",
    ),
    "no tuple": (
        (*flags("loss", "mine"), "--args=model.py:listed"),
        "expected a tuple of arguments",
    ),
    "args that raise": ((*flags("loss", "mine"), "--args=model.py:raising"), "the data are gone"),
    "args of another": (
        (*flags("loss", "two"), "--args=model.py:both"),
        "reference: cannot be run",
    ),
    "no loss": (
        (*flags("outputs", "outputs"), "--loss=model.py:mse"),
        "--loss=model.py:mse: expected",
    ),
    "an unknown dtype": (
        (*flags("loss", "mine"), "--dtype=float8"),
        "expected one of float64, float",
    ),
    "a device of none": (
        (*flags("loss", "mine"), "--device=tpu"),
        "device: expected cpu, gpu, or one",
    ),
    "wrt": ((*flags("loss", "mine"), "--wrt=x"), "wrt: there is no x; there are args[0]"),
    "a page of another name": ((*flags("loss", "mine"), "--html=a.txt"), "ends with .html"),
    "a page that is a file of the user's": ((*flags("loss", "mine"), "--json=mine.json"), "--json"),
    "a baseline that is none": (
        (*flags("loss", "mine"), "--baseline=mine.json"),
        "mine.json",
    ),
    "a baseline that is not there": ((*flags("loss", "mine"), "--baseline=no.npz"), "no.npz"),
    "a baseline over a file of the user's": (
        (*flags("loss", "mine"), "--save_baseline=mine.json"),
        "save_baseline",
    ),
    "a folder that is a file": ((*flags("loss", "mine"), "--html=model.py/a.html"), "--html"),
    "weights of other seeds": (flags("model", "make_model"), "expected the fc.weight of the"),
}


@pytest.mark.parametrize(("argv", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(compare, tmp_path, argv, said):
    (tmp_path / "mine.json").write_text('{"mine": 1}')
    before = sorted(tmp_path.rglob("*.*"))
    status, out, err = compare(*argv)
    first = next(line for line in err.splitlines() if line.startswith("compare.functions: "))
    assert (status, out) == (1, ""), first
    assert said in first
    assert (tmp_path / "mine.json").read_text() == '{"mine": 1}'
    left = {path for path in tmp_path.rglob("*.*") if "__pycache__" not in path.parts}
    assert left <= set(before)


def test_an_error_of_the_function_has_its_line(compare):
    _, _, err = compare(*flags("broken", "mine"))
    number = MODEL.splitlines().index("    return jnp.sum(x) + undefined") + 1
    assert f'model.py", line {number}, in broken' in err


def test_help_lists_every_flag_and_the_commands_list_this_one(compare):
    status, out, _ = compare("--help")
    assert status == 0
    for flag in ("--reference=", "--candidate=", "--args=", "--wrt=", "--loss=", "--html="):
        assert f"  {flag}" in out
    from compare.__main__ import COMMANDS

    assert "python -m compare.functions " in COMMANDS
