"""A run goes on from a state of the same run only."""

import os
import sys

import numpy as np
import pytest

from compare.errors import UsageError
from compare.resume import identity, sources
from compare.resume.state import read_state, write_state
from tests.support import unfinished
from tests.support.unfinished import compare, state_of


@pytest.fixture(autouse=True)
def _five_small_blocks(monkeypatch):
    monkeypatch.setattr("compare.problem.blocks._LARGEST_BLOCK", 64)
    monkeypatch.setattr(unfinished, "FLAGS", (*unfinished.FLAGS, "--samples=300"))


@pytest.mark.parametrize(
    ("flags", "difference"),
    {
        "samples": (("--samples=301",), "samples: 300 then, 301 now"),
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


def test_other_samples_are_refused_and_a_new_date_is_not(tmp_path, stop):
    """Size and time are the same where the samples are not, and the other way round."""
    path = tmp_path / "x.npy"
    x = np.random.default_rng(0).random((300, 2), np.float32)
    np.save(path, x)
    written = path.stat()
    flags = (f"--data={path}", "--seed=0")
    stop(tmp_path / "out", *flags)
    np.save(path, x[::-1])
    os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
    with pytest.raises(UsageError, match=r"the file .*x\.npy: sha256 \w+ then, sha256 \w+ now\)"):
        compare(tmp_path / "out", *flags)
    np.save(path, x)
    os.utime(path, ns=(1, 1))
    assert compare(tmp_path / "out", *flags) == 0


def test_a_pipe_is_not_read_again(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert sources.digest_of(tmp_path / "pipe").startswith("no regular file, changed at ")


def test_another_source_of_this_project_is_refused(tmp_path, stop, monkeypatch):
    """Of a process that has loaded another; one takes digests of what it has loaded once."""
    for root, text in (("root", "a = 1"), ("other", "a = 2"), ("same", "a = 1")):
        for package in ("compare", "jaxmlp", "torch_ref"):
            (tmp_path / root / package).mkdir(parents=True)
        (tmp_path / root / "jaxmlp" / "backprop.py").write_text(text)
    monkeypatch.setattr(sources, "_ROOT", tmp_path / "root")
    stop(tmp_path / "out")
    monkeypatch.setattr(sources, "_ROOT", tmp_path / "other")
    with pytest.raises(UsageError, match=r"\(the source of jaxmlp: sha256 \w+ then, sha256 \w+ "):
        compare(tmp_path / "out")
    monkeypatch.setattr(sources, "_ROOT", tmp_path / "same")
    assert compare(tmp_path / "out") == 0


# A right one: of a wrong one all is tried that could explain it.
BACKWARD = """
import importlib, os, tempfile
import numpy as np
{first}
def mine(params, x, y):
    {later}
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    delta2 = {factor} * 2 * (h @ w2 + b2 - y)
    delta1 = (delta2 @ w2.T) * h * (1 - h)
    return [(x[:, :, None] * delta1[:, None], delta1), (h[:, :, None] * delta2[:, None], delta2)]
"""


@pytest.mark.parametrize("reference", ["mine.py:mine", "mine_module:mine"])
def test_a_candidate_that_was_changed_is_refused(tmp_path, save_always, monkeypatch, reference):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / reference.replace(":mine", "").replace("mine_module", "mine_module.py")
    stops = "if len(x) < 64: raise ValueError"
    path.write_text(BACKWARD.format(first="", later=stops, factor="1"))
    flags = (f"--candidate={reference}", "--candidate_batched")
    with pytest.raises(UsageError, match="ValueError"):
        compare(tmp_path / "out", *flags)
    assert [p.name for p in (tmp_path / "out").iterdir()] == [".unfinished"]
    path.write_text(BACKWARD.format(first="", later="pass", factor="1"))
    sys.modules.pop("mine_module", None)
    with pytest.raises(UsageError, match=r"the file .*\.py: .* then, .* now"):
        compare(tmp_path / "out", *flags)
    assert compare(tmp_path / "out", *flags, "--restart") == 0


AT_SOME_TIME = {
    "first": ("import scale", "pass"),
    "later": ("", "import scale"),
    "later_by_name": ("", "scale = importlib.import_module('scale')"),
    "of_a_package": ("from parts import scale", "pass"),
}


@pytest.fixture
def importing(tmp_path, monkeypatch):
    """Stops a run whose candidate imports a module; returns that module's file and the run."""

    def run(stop, first, later="pass"):
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "mine.py").write_text(
            BACKWARD.format(first=first, later=later, factor="scale.FACTOR")
        )
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / "__init__.py").write_text("")
        for folder in (tmp_path, tmp_path / "parts"):
            (folder / "scale.py").write_text("FACTOR = 1")
        flags = ("--candidate=mine.py:mine", "--candidate_batched", "--dumps=none")
        stop(tmp_path / "out", *flags)

        def again():
            for name in ("scale", "parts", "parts.scale", "faster"):
                sys.modules.pop(name, None)
            return compare(tmp_path / "out", *flags)

        return tmp_path / ("parts" if "parts" in first else "") / "scale.py", again

    return run


@pytest.mark.parametrize("when", AT_SOME_TIME)
def test_what_a_candidate_imports_is_refused_when_it_was_changed(importing, stop, when):
    path, again = importing(stop, *AT_SOME_TIME[when])
    path.write_text("FACTOR = 2")
    with pytest.raises(UsageError, match=rf"\(the file {path}: sha256 \w+ then, sha256 \w+ now\)"):
        again()
    path.unlink()
    with pytest.raises(
        UsageError, match=r"cannot be imported|scale.py: sha256 \w+ then, not there"
    ):
        again()
    path.write_text("FACTOR = 1")
    assert again() == 0


@pytest.mark.parametrize(
    ("first", "later"),
    {
        "first": ("factor = np.load('factor.npy')", "pass"),
        "later": ("", "factor = np.load('factor.npy')"),
        "later_by_number": (
            "",
            "file = os.open(b'factor.npy', os.O_RDONLY); factor = len(os.read(file, 9)) / 9; "
            "os.close(file)",
        ),
    }.values(),
)
def test_what_a_candidate_opens_is_refused_when_it_was_changed(
    tmp_path, stop, monkeypatch, first, later
):
    monkeypatch.chdir(tmp_path)
    np.save("factor.npy", np.float32(1))
    (tmp_path / "mine.py").write_text(BACKWARD.format(first=first, later=later, factor="factor"))
    flags = ("--candidate=mine.py:mine", "--candidate_batched", "--dumps=none")
    stop(tmp_path / "out", *flags)
    np.save("factor.npy", np.float32(2))
    with pytest.raises(UsageError, match=r"\(the file .*factor\.npy: sha256 \w+ then, sha256 \w+ "):
        compare(tmp_path / "out", *flags)
    np.save("factor.npy", np.float32(1))
    assert compare(tmp_path / "out", *flags) == 0


def test_what_a_candidate_writes_or_opens_for_a_while_is_not_refused(tmp_path, stop, monkeypatch):
    """A log, say, and temporary files of its own; nor is what this project reads meanwhile."""
    first = "from pathlib import Path"
    later = (
        "file = open('log.txt', 'a'); file.write('.'); file.close(); "
        "Path('/proc/self/stat').read_text(); file, name = tempfile.mkstemp(); "
        "os.close(file); Path(name).read_text(); os.remove(name); factor = 1"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(BACKWARD.format(first=first, later=later, factor="factor"))
    flags = ("--candidate=mine.py:mine", "--candidate_batched")
    stop(tmp_path / "out", *flags)
    assert compare(tmp_path / "out", *flags) == 0


def test_another_version_of_an_installed_package_is_refused(importing, stop, tmp_path):
    (tmp_path / "scaling-1.0.dist-info").mkdir()
    metadata = tmp_path / "scaling-1.0.dist-info" / "METADATA"
    metadata.write_text("Name: scaling\nVersion: 1.0\n")
    _, again = importing(stop, "import scale")
    metadata.write_text("Name: scaling\nVersion: 1.1\n")
    with pytest.raises(UsageError, match=r"\(the package scaling: 1\.0 then, 1\.1 now\)"):
        again()


def test_what_a_candidate_did_not_import_then_is_refused(importing, stop, tmp_path):
    first = "import scale\ntry:\n    import faster as scale\nexcept ImportError:\n    pass"
    _, again = importing(stop, first)
    (tmp_path / "faster.py").write_text("FACTOR = 2")
    with pytest.raises(UsageError, match=r"faster\.py: not imported then, sha256 \w+ now\)"):
        again()


def test_what_is_installed_has_no_digest(importing, stop, tmp_path):
    """Its version stands for it; this project has digests of its own."""
    importing(stop, "import scale, sqlite3, ml_dtypes, compare.selftest.trial")
    state = read_state(state_of(tmp_path / "out"))
    assert sorted(state.imports) == [str(tmp_path / name) for name in ("mine.py", "scale.py")]
    assert [name for name in state.identity if "source" in name] == [
        f"the source of {package}" for package in ("compare", "jaxmlp", "torch_ref")
    ]
