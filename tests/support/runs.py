"""`python -m compare.run` in this process, or in one of its own."""

import json
import os

from compare import run
from tests.support import forks
from tests.support.paths import ROOT

SMALL = ("--layer_sizes=2,3,1", "--samples=4")
DUMPS = ("jax_autograd.dat", "my_autograd.dat", "torch_autograd.dat")


def compare(out, *flags):
    """Runs in this process and returns the exit status."""
    return run.main(["compare.run", f"--out={out}", *flags])


def shell(*words, cwd=ROOT, **environment):
    """Runs `python -m` with these words, as a rule in a fork that has imported what it needs."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return forks.run(["-m", *words], cwd, environment)


def report(out):
    return json.loads((out / "report.json").read_text())
