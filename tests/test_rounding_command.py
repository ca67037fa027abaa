"""`python -m compare.rounding` as a user meets it: the table, what is refused, exit statuses."""

import json
import runpy
import sys

import numpy as np
import pytest

from compare import rounding
from compare.evidence.rounding import roundoff
from compare.options.exit_status import status_of

MODEL = """\
import jax
import jax.numpy as jnp
import numpy as np
import torch

import weights


def layers(p, x):
    import late

    h = jnp.tanh(x @ p["w"] + p["b"][None, :])
    return {"first": h, "a_name_that_is_long": {"kernel": late.twice(x)}, "on": x > x * x}


def loss(p, x):
    print("not a result of ours")
    return jnp.sum(x @ p["w"])


def strange(p, x):
    return jnp.log(x - x), jnp.exp(jnp.square(x @ p["w"])), jnp.zeros((0, 2)), x.astype(jnp.int32)


def spoken(x):
    return x @ weights.W


def silent(p, x):
    pass


def broken(p, x):
    return p["v"]


def fft(p, x):
    return jnp.abs(jnp.fft.fft(x))


def args():
    return {"w": weights.W, "b": np.zeros(3, np.float32)}, weights.X


alone = (weights.X,)
listed = [weights.X]
jitted, net = jax.jit(loss), torch.nn.Linear(4, 3)


def raising():
    raise OSError("the data are gone")
"""
WEIGHTS = """\
import numpy as np

rng = np.random.default_rng(0)
W, X = rng.normal(size=(4, 3)).astype("f4"), 9 * rng.normal(size=(5, 4)).astype("f4")
"""


@pytest.fixture
def bound(tmp_path, monkeypatch, capsys):
    """Runs the command beside a model; returns its exit status and both streams."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "weights.py").write_text(WEIGHTS)
    (tmp_path / "late.py").write_text("def twice(x):\n    return x + x\n")
    before = list(sys.path), set(sys.modules)

    def run(*argv):
        status = status_of(rounding.main, "compare.rounding", ["compare.rounding", *argv])
        out, err = capsys.readouterr()
        return status, out, err

    yield run
    sys.path[:] = before[0]
    for name in {"weights", "late"} - before[1]:
        sys.modules.pop(name, None)


def rows(out):
    """Returns the cells of each row of the table, by its name."""
    found, name = {}, ""
    for line in out.partition("nothing\n")[2].partition("\n\n")[0].splitlines():
        if line.startswith(" "):
            found[name[0]] = [*name[1:], *line.split()]
        elif len(line.split()) == 2:
            name = line.split()
        else:
            found[line.split()[0]] = line.split()[1:]
    return found


def test_a_row_for_every_array(bound):
    status, out, err = bound("model.py:layers")
    assert (status, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    assert out.startswith("model.py:layers in float32\n\n")
    found = rows(out)
    assert list(found) == ["a_name_that_is_long/kernel", "first", "on"]
    assert found["a_name_that_is_long/kernel"][0] == "5x4"
    assert found["on"] == ["5x4", "-", "-", "-", "-", "-", "0%"]
    shape, largest, worst, median, typical, _, nothing = found["first"]
    assert (shape, largest, nothing) == ("5x3", "1.0e+00", "0%")
    assert 1e-8 < float(median) <= float(worst) < 1e-4
    assert float(typical) <= float(worst)


def test_the_numbers_are_those_of_roundoff(bound, tmp_path):
    _, out, _ = bound("model.py:spoken", "--args=model.py:alone", "--reading=worst")
    names = runpy.run_path(str(tmp_path / "weights.py"))
    value, limit = roundoff(lambda x: x @ names["W"], np.float32)(names["X"])
    largest = np.abs(value).max()
    expected = [largest, limit.max(), np.median(limit) / largest]
    assert rows(out)["result"] == ["5x3", *(f"{number:.1e}" for number in expected), "0%"]


def test_gradients(bound):
    _, out, err = bound("model.py:loss", "--gradient")
    assert list(rows(out)) == ["args[0]/b", "args[0]/w"]
    assert "not a result of ours" not in out
    assert "not a result of ours" in err
    assert out.startswith("model.py:loss in float32, its gradient\n")
    _, out, _ = bound("model.py:jitted", "--argnums=1,0", "--dtype=bfloat16")
    assert set(rows(out)) == {"args[0]/b", "args[0]/w", "args[1]"}
    assert "in bfloat16" in out


def test_what_a_column_does_not_show_is_said(bound):
    _, out, _ = bound("model.py:strange", "--reading=worst")
    found = rows(out)
    assert found["[0]"][1:] == ["-", "∞", "-", "100%"]
    assert found["[2]"] == ["0x2", "-", "-", "-", "-"]
    assert found["[3]"][2:] == ["0", "0", "0%"]
    assert "\n[0]: 20 of 20 values are not finite, the first at [0,0]\n" in out
    assert "are infinite, the first at [" in out
    assert ": nothing is known there\n" in out


def test_where_the_largest_bound_comes_from(bound):
    _, out, err = bound("model.py:layers", "--explain")
    table, _, explained = out.partition("or infinite.\n\n")
    assert table + "or infinite.\n" == bound("model.py:layers")[1]
    lines = explained.splitlines()
    assert lines[0].startswith("first[")
    assert " in float32, " in lines[0]
    assert any(line.endswith(" (layers): dot_general, add") for line in lines)
    assert '        h = jnp.tanh(x @ p["w"] + p["b"][None, :])' in lines
    assert err == ""
    _, out, _ = bound("model.py:loss", "--gradient", "--explain", "--dtype=bfloat16")
    assert "\n\nargs[0]/" in out
    assert " in bfloat16" in out.partition("or infinite.")[2]


REFUSED = {
    "no function": ((), "expected one function, FILE.py:NAME, got 0"),
    "two": (("a", "b"), "expected one function, FILE.py:NAME, got 2: 'a' 'b'"),
    "no file": (("nowhere.py:f",), "nowhere.py:f: there is no file nowhere.py"),
    "no name": (("model.py:lose",), "model.py:lose: expected a function lose in model.py; it has"),
    "no reference": (("model",), "model: expected FILE.py:NAME"),
    "an unknown dtype": (("model.py:loss", "--dtype=float8"), "expected one of float64, float32"),
    "its own error": (("model.py:broken",), "model.py:broken: cannot be bounded: KeyError: 'v'"),
    "args for another": (("model.py:spoken",), "2 were given; its arguments are model.py:args"),
    "no rule": (("model.py:fft",), "cannot be bounded: NotImplementedError: roundoff has no rule"),
    "too few": (
        ("late.py:twice",),
        "missing 1 required positional argument: 'x'; without --args it is called with no",
    ),
    "no tuple": (
        ("model.py:loss", "--args=model.py:listed"),
        "--args=model.py:listed: expected a tuple of arguments, got list; of one argument x it is",
    ),
    "no such args": (("model.py:loss", "--args=model.py:no"), "there is no no in model.py"),
    "args that raise": (
        ("model.py:loss", "--args=model.py:raising"),
        "--args=model.py:raising: cannot be made: OSError: the data are gone",
    ),
    "argnums": (("model.py:loss", "--argnums=2"), "argnums: expected numbers of arguments, of"),
    "argnums of words": (("model.py:loss", "--argnums=p"), "0 and between commas; got p"),
    "no argnums": (("model.py:loss", "--argnums="), "0 and between commas; got none"),
    "argnums that repeat": (("model.py:loss", "--argnums=0,0"), "0 and between commas; got 0,0"),
    "no numbers": (
        ("model.py:silent",),
        "model.py:silent: expected a function that returns numbers",
    ),
    "nothing to explain": (
        ("jax.numpy:isnan", "--args=model.py:alone", "--explain"),
        "jax.numpy:isnan: cannot be explained: ValueError: explain: expected a function that",
    ),
    "a module of torch": (("model.py:net",), "f: expected a function of JAX, got Linear of torch"),
    "no scalar": (("model.py:spoken", "--args=model.py:alone", "--gradient"), "scalar-output"),
}


@pytest.mark.parametrize(("argv", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(bound, argv, said):
    status, out, err = bound(*argv)
    assert (status, out) == (1, "")
    first = err.splitlines()[0]
    assert first.startswith("compare.rounding: ")
    assert said in first


def test_an_error_of_the_function_has_its_line(bound):
    _, _, err = bound("model.py:broken")
    number = MODEL.splitlines().index('    return p["v"]') + 1
    assert f'model.py", line {number}, in broken' in err


def test_a_file_is_imported_once_for_both_names(bound, tmp_path):
    (tmp_path / "counted.py").write_text(
        "from model import args, spoken\nprint('imported')\ngiven = (args()[1],)\n"
    )
    _, _, err = bound("counted.py:spoken", "--args=counted.py:given")
    assert err.count("imported") == 1


def test_a_function_of_a_notebook(bound, tmp_path):
    cells = ["import numpy as np\nargs = (np.ones(3),)", "def f(x):\n    return -x"]
    made = [{"cell_type": "code", "source": cell, "execution_count": 1} for cell in cells]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": made, "nbformat": 4}))
    status, out, err = bound("n.ipynb:f", "--reading=worst")
    assert (status, err) == (0, "")
    assert rows(out)["result"] == ["3", "1.0e+00", "0", "0", "0%"]


def test_help_lists_every_flag_and_the_commands_list_this_one(bound):
    status, out, _ = bound("--help")
    assert status == 0
    for flag in ("--args=", "--dtype=", "--gradient", "--argnums=", "--reading=", "--explain"):
        assert f"  {flag}" in out
    from compare.__main__ import COMMANDS

    assert "python -m compare.rounding " in COMMANDS
