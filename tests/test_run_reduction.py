"""`--reduction` on the command line: batches of a file, of a candidate, and what is refused."""

import shlex

import numpy as np
import pytest

from compare import UsageError, run
from compare.resume import processes
from tests.support.runs import SMALL, compare, report

MEAN = """
import numpy as np
def f(params, x, y):
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    d2 = 2 * (h @ w2 + b2 - y) / len(x)
    d1 = (d2 @ w2.T) * h * (1 - h)
    return [(x.T @ d1, d1.sum(axis=0)), (h.T @ d2, d2.sum(axis=0))]
"""
OURS = "--implementations=jax_manual,numpy_manual"


@pytest.fixture
def dumped(tmp_path):
    """The gradients of four samples, in a file of the run that made them."""
    assert compare(tmp_path / "ours", *SMALL, OURS, "--dumps=npz", "--witness=0") == 0
    return tmp_path / "ours" / "numpy_manual.npz"


def mean_of(dumped, path):
    with np.load(dumped) as arrays:
        means = {name: a.mean(axis=0) for name, a in arrays.items() if name[0] in "wb"}
    np.savez(path, **means)
    return path


def test_a_file_of_one_batch_is_held_against_float64(tmp_path, dumped, capsys):
    path = mean_of(dumped, tmp_path / "mean.npz")
    flags = (OURS, "--witness=0", "--reduction=mean", f"--gradients={path}")
    assert compare(tmp_path / "out", *SMALL, *flags) == 0
    found = report(tmp_path / "out")["batches"]["implementations"]
    assert [(one["name"], one["held_against"]) for one in found] == [
        ("jax_manual", "own samples"),
        ("numpy_manual", "own samples"),
        ("mean", "float64"),
    ]
    assert "mean is known for 1 batch of 4 samples alone" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_print_of_one_batch_is_known_to_its_digits(tmp_path, dumped):
    with np.load(mean_of(dumped, tmp_path / "mean.npz")) as arrays:
        rounded = {name: np.array2string(array, precision=4) for name, array in arrays.items()}
    lines = [f"d{name} =\n{text}\n" for name, text in rounded.items()]
    (tmp_path / "printed.txt").write_text("".join(lines))
    flags = (OURS, "--witness=0", "--reduction=mean", f"--gradients={tmp_path}/printed.txt")
    assert compare(tmp_path / "out", *SMALL, *flags) == 0
    ours, _, printed = report(tmp_path / "out")["batches"]["implementations"]
    hidden = "detectable_ulp_of_largest"
    assert printed[hidden]["b2"] > ours[hidden]["b2"]


def test_a_candidate_is_called_for_samples_and_for_batches(tmp_path):
    (tmp_path / "mine.py").write_text(MEAN)
    flags = ("--reduction=mean", "--batch_size=2", f"--candidate={tmp_path}/mine.py:f")
    assert compare(tmp_path / "out", *SMALL, OURS, "--witness=0", *flags) == 0
    content = report(tmp_path / "out")
    assert content["implementations"][2]["certificate"]["certified"] == 4
    mine = content["batches"]["implementations"][2]
    assert (mine["name"], mine["batches"], mine["largest"]) == ("f", 2, 2)
    assert "--reduction=mean --batch_size=2" in content["command"]


def test_of_one_sample_only_its_batch_is_looked_at(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(MEAN)
    flags = ("--reduction=mean", "--batch_size=2", f"--candidate={tmp_path}/mine.py:f")
    assert compare(tmp_path / "out", *SMALL, OURS, "--only_sample=3", *flags) == 0
    found = report(tmp_path / "out")
    assert [one["certificate"]["certified"] for one in found["implementations"]] == [1, 1, 1]
    assert [one["batches"] for one in found["batches"]["implementations"]] == [1, 1, 1]
    pairs = found["batches"]["pairs"]
    worst = [one["max_abs_at"] for pair in pairs for one in pair["parameters"]]
    assert {one["sample"] for one in worst if one is not None} == {2}
    assert "over one batch of 2 samples" in capsys.readouterr().out


# In the last batch, of 3 samples where others have 4, something goes wrong: said -> how MEAN ends.
LAST_BATCHES = {
    "the gradient of f is the sum over the batch divided by 4, however many samples it has; first "
    "seen in the batch of samples 8 to 10: dL/d": ("len(x)", "(4 if len(x) > 1 else 1)"),
    "the gradient of a batch of f is not the mean over its samples, and nothing that was tried "
    "explains it; first seen in the batch of samples 8 to 10: dL/dw1": (
        "x.T @ d1",
        "(x if len(x) != 3 else x[::-1]).T @ d1",
    ),
    "the gradient of a batch of f is not the mean over its samples, and nothing that was tried "
    "explains it; first seen in the batch of samples 8 to 10: dL/d": (
        "len(x)",
        "(6 if len(x) == 3 else len(x) if len(x) > 1 else None)",
    ),
}


@pytest.mark.parametrize("said", LAST_BATCHES, ids=["divided", "unexplained", "batches alone"])
def test_a_batch_that_fails_is_computed_again_by_the_printed_command(tmp_path, capsys, said):
    (tmp_path / "mine.py").write_text(MEAN.replace(*LAST_BATCHES[said]))
    flags = ("--reduction=mean", "--batch_size=4", f"--candidate={tmp_path}/mine.py:f")
    small = ("--layer_sizes=2,3,1", "--samples=11", "--dumps=none", "--witness=0", OURS)
    assert compare(tmp_path / "out", *small, *flags) == 2
    failed = report(tmp_path / "out")
    assert failed["reason"].startswith(said), failed["reason"]
    *_, title, command = capsys.readouterr().out.partition("\nWritten:")[0].strip().split("\n")
    assert title == "To compute that batch again, from the same bits:"
    assert command == failed["reproduce"]
    words = shlex.split(command)
    assert "--only_sample=8" in words
    assert run.main(words[2:]) == 2
    again = report(tmp_path / "out" / "sample_8")
    assert again["reason"] == failed["reason"]
    mine = again["batches"]["implementations"][-1]
    assert (mine["batches"], mine["failed"], mine["first_failure"]["first_sample"]) == (1, 1, 8)
    (before,) = (one for one in failed["batches"]["implementations"] if one["failed"])
    assert mine["first_failure"] == before["first_failure"]


def test_a_file_of_one_batch_that_fails_is_read_again(tmp_path, dumped, capsys):
    path = mean_of(dumped, tmp_path / "mean.npz")
    flags = (OURS, "--witness=0", "--reduction=sum", f"--gradients={path}")
    assert compare(tmp_path / "out", *SMALL, *flags) == 2
    failed = report(tmp_path / "out")
    assert run.main(shlex.split(failed["reproduce"])[2:]) == 2
    assert report(tmp_path / "out" / "sample_0")["reason"] == failed["reason"]


def test_a_file_of_single_samples_is_refused_and_nothing_is_written(tmp_path, dumped):
    flags = (OURS, "--reduction=sum", f"--gradients={dumped}")
    with pytest.raises(UsageError) as raised:
        compare(tmp_path / "out", *SMALL, *flags)
    assert str(raised.value) == (
        f"--gradients {dumped}: expected the gradient of one batch of all 4 samples with "
        "--reduction=sum, got one for each sample; bring their sum, or drop --reduction"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--batch_size=2",), "batch_size: a batch of 2 needs --reduction=mean or --reduction=sum"),
        (("--reduction=sum", "--batch_size=0"), "--batch_size=0: expected an integer from 1"),
        (("--reduction=sum", "--batch_size=5"), "batch_size: expected at most the 4 samples"),
        (("--reduction=most",), "--reduction=most: expected one of mean, sum"),
        (("--reduction=sum", "--candidate_batched"), "candidate_batched: with --reduction=sum a"),
        (
            ("--reduction=sum", "--batch_size=2", "--gradients=x.npz"),
            "batch_size: with --reduction=sum, --gradients holds the gradient of one batch",
        ),
    ],
)
def test_what_does_not_go_together_is_told_and_nothing_is_written(tmp_path, flags, said):
    with pytest.raises(UsageError) as raised:
        compare(tmp_path / "out", *SMALL, OURS, *flags)
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_a_batch_larger_than_what_is_computed_at_once_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"^batch_size: expected at most 2,048 samples, which are"):
        compare(tmp_path / "out", "--samples=5000", "--reduction=sum", "--batch_size=3000")


def test_a_function_of_several_processes_may_take_batches_alone(tmp_path, monkeypatch):
    """It is called when the processes have met, since it may use JAX."""
    (tmp_path / "mine.py").write_text(
        MEAN.replace("    (w1", "    assert len(x) > 1 and MET\n    (w1", 1)
        .replace(
            "import numpy as np", "import numpy as np\nfrom compare.resume import processes", 1
        )
        .replace("MET", "processes.MET")
    )
    monkeypatch.setattr(processes, "MET", False, raising=False)
    monkeypatch.setattr(processes, "are_several", lambda config: True)

    def join(config):
        monkeypatch.setattr(processes, "MET", True)
        return processes.Share()

    monkeypatch.setattr(processes, "join", join)
    flags = ("--reduction=mean", "--batch_size=2", f"--candidate={tmp_path}/mine.py:f")
    assert compare(tmp_path / "out", *SMALL, OURS, "--witness=0", *flags) == 0
    mine = report(tmp_path / "out")["batches"]["implementations"][-1]
    assert (mine["name"], mine["held_against"]) == ("f", "float64")
