"""The printed command that computes a failing sample again: run as it stands, to the same bits."""

import dataclasses
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare import run
from compare.catalogue import ENDS, IMPLEMENTATIONS, LAYOUTS
from compare.errors import UsageError
from compare.options.command_line import config_from_argv
from compare.options.config import OPTIONS, Config
from compare.options.reproduce import reproducing_command, whole_command
from compare.problem.problem import make_problem
from jaxmlp import init_params
from tests.support.report_schemas import OF_NETWORKS

SMALL = ("--layer_sizes=2,3,1", "--dumps=none", "--witness=0")
ALL = "--implementations=jax_grad,jax_manual,torch_autograd,numpy_manual"
# Wrong from a number of samples on: those whose x begins like that one.
WRONG = """
import numpy as np

HERE = {here!r}

def mine(params, x, y):
    params = [(w.T if {out_in} else w, b) for w, b in params]
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    delta2 = 2 * (h @ w2 + b2 - y)
    delta1 = w2 @ delta2 * h * (1 - h)
    dw1 = np.outer(x, delta1)
    if HERE is None or abs(x[0] - HERE) < 1e-7:
        dw1[1, np.argmin(np.abs(delta1))] *= 1.5
    grads = [(dw1, delta1), (np.outer(h, delta2), delta2)]
    return [(w.T if {out_in} else w, b) for w, b in grads]
"""


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """A run of 90 samples has two."""
    monkeypatch.setattr("compare.problem.blocks._LARGEST_BLOCK", 64)


def compare(out, *flags):
    """Runs in this process; returns the exit status and the report."""
    status = run.main(["compare.run", f"--out={out}", *SMALL, *flags])
    return status, report(out)


def report(out):
    found = json.loads((out / "report.json").read_text())
    OF_NETWORKS.validate(found)
    return found


def write_candidate(path, sample=None, samples=90, out_in=False):
    """Writes a backward that is wrong in one sample of those drawn from seed 0, or in all."""
    here = None
    if sample is not None:
        problem = config_from_argv(["compare.run", *SMALL, f"--samples={samples}"])
        here = float(make_problem(problem).batch(sample, sample + 1).x[0, 0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(WRONG.format(here=here, out_in=out_in))
    return f"--candidate={path}:mine"


def printed_command(capsys):
    """The one line after the sentence that announces it."""
    lines = capsys.readouterr().out.splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith("To compute that sample again"))
    words = shlex.split(lines[at + 1])
    assert words[:3] == ["python", "-m", "compare.run"]
    return words[2:]


def run_again(capsys, failing):
    """Runs the printed command; its report has to show the entry that failed, to the last bit."""
    words = printed_command(capsys)
    assert ["python", "-m", *words] == shlex.split(failing["reproduce"])
    status = run.main(words)
    again = config_from_argv(words)
    found = report(Path(again.out))
    (entry,) = failing["values"]
    assert entry["sample"] == again.only_sample
    assert found["values"][0] == entry
    assert (found["verdict"], found["reproduce"]) == (failing["verdict"], None)
    printed = capsys.readouterr().out
    said = " ".join(printed.split())  # lines break where the names of files let them
    assert f"number {entry['sample']} of {found['config']['samples']:,}" in said
    for value in entry["values"].values():
        shown = {word for word in printed.split() if same_hex(word, value["hex"])}
        assert shown, f"{value} is not on the screen"
    return status, found


def same_hex(word, expected):
    try:
        return word == expected or ("0x" in word and float.fromhex(word).hex() == expected)
    except ValueError:
        return False


# samples, the failing one, dtype
PLACES = {
    "first_block": (90, 3, "float32"),
    "last_of_a_block": (90, 63, "float64"),
    "later_block_cut_short": (90, 80, "float32"),
    "later_block_in_float64": (90, 80, "float64"),
    "last_of_all": (65, 64, "float32"),
    "one_block_cut_short": (5, 2, "float64"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_failing_sample_is_computed_again_to_the_same_bits(tmp_path, capsys, place):
    samples, sample, dtype = PLACES[place]
    mine = write_candidate(tmp_path / "mine.py", sample)
    status, failing = compare(
        tmp_path / "out", ALL, mine, f"--samples={samples}", f"--dtype={dtype}"
    )
    assert status == 2
    assert failing["implementations"][-1]["certificate"]["failed"] == 1
    (entry,) = failing["values"]
    assert (entry["sample"], entry["quantity"], entry["index"][0]) == (sample, "w1", 1)
    assert len(entry["values"]) == 5
    assert run_again(capsys, failing)[0] == 2


def test_the_bits_are_those_of_the_block_and_not_of_the_sample_alone(tmp_path, capsys):
    """All gradients of the sample, not only the entry that failed."""
    mine = write_candidate(tmp_path / "mine.py", 80)
    flags = (ALL, mine, "--samples=90", "--dumps=npz", "--witness=2")
    _, failing = compare(tmp_path / "out", *flags)
    _, again = run_again(capsys, failing)
    for values in again["values"]:
        for name, value in values["values"].items():
            stem = {"jax_grad": "jax_autograd", "jax_manual": "my_autograd"}.get(name, name)
            array = np.load(tmp_path / "out" / f"{stem}.npz")[values["quantity"]]
            assert float(array[(80, *values["index"])]).hex() == value["hex"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_entry_that_failed_is_named_in_the_layout(tmp_path, capsys, layout):
    mine = write_candidate(tmp_path / "mine.py", out_in=layout == "out_in")
    status, failing = compare(tmp_path / "out", mine, "--samples=3", f"--layout={layout}")
    assert status == 2
    index = failing["values"][0]["index"]
    assert index[0 if layout == "in_out" else 1] == 1
    assert f"dL/dw1[{index[0]},{index[1]}] is " in failing["reason"]
    mistaken, right = (failing["values"][0]["values"][n]["value"] for n in ("mine", "jax_grad"))
    assert mistaken == pytest.approx(1.5 * right)
    assert run_again(capsys, failing)[0] == 2


# More of them are in the texts of the configs below.
NAMES = ('it\'s a "quoted" one', "$HOME;`x`&*?", "--params=ünï", "a,b=c:d")


@pytest.mark.parametrize("name", NAMES)
def test_paths_of_any_name(tmp_path, capsys, name):
    folder = tmp_path / name
    mine = write_candidate(folder / "my file.py")
    params = init_params(np.random.default_rng(3), (2, 3, 1))
    np.savez(folder / "p.npz", w1=params[0].w, b1=params[0].b, w2=params[1].w, b2=params[1].b)
    np.savez(folder / "x.npz", x=np.random.default_rng(4).random((7, 2)).astype(np.float32))
    flags = (f"--params={folder}/p.npz", f"--data={folder}/x.npz", mine)
    out = folder / "out"
    assert run.main(["compare.run", f"--out={out}", *flags]) == 2
    failing = report(out)
    assert run_again(capsys, failing)[0] == 2
    assert (out / "sample_0" / "report.json").exists()


def write_data(path, samples, spoilt):
    x = np.random.default_rng(0).random((samples, 2)).astype(np.float32)
    x[spoilt, 1] = np.nan
    np.savez(path, x=x)
    return f"--data={path}"


FLAGS = {
    "plain": (),
    "some_of_the_samples": ("--samples=70", "--activation=gelu", "--trace=5"),
    "drawn": ("--samples=89", "--init=normal", "--seed=7"),
    "text_dumps": ("--dtype=float64", "--layout=out_in", "--dumps=text", "--split_dumps"),
    "npz_dumps": ("--dumps=npz", "--trace=50"),
    "implementations": (
        "--implementations=numpy_manual,torch_autograd",
        "--fail_on=warning",
        "--witness=2",
    ),
    "save_baseline": ("--save_baseline={tmp}/b.npz",),
    "baseline": ("--baseline={tmp}/before.npz",),
}


@pytest.mark.parametrize("case", FLAGS)
def test_an_undecided_sample_is_computed_again_under_any_flags(tmp_path, capsys, case):
    data = write_data(tmp_path / "x.npz", 90, 50)
    flags = [flag.format(tmp=tmp_path) for flag in FLAGS[case]]
    if case == "baseline":
        compare(tmp_path / "out", data, f"--save_baseline={tmp_path}/before.npz")
        capsys.readouterr()
    status, failing = compare(tmp_path / "out", data, *flags)
    kept = tmp_path / "b.npz"
    bytes_kept = kept.read_bytes() if kept.exists() else None
    assert (status, failing["verdict"]) == (3, "undecided")
    status, found = run_again(capsys, failing)
    assert status == 3
    assert found["config"]["samples"] == failing["config"]["samples"]
    assert (kept.read_bytes() if kept.exists() else None) == bytes_kept
    assert [p.name for p in (tmp_path / "out" / "sample_50").iterdir()] == ["report.json"]


@pytest.mark.parametrize("sample", [3, 80])
def test_a_nan_in_data_in_every_implementation(tmp_path, capsys, sample):
    data = write_data(tmp_path / "x.npz", 90, sample)
    status, failing = compare(tmp_path / "out", data, ALL)
    assert (status, len(failing["values"][0]["values"])) == (3, 4)
    assert {value["hex"] for value in failing["values"][0]["values"].values()} == {"nan"}
    assert run_again(capsys, failing)[0] == 3


def test_where_nothing_failed_there_is_no_command(tmp_path, capsys):
    status, found = compare(tmp_path / "out", "--samples=3")
    assert (status, found["reproduce"], found["values"]) == (0, None, [])
    assert "To compute" not in capsys.readouterr().out


@pytest.mark.parametrize("sample", [0, 63, 64, 89])
def test_one_sample_alone_of_a_right_run(tmp_path, capsys, sample):
    status, found = compare(tmp_path / "one", ALL, "--samples=90", f"--only_sample={sample}")
    assert status == 0
    assert (found["config"]["only_sample"], found["config"]["samples"]) == (sample, 90)
    assert {values["sample"] for values in found["values"]} == {sample}
    assert [values["quantity"] for values in found["values"]] == ["w1", "b1", "w2", "b2"]
    assert {one["certificate"]["certified"] for one in found["implementations"]} == {1}
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["report.json"]
    assert f"number {sample} of 90" in capsys.readouterr().out


def test_a_trace_of_the_only_sample(tmp_path, capsys):
    compare(tmp_path, "--samples=90", "--only_sample=80", "--trace=80")
    assert "Sample 80, forward and backward" in capsys.readouterr().out


REFUSED = {
    "beyond": (["--only_sample=5"], "only_sample: expected the number of one of 5 samples"),
    "negative": (["--only_sample=-1"], "only_sample=-1.*integer of at least 0"),
    "no_number": (["--only_sample=x"], "only_sample=x.*integer of at least 0"),
    "beyond_data": (["--only_sample=3", "--data={tmp}/x.npz"], "one of 3 samples.*got 3"),
    "text_dumps": (["--only_sample=1", "--dumps=text"], "computes one sample.*drop --dumps=text"),
    "npz_dumps": (["--only_sample=1", "--dumps=npz"], "computes one sample.*drop --dumps=npz"),
    "save_baseline": (["--only_sample=1", "--save_baseline=b.npz"], "drop --only_sample"),
    "other_trace": (["--only_sample=1", "--trace=2"], "trace: --only_sample=1.*pass --trace=1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_only_sample_refuses_what_cannot_be(tmp_path, case):
    flags, message = REFUSED[case]
    write_data(tmp_path / "x.npz", 3, 0)
    flags = [flag.format(tmp=tmp_path) for flag in flags]
    argv = ["compare.run", f"--out={tmp_path}/out", SMALL[0], *flags]
    argv += [] if "--data" in flags[-1] else ["--samples=5"]
    with pytest.raises(UsageError, match=message) as caught:
        run.main(argv)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@st.composite
def configs(draw):
    """Configs of a run as flags make them, its layer sizes and samples known."""
    params, data = draw(st.none() | TEXT), draw(st.none() | TEXT)
    candidate = tuple(draw(st.lists(TEXT, max_size=3)))
    gradients = tuple(draw(st.lists(TEXT, max_size=2)))
    least = max(0, 2 - len(candidate) - len(gradients))
    names = st.lists(st.sampled_from(IMPLEMENTATIONS), min_size=least, unique=True)
    samples = draw(st.sampled_from([1, 2, 99, 100, 101, 10**6]))
    choices = {name: draw(st.sampled_from(o.choices)) for name, o in OPTIONS.items() if o.choices}
    if params is not None:
        choices["init"] = None
    updates = choices["candidate_returns"] == "update"
    if draw(st.booleans()):
        choices["reduction"] = None
    reducing = choices["reduction"] is not None
    choices["output"], choices["loss"] = draw(st.sampled_from(ENDS))
    return Config(
        **choices,
        device=draw(st.sampled_from(["cpu", "gpu", "cuda:0", "cpu:1", "all"])),
        deterministic=draw(st.booleans()),
        repeats=draw(st.integers(0, 3)),
        layer_sizes=tuple(draw(st.lists(st.integers(1, 2**31 - 1), min_size=2, max_size=5))),
        samples=samples,
        seed=None if params is not None and data is not None else draw(st.integers(0, 2**70)),
        implementations=tuple(draw(names)),
        candidate=candidate,
        cast=draw(st.booleans()),
        candidate_batched=not reducing and draw(st.booleans()),
        learning_rate=draw(st.floats(1e-30, 1e30)) if updates else None,
        batch_size=draw(st.integers(1, samples)) if reducing and not gradients else None,
        gradients=gradients,
        baseline=draw(st.none() | TEXT),
        save_baseline=draw(st.sampled_from([None, "a folder/kept.npz"])),
        save_params=draw(st.sampled_from([None, "w.npz", "a folder/w.pt"])),
        params=params,
        data=data,
        out=draw(TEXT),
        split_dumps=draw(st.booleans()),
        trace=draw(st.none() | st.integers(0, samples - 1)),
        witness=draw(st.integers(0, 50)),
    )


@settings(deadline=None, max_examples=50)
@given(configs(), st.data())
def test_the_command_means_the_config_it_was_made_of(given_config, data):
    sample = data.draw(st.integers(0, given_config.samples - 1))
    words = shlex.split(reproducing_command(given_config, sample))
    again = config_from_argv(words[2:])
    expected = dataclasses.replace(
        given_config,
        only_sample=sample,
        out=f"{given_config.out}/sample_{sample}",
        trace=None,
        save_baseline=None,
        save_params=None,
        dumps="auto",
        split_dumps=False,
    )
    if given_config.params is not None:  # the file has them
        expected = dataclasses.replace(expected, layer_sizes=None)
    assert again == expected


@settings(deadline=None, max_examples=50)
@given(configs())
def test_the_whole_command_means_the_config_but_saves_nothing(given_config):
    again = config_from_argv(shlex.split(whole_command(given_config))[2:])
    expected = dataclasses.replace(given_config, save_baseline=None, save_params=None)
    if given_config.params is not None:  # the file has them
        expected = dataclasses.replace(expected, layer_sizes=None)
    assert again == expected


def test_arrays_that_no_flag_brings_have_no_command():
    assert reproducing_command(Config(init=None, seed=None), 3) is None
