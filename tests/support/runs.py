"""`python -m compare.run` in this process, or in one of its own."""

import json
import os
import subprocess
import sys

from compare import run
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
