"""Every snippet of the README and of the tutorials is run, and prints what they say."""

import json
import os
import re
import runpy
import shlex
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from compare import files, run
from compare.options.exit_status import EXIT_STATUS
from jaxmlp import init_params
from tests.support import forks
from tests.support.paths import ROOT

BLOCK = re.compile(r"```(\w+)\n(.*?)```\n", re.DOTALL)
FILE_NAME = re.compile(r"`(\w+\.(?:py|json|ipynb))`:\s*\Z")
PAGES = (
    "README.md",
    *(f"docs/{name}.md" for name in ("student", "porting", "kernels", "files", "networks")),
)
PLACE = re.compile(r"(?:[wb]\d+\[[\d,]+\]|yhat\[\d+\]|loss)(?=(?:,| of)\s+sample\s)")
MAINS = {"compare.run": run.main, "compare.files": files.main}


class Snippet(NamedTuple):
    kind: str  # python, console or text
    text: str
    before: str  # what the page says above it
    line: int


def snippets(page):
    text = (ROOT / page).read_text()
    for found in BLOCK.finditer(text):
        before = text[: found.start()]
        yield Snippet(found[1], found[2], before, before.count("\n") + 1)


def commands(console):
    """Yields (command, expected output) of a console session."""
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield re.sub(r"\s+#.*", "", command), output


def words(text):
    """What does not depend on the machine: no numbers, and not which correct two are worst."""
    text = re.sub(r"(largest difference) .*?(?=digits that agree)", r"\1 ", text, flags=re.DOTALL)
    text = re.sub(PLACE, "PLACE", text)
    text = re.sub(r"(torch \d[\d.]*)\+\w+", r"\1", text)  # which build of it: +cpu, +cu130
    text = re.sub(r"0x[\da-f.]+p[-+]\d+|\d[\d,]*\.?\d*(?:e[-+]?\d+)?", "#", text)
    text = re.sub(r"\b(?:jax_grad|jax_manual|torch_autograd)\b", "IMPLEMENTATION", text)
    text = re.sub(r"[A-D]~[A-D]", "PAIR", text)
    return re.sub(r"\b[wb]#(?:\[[#,]+\])?|#(?:\[[#,]+\])?|-#", "#", text).split()


def contains(printed, expected):
    """Whether the parts between lines of dots stand in the print, in order and whole."""
    left = words(printed)
    parts = re.split(r"^\.\.\.\n", expected, flags=re.MULTILINE)
    for i, part in enumerate(parts):
        wanted = words(part)
        starts = range(len(left) - len(wanted) + 1) if i else range(1)
        at = next((k for k in starts if left[k : k + len(wanted)] == wanted), None)
        if at is None:
            return False
        left = left[at + len(wanted) :]
    return not left or not parts[-1]


def run_command(command, capsys):
    """Runs a command in this process where it is ours, and returns its status and print."""
    if command.startswith("make "):
        assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text()
        return 0, ""  # CI runs them
    python, *arguments = shlex.split(command)
    assert python == "python", command
    if arguments[0] != "-m":
        runpy.run_path(arguments[0], run_name="__main__")
        return 0, capsys.readouterr().out
    if arguments[1] not in MAINS:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = forks.run(arguments, os.getcwd(), environment)
        return done.returncode, done.stdout
    try:
        status = MAINS[arguments[1]](arguments[1:])
    except SystemExit as end:
        status = end.code
    return status, capsys.readouterr().out


def expected_status(command, output):
    if "-m pytest" in command:
        return int("E  " in output)
    return EXIT_STATUS["disagree"] if re.search("^(✗ )?disagree: ", output, re.MULTILINE) else 0


def notebook(code):
    """Returns the text of a notebook of one cell."""
    cell = {"cell_type": "code", "execution_count": 1, "source": code, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4})


def write_file(snippet, folder):
    """Writes a snippet that a page calls a file of some name, and returns whether it does."""
    name = FILE_NAME.search(snippet.before)
    if name:
        text = notebook(snippet.text) if name[1].endswith(".ipynb") else snippet.text
        (folder / name[1]).write_text(text)
    return bool(name)


def prepare(folder):
    """Writes the files that the pages take for granted."""
    (folder / "cases").symlink_to(ROOT / "cases")
    for page in PAGES:
        for snippet in snippets(page):
            write_file(snippet, folder)
    rng = np.random.default_rng(0)
    params = {"w1": rng.normal(size=(4, 2)), "b1": rng.normal(size=4)}
    params |= {"w2": rng.normal(size=(1, 4)), "b2": rng.normal(size=1)}
    np.savez(folder / "weights.npz", **{k: v.astype(np.float32) for k, v in params.items()})
    np.savetxt(folder / "samples.csv", rng.random((20, 2)), fmt="%.6f", delimiter=",")
    run.main(["", "--samples=1", "--dumps=npz", f"--out={folder}/printed"])
    with np.load(folder / "printed" / "torch_autograd.npz") as arrays:
        printed = [f"{name}\n{torch.tensor(array[0])}\n" for name, array in arrays.items()]
    (folder / "printed.txt").write_text("".join(printed))


@pytest.mark.isa
@pytest.mark.parametrize("page", PAGES)
def test_every_snippet(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.syspath_prepend(tmp_path)
    prepare(tmp_path)
    params = init_params(np.random.default_rng(0), (2, 4, 1))
    x, y = np.ones((3, 2), np.float32), np.ones((3, 1), np.float32)
    (w1, b1), (w2, b2) = params
    names = {"w1": w1, "b1": b1, "w2": w2, "b2": b2, "x": x, "y": y}
    capsys.readouterr()
    for snippet in snippets(page):
        where = f"{page}, line {snippet.line}"
        if write_file(snippet, tmp_path):
            continue
        if snippet.kind == "python":
            exec(compile(snippet.text, where, "exec"), names)
        elif snippet.kind == "console":
            for command, output in commands(snippet.text):
                status, printed = run_command(command, capsys)
                assert status == expected_status(command, output), f"{where}: {command}\n{printed}"
                assert contains(printed, output or "...\n"), f"{where}: {command}\n{printed}"
        elif snippet.text.startswith("✓ agree"):
            run.main([""])
            assert contains(capsys.readouterr().out, snippet.text), where
        elif snippet.text.startswith("# gradients"):
            assert contains(Path("out/jax_autograd.dat").read_text(), snippet.text + "...\n"), where


def test_what_a_print_contains():
    assert contains("a 1\nb 2\nc 3\n", "a 5\n...\nc 4\n")
    assert contains("a 1\nb 2\nc 3\n", "...\nb 7\n...\n")
    assert not contains("a 1\nb 2\nc 3\n", "a 1\n...\nd 3\n")
    assert not contains("a 1\nb 2\nc 3\n", "b 2\nc 3\n")
    assert not contains("a 1\nb 2\nc 3\n", "a 1\nb 2\n")
    assert contains("uses 4.7 % (loss, sample 29)\n", "uses 3.9 % (w3[9,0], sample\n3)\n")
    assert not contains("uses 4.7 % (loss, sample 29)\n", "uses 3.9 % (w3[9,0], layer 29)\n")
    assert not contains("loss 1  1.2e-07\n", "yhat 1  1.2e-07\n")
    assert contains("numpy 2.5.2, torch 2.11.0, absl\n", "numpy 2.4.6, torch 2.13.0+cpu, absl\n")
    assert not contains("numpy 2.5.2, torch 2.11.0\n", "torch 2.11.0, numpy 2.5.2\n")
