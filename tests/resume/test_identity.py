"""A run goes on from a state of the same run only."""

import os
import sys

import numpy as np
import pytest

from compare.errors import UsageError
from compare.resume import identity
from compare.resume.state import read_state, write_state
from tests.support.unfinished import compare, state_of


@pytest.mark.parametrize(
    ("flags", "difference"),
    {
        "samples": (("--samples=9001",), "samples: 9000 then, 9001 now"),
        "seed": (("--seed=1",), "seed: 0 then, 1 now"),
        "sizes": (("--layer_sizes=2,4,1",), "layer_sizes: 2,3,1 then, 2,4,1 now"),
        "dumps": (("--dumps=none",), "dumps: npz then, none now"),
    }.values(),
)
def test_other_flags_are_refused(tmp_path, stop, flags, difference):
    stop(tmp_path)
    with pytest.raises(UsageError, match=rf"unfinished run .*\({difference}\); .*--restart"):
        compare(tmp_path, *flags)
    assert state_of(tmp_path).exists()
    assert compare(tmp_path) == 0


def test_other_versions_are_refused(tmp_path, stop, monkeypatch):
    stop(tmp_path)
    usual = identity.describe_environment()
    other = {**usual, "versions": {**usual["versions"], "torch": "9.9"}}
    monkeypatch.setattr(identity, "describe_environment", lambda: other)
    with pytest.raises(UsageError, match=r"torch: 2\.\S+ then, 9\.9 now"):
        compare(tmp_path)


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "ATEN_CPU_CAPABILITY", "XLA_FLAGS"])
def test_other_kernels_or_threads_are_refused(tmp_path, stop, monkeypatch, name):
    """They change the last bits of a product, and so of the report."""
    monkeypatch.delenv(name, raising=False)
    stop(tmp_path)
    with monkeypatch.context() as changed:
        changed.setenv(name, "other")
        with pytest.raises(UsageError, match=rf"\({name}: not set then, other now\)"):
            compare(tmp_path)
    assert compare(tmp_path) == 0


def test_other_cores_are_refused(tmp_path, stop, monkeypatch):
    stop(tmp_path)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(999)), raising=False)
    with pytest.raises(UsageError, match=r"\(cores: \d+ then, 999 now\)"):
        compare(tmp_path)


def test_a_state_with_other_evidence_is_refused(tmp_path, stop):
    """As one of before evidence had names."""
    stop(tmp_path)
    path = state_of(tmp_path)
    state = read_state(path)
    del state.identity["evidence"]
    write_state(path, state._replace(found={"Found": {"pairs": []}}))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"\(evidence: not set then, pairs,.* now\); .*--restart"):
        compare(tmp_path)
    assert path.read_bytes() == before


def test_another_version_of_a_file_is_refused(tmp_path, stop):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((9000, 2), np.float32))
    flags = (f"--data={tmp_path}/x.npy", "--seed=0")
    stop(tmp_path / "out", *flags)
    os.utime(tmp_path / "x.npy", ns=(1, 1))
    with pytest.raises(UsageError, match=r"the file .*x\.npy: .* then, .*changed at 1 ns now"):
        compare(tmp_path / "out", *flags)


CANDIDATE = """
def mine(params, x, y):
    (w1, b1), (w2, b2) = params
    if len(x) < {smallest}:
        raise ValueError
    like = [(w1, b1), (w2, b2)]
    return [(w + 0 * x[:, :1, None], b + 0 * x[:, :1]) for w, b in like]
"""


@pytest.mark.parametrize("reference", ["mine.py:mine", "mine_module:mine"])
def test_a_candidate_that_was_changed_is_refused(tmp_path, save_always, monkeypatch, reference):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / reference.replace(":mine", "").replace("mine_module", "mine_module.py")
    path.write_text(CANDIDATE.format(smallest=2048))
    flags = (f"--candidate={reference}", "--candidate_batched")
    with pytest.raises(UsageError, match="ValueError"):
        compare(tmp_path / "out", *flags)
    assert [p.name for p in (tmp_path / "out").iterdir()] == [".unfinished"]
    path.write_text(CANDIDATE.format(smallest=1))
    sys.modules.pop("mine_module", None)
    with pytest.raises(UsageError, match=r"the file .*\.py: .* then, .* now"):
        compare(tmp_path / "out", *flags)
    assert compare(tmp_path / "out", *flags, "--restart") == 2
