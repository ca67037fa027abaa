"""Every sentence and table that speaks of a network tells its output, loss and penalty."""

import re

import numpy as np
import pytest

from compare.catalogue import ENDS, words_of_end
from compare.evidence.certificate.losses import LOSSES
from compare.formats.read.dump import read_dump
from compare.run import main

WRONG = """
import numpy as np
def mine(params, x, y):
    return [(w + 1, b + 1) for w, b in params]
"""


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (("linear", "squared", 0.0), ""),
        (("linear", "squared", 0.01), ", L2 0.01"),
        (("softmax", "cross_entropy", 0.01), ", softmax, cross-entropy, L2 0.01"),
        (("linear", "cross_entropy", 0.0), ", softmax, cross-entropy"),
        (("tanh", "squared", 0.0), ", tanh"),
    ],
)
def test_words_of_an_end(config, said):
    assert words_of_end(*config) == said


@pytest.mark.parametrize("end", ENDS, ids="-".join)
def test_no_slope_reads_as_a_list(end):
    """It stands in 'delta3[0] is 1 where ... is 2' and in 'as by a missing factor 2 of ...'."""
    one = LOSSES[end]
    assert "  " not in one.slope_formula + one.formula
    assert (end[0] in one.slope_formula) == (end[0] != "linear")


def test_a_run_tells_its_end(tmp_path, capsys):
    (tmp_path / "code.py").write_text(WRONG)
    flags = [
        "--layer_sizes=2,3,3",
        "--loss=cross_entropy",
        "--l2=0.01",
        "--samples=2",
        "--dumps=text",
    ]
    flags += ["--implementations=jax_manual", f"--candidate={tmp_path / 'code.py'}:mine"]
    assert main(["compare.run", *flags, "--trace=0", f"--out={tmp_path / 'out'}"]) == 2
    network = "2-3-3 sigmoid, softmax, cross-entropy, L2 0.01"
    printed = capsys.readouterr().out
    assert f"compared            {network}, 2 samples" in printed
    steps = printed[printed.index("Sample 0, forward and backward") :]
    z, yhat = (
        np.array(re.search(rf"^{name} .*\n *\[(.*)\]", steps, re.M)[1].split(), float)
        for name in ("z2", "yhat")
    )
    np.testing.assert_allclose(yhat, np.exp(z) / np.exp(z).sum(), rtol=1e-5)
    assert "2 (yhat - y)" not in printed
    dump = next((tmp_path / "out").glob("*.dat")).read_text()
    assert dump.startswith(f"# gradients of {network}, 2 samples, float32, in_out\n")
    read_dump("dump", dump)
