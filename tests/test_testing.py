"""The assertion and the fixture for test suites."""

import itertools
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
import torch

from compare import Detail, run
from compare.errors import UsageError
from compare.testing import assert_gradients_agree as check
from tests.support.paths import ROOT

RNG = np.random.default_rng(0)
LAYERS = [
    (RNG.normal(size=(n, m)).astype(np.float32), RNG.normal(size=m).astype(np.float32))
    for n, m in ((2, 5), (5, 1))
]
X = RNG.random((20, 2)).astype(np.float32)


def backward(params, x, y, factor=2):
    (w1, b1), (w2, b2) = params
    h = np.tanh(x @ w1 + b1)
    delta2 = factor * (h @ w2 + b2 - y)
    delta1 = (w2 @ delta2) * (1 - h * h)
    return [(np.outer(x, delta1), delta1), (np.outer(h, delta2), delta2)]


def halved(params, x, y):
    return backward(params, x, y, factor=1)


def zeros(params, x, y):
    return [(np.zeros_like(w), np.zeros_like(b)) for w, b in params]


def message_of(folder, **options):
    with pytest.raises(AssertionError) as caught:
        check(LAYERS, X, activation="tanh", save=folder, **options)
    return str(caught.value)


def test_agreement_returns_the_report_and_writes_nothing(tmp_path):
    report = check(LAYERS, X, activation="tanh", candidates=[backward], save=tmp_path / "new")
    assert report.verdict == "agree"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_the_folder_is_refused_whatever_is_found(tmp_path):
    file = tmp_path / "mine"
    file.write_text("mine")
    with pytest.raises(UsageError, match=r"save .*mine: expected a folder .* is no folder"):
        check(LAYERS, X, activation="tanh", candidates=[backward], save=file)
    assert file.read_text() == "mine"


def run_again(message, monkeypatch):
    """Types the two last lines of a message; returns the exit status."""
    change, command = map(shlex.split, message.splitlines()[-2:])
    assert (change[0], command[:3]) == ("cd", ["python", "-m", "compare.run"])
    monkeypatch.chdir(change[1])
    return run.main(command[2:])


def test_a_failure_has_a_sentence_a_table_and_a_command(tmp_path):
    sentence, table, commands = message_of(tmp_path, candidates=[backward, halved]).split("\n\n")
    assert sentence.startswith("disagree: the gradient of halved is half of what the\n")
    assert "right for loss='half_squared'" in sentence.replace("\n", " ")
    head, pair, *rows = table.splitlines()
    assert head.split() == ["max", "abs", "at", "sample", "ulp", "rounding", "used"]
    assert pair == "jax_grad ~ halved"
    assert [row.split()[0] for row in rows] == ["w1", "b1", "w2", "b2"]
    assert commands.splitlines() == [
        "To compute that sample again, from the same bits:",
        f"cd {tmp_path}",
        "python -m compare.run --flagfile=reproduce.flags",
    ]


def test_a_failure_fits_the_log_of_a_ci_job(tmp_path):
    """pytest puts 8 columns before each line, and the name of the error before the first."""
    sizes = (2, 3, 3, 3, 1)
    layers = [(RNG.normal(size=s), RNG.normal(size=s[1])) for s in itertools.pairwise(sizes)]
    candidates = {f"a_rather_long_name_of_a_function_{i}": zeros for i in range(3)}
    options = {"implementations": ("torch_autograd", "numpy_manual"), "candidates": candidates}
    with pytest.raises(AssertionError) as caught:
        check(layers, X, save=tmp_path, **options)
    lines = f"AssertionError: {caught.value}".splitlines()
    assert len(lines) <= 25
    assert all(len(line) <= 72 or line.startswith("cd ") for line in lines)
    assert re.search(r"\nand \d+ lines more\n", str(caught.value))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_shown(tmp_path, value):
    def broken(params, x, y):
        grads = backward(params, x, y)
        grads[1][0][3:] = value
        return grads

    table = message_of(tmp_path, candidates=[broken]).split("\n\n")[1]
    pairs, rows = table.splitlines()[1::2], table.splitlines()[2::2]
    assert pairs == [f"{name} ~ broken" for name in ("jax_grad", "jax_manual", "torch_autograd")]
    for row in rows:
        assert re.fullmatch(rf"  w2 +{value} 0 \[3,0\] +in 40 of 100 entries", row)


@pytest.mark.isa
def test_the_command_computes_the_sample_again_to_the_same_bits(tmp_path, capsys, monkeypatch):
    message = message_of(tmp_path, candidates=[halved])
    seen = {}
    flags = (tmp_path / "reproduce.flags").read_text()
    sample = int(re.search(r"--only_sample=(\d+)", flags)[1])

    def keep(start, answers):
        seen.update({name: answer.grads[1].b[sample, 0] for name, answer in answers.items()})

    message_of(tmp_path, candidates=[halved], on_block=keep)
    assert run_again(message, monkeypatch) == 2
    printed = capsys.readouterr().out
    values = printed.split(f"b2[0] of sample {sample}\n")[1].split("\n\n")[0]
    found = {line.split()[1]: float.fromhex(line.split()[-1]) for line in values.splitlines()}
    assert found == {name: float(value) for name, value in seen.items()}


@pytest.mark.parametrize("name", ["my backward", "a/b", "../up", "halved"])
def test_names_that_are_no_file_names(tmp_path, monkeypatch, name):
    message = message_of(tmp_path / "a new one", candidates={name: halved})
    assert sorted(p.parent for p in tmp_path.rglob("*.npz")) == [tmp_path / "a new one"] * 3
    assert run_again(message, monkeypatch) == 2


def test_what_was_saved_may_be_carried_elsewhere_and_is_written_over(tmp_path, monkeypatch):
    for _ in range(2):
        message = message_of(tmp_path / "there", candidates=[halved])
    (tmp_path / "there").rename(tmp_path / "here")
    assert run_again(message.replace("/there", "/here"), monkeypatch) == 2


def test_options_and_layout_are_in_the_command(tmp_path, monkeypatch):
    wide = [(w.T.astype(np.float64), b.astype(np.float64)) for w, b in LAYERS]

    def transposed(params, x, y):
        grads = halved([(w.T, b) for w, b in params], x, y)
        return [(dw.T, db) for dw, db in grads]

    options = {"layout": "out_in", "candidates": [transposed], "activation": "tanh"}
    with pytest.raises(AssertionError) as caught:
        check(wide, X.astype(np.float64), save=tmp_path, **options)
    flags = (tmp_path / "reproduce.flags").read_text().splitlines()
    assert {"--dtype=float64", "--layout=out_in", "--activation=tanh"} < set(flags)
    assert run_again(str(caught.value), monkeypatch) == 2


def test_a_module_with_a_wrong_backward_is_named(tmp_path):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            h = torch.tanh(z)
            ctx.save_for_backward(h)
            return h

        @staticmethod
        def backward(ctx, g):
            (h,) = ctx.saved_tensors
            return g * (1 - h)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = torch.nn.Linear(2, 4), torch.nn.Linear(4, 1)

        def forward(self, x):
            return self.b(Wrong.apply(self.a(x)))

    with pytest.raises(AssertionError, match=r"^disagree: delta1 of module is "):
        check(Net(), X, save=tmp_path)


def test_undecided_is_a_failure_too(tmp_path):
    x = np.full((2, 2), np.nan, np.float32)
    with pytest.raises(AssertionError, match=r"^undecided: nothing can be said"):
        check(LAYERS, x, activation="tanh", save=tmp_path)


def test_wrong_usage_is_no_assertion(tmp_path):
    with pytest.raises(UsageError, match="activation: expected one of") as caught:
        check(LAYERS, X, activation="step", save=tmp_path)
    shown = [entry.name for entry in caught.traceback if not entry.ishidden(caught)]
    assert shown == ["test_wrong_usage_is_no_assertion"]


def test_a_test_of_nothing_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"^candidate: expected something of yours to test, got "):
        check(LAYERS, X, activation="tanh", save=tmp_path)
    net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    baseline = str(tmp_path / "baseline.npz")
    for given in ({"save_baseline": baseline}, {"baseline": baseline}):
        assert check(LAYERS, X, activation="tanh", detail=Detail(**given)).agrees
    assert check(net, X).agrees


def test_the_fixture_saves_in_tmp_path(assert_gradients_agree, tmp_path):
    assert_gradients_agree(LAYERS, X, activation="tanh", candidates=[backward])
    with pytest.raises(AssertionError, match="is half"):
        assert_gradients_agree(LAYERS, X, activation="tanh", candidates=[halved])
    saved = ["data.npz", "halved.npz", "params.npz", "reproduce.flags"]
    assert sorted(p.name for p in tmp_path.iterdir()) == saved


def test_the_plugin_loads_no_framework():
    code = "import sys, compare.pytest_plugin; print({'jax', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "set()\n"
