"""`--module=FILE.py:NAME` of compare.run: a torch module is the network of the run."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from compare.errors import UsageError
from compare.implementations.user.module_flag import with_module
from compare.options.command_line import config_from_argv
from compare.resume.identity import Identity
from compare.resume.sources import UserFiles
from compare.resume.state import State
from tests.support.runs import compare, report

NET = """
import torch
from torch import nn
from torch.nn import functional


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(2, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.fc2(functional.relu(self.fc1(x)))


class Classifier(Net):
    def forward(self, x, y):
        return functional.cross_entropy(super().forward(x), y)


class NoSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        return torch.tanh(z)

    @staticmethod
    def backward(ctx, grad):
        return grad


class Wrong(Net):
    def forward(self, x):
        return self.fc2(NoSlope.apply(self.fc1(x)))


def wide():
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1), nn.Sigmoid()).double()


def dropping():
    return nn.Sequential(nn.Linear(2, 3), nn.Dropout(), nn.Linear(3, 1))


model = Net()
number = lambda: 42
"""
QUICK = ("--implementations=numpy_manual", "--witness=0", "--samples=5", "--quiet")


@pytest.fixture(autouse=True)
def _net(tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("Net", {"layer_sizes": [2, 4, 3], "activation": "relu", "loss": "squared"}),
        ("model", {"layer_sizes": [2, 4, 3], "dtype": "float32"}),
        ("Classifier", {"output": "softmax", "loss": "cross_entropy"}),
        ("wide", {"activation": "tanh", "output": "sigmoid", "dtype": "float64"}),
    ],
)
def test_a_module_is_the_network(name, network, capsys):
    assert compare("out", f"--module=net.py:{name}", *QUICK) == 0
    printed = capsys.readouterr().out
    assert f"weights of net.py:{name}, seed 0, 5 samples" in " ".join(printed.split())
    found = report(Path("out"))
    assert {key: found["config"][key] for key in network} == network
    assert [one["name"] for one in found["implementations"]] == ["numpy_manual", "module"]


def test_a_wrong_module_is_told_and_computed_again(capsys):
    assert compare("out", "--module=net.py:Wrong", *QUICK) == 2
    printed = capsys.readouterr().out
    assert "disagree: delta1 of module is computed without phi'" in " ".join(printed.split())
    command = printed.split("from the same bits:\n")[1].splitlines()[0].split()
    assert "--module=net.py:Wrong" in command
    assert not any(word.startswith(("--activation", "--dtype", "--layer")) for word in command)
    assert compare("elsewhere", *command[3:]) == 2
    first, again = report(Path("out")), report(Path("out/sample_0"))
    assert first["values"][0]["values"] == again["values"][0]["values"]


def test_the_seed_is_that_of_torch():
    before = torch.get_rng_state()
    weights = []
    for seed in (0, 0, 1):
        flags = f"--seed={seed}", "--save_params=w.npz"
        assert compare("out", "--module=net.py:Net", *flags, *QUICK) == 0
        weights.append(np.load("w.npz")["w1"])
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])
    assert torch.equal(torch.get_rng_state(), before)


def test_flags_that_say_what_the_module_is():
    flags = ("--layer_sizes=2,4,3", "--activation=relu", "--dtype=float32", "--output=linear")
    assert compare("out", "--module=net.py:Net", *flags, *QUICK) == 0
    assert compare("out", "--module=net.py:Net", "--loss=cross_entropy", *QUICK) == 0


BAD = {
    "activation": (["--activation=tanh"], "activation: the module has relu, got 'tanh'"),
    "layer_sizes": (["--layer_sizes=2,3"], "layer_sizes: 2,3 contradicts .*net.py:Net, .* 2,4,3"),
    "dtype": (
        ["--dtype=float64"],
        "dtype: the module has float32, got 'float64'; leave it out, or call [.]to",
    ),
    "output": (["--output=tanh"], "output: the module has linear, got 'tanh'"),
    "params": (["--params=w.npz"], "params: --module brings the weights; drop one of the two"),
    "init": (["--init=normal"], "init: --module brings the weights, so there are none to draw"),
    "own loss": (
        ["--module=net.py:Classifier", "--loss=huber"],
        "loss: the module has cross_entropy, got 'huber'",
    ),
    "dropout": (["--module=net.py:dropping"], r"1 \(Dropout\): .*; call .eval\(\) on the module"),
    "no module": (["--module=net.py:number"], "expected a torch.nn.Module or what makes one"),
    "no file": (["--module=none.py:Net"], "--module=none.py:Net: there is no file none.py"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_contradicts_a_module_is_one_sentence(case, tmp_path):
    flags, said = BAD[case]
    with pytest.raises(UsageError, match=said) as caught:
        compare("out", "--module=net.py:Net", *flags, *QUICK)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_run_does_not_go_on_with_other_weights(tmp_path, monkeypatch):
    """Which a module may draw from elsewhere than torch."""
    changed = "\nimport os\nmodel.fc1.bias.data[0] = float(os.environ['FIRST_BIAS'])\n"
    (tmp_path / "net.py").write_text(NET + changed)
    config, files = config_from_argv(["", "--module=net.py:model"]), UserFiles()
    identities = []
    for bias in ("1", "2"):
        monkeypatch.setenv("FIRST_BIAS", bias)
        complete, module = with_module(config)
        identities.append(Identity(complete, files, module.params))
    state = State("one", identities[0].values, 0, 0, False, {}, {}, {}, {})
    said = identities[1].difference(state, here=False)
    assert re.match(r"the weights of the module: sha256 \w+ then, sha256 \w+ now", said)
