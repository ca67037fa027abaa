"""`python -m compare.graph` as a user meets it: files, what is said, and refusals."""

import html
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from compare.errors import UsageError
from compare.graph import draw, explain_network, files
from compare.graph.__main__ import main
from compare.graph.pictures.graphviz import FORMATS, can_draw, picture
from compare.graph.pictures.texts import dot_texts
from tests.support.networks import ALL_ACTIVATIONS
from tests.support.paths import ROOT
from tests.support.runs import shell

STEMS = ("graph_torch", "graph_jax", "graph_both")
TEXTS = {*(f"{stem}.dot" for stem in STEMS), "graph.md"}
STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}
SMALL = "--layer_sizes=2,3,1"

draws = pytest.mark.skipif(not can_draw(), reason="pictures take the extra graph")


def files_in(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@draws
def test_another_process_writes_the_same_bytes(tmp_path):
    assert main(["", "--activation=gelu", SMALL, f"--out={tmp_path / 'here'}"]) == 0
    done = subprocess.run(  # with other hashes
        [sys.executable, "-m", "compare.graph", "--activation=gelu", SMALL, f"--out={tmp_path}/2"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "graph_both.pdf" in done.stdout
    first, second = files_in(tmp_path / "here"), files_in(tmp_path / "2")
    assert set(first) == TEXTS | {f"{stem}.{kind}" for stem in STEMS for kind in FORMATS}
    for name, content in first.items():
        assert content == second[name], name
        start = STARTS.get(Path(name).suffix[1:], b"")
        assert content.startswith(start), name


@draws
def test_pictures_are_white_and_have_every_node(tmp_path):
    draw((2, 3, 1), out=str(tmp_path), formats=["svg"])
    explained = explain_network((2, 3, 1))
    for stem, graph in (("graph_torch", explained.torch), ("graph_jax", explained.jax)):
        svg = html.unescape((tmp_path / f"{stem}.svg").read_text())
        assert '<polygon fill="white"' in svg
        assert ">parameter" in svg or ">argument<" in svg, "the legend"
        for node in graph.nodes:
            assert f">{node.name}</text>" in svg
            assert f'xlink:title="{node.explanation}"' in svg
        both = (tmp_path / "graph_both.svg").read_text()
        assert all(f">{node.name}</text>" in both for node in graph.nodes)


@draws
def test_graphviz_has_nothing_to_say(capfd):
    networks = [((2, 3, 1), activation) for activation in ALL_ACTIVATIONS]
    for sizes, activation in [*networks, ((2, 1), "gelu"), ((3, 4, 4, 2), "gelu")]:
        for text in dot_texts(explain_network(sizes, activation=activation)).values():
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                picture(text, "svg")
    assert capfd.readouterr() == ("", "")


def test_forward_and_backward_differ_in_colour_and_in_shape():
    text = dot_texts(explain_network((2, 3, 1)))["graph_jax"]
    looks = {
        part: set(re.findall(rf"<b>{label}</b>.*?(style=\S+, color=\S+, fillcolor=\S+)", text))
        for part, label in (("forward", "z1"), ("backward", "delta1"))
    }
    (forward,), (backward,) = looks.values()
    assert "dashed" in backward
    assert "dashed" not in forward
    assert re.findall("#......", forward) != re.findall("#......", backward)


def test_markdown_explains_every_node(tmp_path):
    draw((2, 3, 1), out=str(tmp_path), formats=[])
    lines = (tmp_path / "graph.md").read_text().splitlines()
    explained = explain_network((2, 3, 1))
    for node in (*explained.torch.nodes, *explained.jax.nodes):
        (row,) = (line for line in lines if line.startswith(f"| {node.name} |"))
        assert node.explanation in row.replace("\\", "")
    columns = [line.replace("\\|", "").count("|") for line in lines if line.startswith("|")]
    assert set(columns) == {8 + 1, 7 + 1, 5 + 1}


def test_without_the_extra_texts_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert main(["", SMALL, f"--out={tmp_path}"]) == 0
    assert set(files_in(tmp_path)) == TEXTS
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == (
        "No picture was drawn: pictures need pygraphviz, which brings Graphviz: "
        'pip install "jaxmlp[graph]"'
    )


def test_no_picture_is_asked_for(tmp_path, capsys):
    assert main(["", SMALL, f"--out={tmp_path}", "--formats="]) == 0
    assert set(files_in(tmp_path)) == TEXTS
    assert "No picture" not in capsys.readouterr().out


@draws
def test_texts_stay_if_drawing_fails(tmp_path, monkeypatch):
    def fail(text, kind):
        raise ValueError("Graphviz raised a layout error.")

    monkeypatch.setattr(files, "picture", fail)
    with pytest.raises(ValueError, match="layout error"):
        draw((2, 1), out=str(tmp_path))
    assert set(files_in(tmp_path)) == TEXTS


def test_weights_from_a_file_give_the_sizes(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    torch.save(model.state_dict(), tmp_path / "Weights.pt")
    arguments = [f"--params={tmp_path / 'Weights.pt'}", "--activation=relu", "--formats="]
    assert main(["", *arguments, f"--out={tmp_path / 'out'}"]) == 0
    assert "4-3-2 relu" in (tmp_path / "out" / "graph.md").read_text()


NET = """
import torch
from torch import nn
from torch.nn import functional

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(2, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.fc2(functional.relu(self.fc1(x)))

def make():
    return Net().double()

def leave():
    raise SystemExit(0)

def broken():
    raise RuntimeError("no weights here")

def broken_loss(yhat, y):
    return {}["y"]

def no_loss(yhat, y):
    return yhat - y

class Fails(nn.Linear):
    def forward(self, x):
        raise ValueError("never")

class Own(Net):
    def forward(self, x, y):
        return (super().forward(x) - y).square().sum()

class Detached(Net):
    def forward(self, x):
        return super().forward(x).detach()

class Wide(Net):
    def __init__(self):
        super().__init__()
        self.fc2 = nn.Linear(4, 3)

model = Net()
fails = Fails(2, 2)
other = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
answer = lambda: 42
"""


@pytest.mark.parametrize("name", ["Net", "make", "model"])
def test_a_module_in_a_file(tmp_path, name):
    (tmp_path / "net.py").write_text(NET)
    flag = f"--module={tmp_path / 'net.py'}:{name}"
    assert main(["", flag, "--formats=", f"--out={tmp_path / 'out'}"]) == 0
    words = (tmp_path / "out" / "graph.md").read_text()
    assert "2-4-1 relu" in words
    assert "fc1.bias" in words


def test_a_loss_in_a_file(tmp_path, capsys):
    (tmp_path / "net.py").write_text(NET + "mean = nn.MSELoss")
    out = f"--out={tmp_path / 'out'}"
    for network in (f"--module={tmp_path / 'net.py'}:Wide", "--layer_sizes=2,4,3"):
        assert main(["", network, f"--loss={tmp_path / 'net.py'}:mean", "--formats=", out]) == 0
        assert "mean-squared: " not in capsys.readouterr().out
        words = (tmp_path / "out" / "graph.md").read_text()
        assert "L = sum((yhat - y)^2) / 3" in words
        assert "`MseLossBackward0`" in words
        assert "whole" not in words


def test_a_module_that_is_no_chain(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    (tmp_path / "net.py").write_text(NET)
    arguments = [f"--module={tmp_path / 'net.py'}:other", "--formats=", f"--out={tmp_path / 'o'}"]
    assert main(["", *arguments]) == 0
    assert set(files_in(tmp_path / "o")) == {"graph_torch.dot", "graph.md"}
    out = capsys.readouterr().out
    assert max(map(len, out[out.index("No graph") :].splitlines())) <= 60
    said = " ".join(out.split())
    assert said.endswith("so this is no chain of affine layers and activations.")
    assert "No graph of JAX: 1 (BatchNorm1d): in train mode" in said
    assert "There is no graph of JAX, because" in (tmp_path / "o" / "graph.md").read_text()


WRONG = {
    "a word": (["net.py"], "expected flags only, such as --layer_sizes=2,3,1, got 'net.py'"),
    "a flag of another command": (["--samples=3"], "there is no flag --samples"),
    "one size": (["--layer_sizes=2"], "layer_sizes: expected at least two positive integers"),
    "no number": (["--layer_sizes=2,x"], "layer_sizes: expected positive integers between commas"),
    "an activation": (
        ["--activation=swish"],
        r"activation: expected one of sigmoid, .* got .swish.",
    ),
    "a format": (["--formats=gif"], "formats: expected one of svg, png, pdf, got 'gif'"),
    "weights and init": (["--params=w.npz", "--init=normal"], "init: --params brings the weights"),
    "no weights": (["--params=w.npz"], "w.npz"),
    "a module and sizes": (
        ["--module=net.py:Net", "--layer_sizes=2,1"],
        "layer_sizes: --module brings the whole network; drop one of the two",
    ),
    "the shape of no module": (["--input_shape=3"], "input_shape: it is that of a --module"),
    "no name": (["--module=net.py"], "--module=net.py: expected FILE.py:NAME, FILE.ipynb:NAME or"),
    "no file": (["--module=none.py:Net"], "--module=none.py:Net: there is no file none.py"),
    "no such name": (["--module=net.py:Other"], "it has Net, make, leave, broken"),
    "no module": (["--module=net.py:answer"], "expected a torch.nn.Module .* got int"),
    "it raises": (["--module=net.py:broken"], "cannot be made: RuntimeError: no weights here"),
    "it exits": (["--module=net.py:leave"], "cannot be made: SystemExit: 0"),
    "weights of a module": (
        ["--module=net.py:Net", "--params=w.npz"],
        "params: --module brings the whole network",
    ),
    "another activation": (
        ["--module=net.py:Net", "--activation=tanh"],
        "activation: the module has relu, got 'tanh'; leave it out",
    ),
    "an output of no chain": (
        ["--module=net.py:other", "--output=tanh"],
        "output: the module is no chain of layers .*BatchNorm1d.*; leave it out",
    ),
    "it fails": (["--module=net.py:fails"], "called: ValueError: never; pass input_shape, the"),
    "it fails with a shape": (
        ["--module=net.py:fails", "--input_shape=2,5"],
        r"called: ValueError: never; it was given zeros \[1, 2, 5\]$",
    ),
    "no shape": (["--module=net.py:Net", "--input_shape=0"], "input_shape: expected positive"),
    "no loss": (["--loss=cubed"], "loss: expected one of squared, .*, or FILE.py:NAME, .*'cubed'"),
    "no file of a loss": (["--loss=none.py:loss"], "--loss=none.py:loss: there is no file none.py"),
    "a loss that raises": (
        ["--module=net.py:Net", "--loss=net.py:broken_loss"],
        r"loss: it cannot be called with yhat \[1, 1\] and a label: KeyError: 'y'",
    ),
    "a loss of many numbers": (
        ["--module=net.py:Wide", "--loss=net.py:no_loss"],
        r"loss: expected a tensor of one number, made of yhat, got a tensor \[1, 3\]",
    ),
    "a loss of its own": (["--loss=net.py:other"], "loss: it cannot be called with yhat"),
    "a loss of both": (
        ["--module=net.py:Own", "--loss=net.py:no_loss"],
        "loss: the module takes labels for a loss of its own; drop one of both",
    ),
    "no gradient": (
        ["--module=net.py:Detached"],
        "module: torch has no gradient of what its forward returns, as where it is detached",
    ),
    "no numbers": (["--input_shape=3,x"], "input_shape: expected positive integers .* 2,3,1; got"),
    "an end": (["--loss=hinge", "--output=softmax"], "output: expected linear or tanh for"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_usage(case, tmp_path, monkeypatch):
    arguments, said = WRONG[case]
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        main(["", *arguments])
    assert not Path("out").exists()


def test_of_a_traceback_only_what_is_the_users_is_shown(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    with pytest.raises(UsageError) as raised:
        main(["", f"--module={tmp_path / 'net.py'}:broken", f"--out={tmp_path / 'out'}"])
    frames = [line for line in str(raised.value).splitlines() if line.startswith("  File")]
    assert len(frames) == 1
    assert "net.py" in frames[0]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match=r"--out .*out: expected a folder to write into"):
        main(["", SMALL, f"--out={tmp_path / 'out'}"])


def test_status_and_help(tmp_path):
    done = shell("compare.graph", "--layer_sizes=2", f"--out={tmp_path}")
    assert done.returncode == 1
    assert done.stderr.startswith("compare.graph: layer_sizes: expected at least two")
    assert len(done.stderr.splitlines()) == 1
    done = shell("compare.graph", "--help")
    assert done.returncode == 0
    for flag in ("--layer_sizes=", "--activation=", "--module=FILE.py:NAME", "--formats=KIND"):
        assert flag in done.stdout
