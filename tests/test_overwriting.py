"""Nothing of the user's is overwritten: each is an error before anything is computed."""

import os
import shutil
import sys

import numpy as np
import pytest

from compare import compare_gradients, run
from compare.errors import UsageError
from compare.formats.ours import is_ours
from compare.graph import __main__ as graph
from compare.report import __main__ as report_command
from tests.support.paths import ROOT
from tests.support.runs import DUMPS, compare

SMALL = ("--layer_sizes=2,3,1", "--samples=4", "--quiet")
BACKWARD = "raise AssertionError('it was imported')\n"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A folder with what an earlier run has written."""
    folder = tmp_path_factory.mktemp("earlier")
    saved = (f"--save_baseline={folder}/b.npz", f"--save_params={folder}/w.npz")
    assert compare(folder, *SMALL, *saved) == 0
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch, earlier):
    """The folder that a user is in, with files of their own and some of an earlier run."""
    for name in ("b.npz", "w.npz", "my_autograd.dat"):
        shutil.copy(earlier / name, tmp_path / name)
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / DUMPS[1]).write_text("0.5 0.25\n")
    (tmp_path / "mine").mkdir()
    for name in ("report.json", "report.html", "heatmap_layer_1.svg"):
        (tmp_path / "mine" / name).write_text("mine\n")
    (tmp_path / "out").mkdir()
    shutil.copy(earlier / "my_autograd.dat", tmp_path / "out")
    (tmp_path / "backward.py").write_text(BACKWARD)
    (tmp_path / "module_of_theirs.py").write_text("def gradients(params, x, y): return params\n")
    (tmp_path / "my.flags").write_text("\n".join(SMALL))
    (tmp_path / "folder" / "report.json").mkdir(parents=True)
    os.link(tmp_path / "w.npz", tmp_path / "hard.npz")
    (tmp_path / "soft.npz").symlink_to("w.npz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "module_of_theirs", raising=False)
    monkeypatch.setattr("compare.pipeline.compare.examine_problem", never)
    return tmp_path


def never(*_, **__):
    raise AssertionError("something was computed")


def everything(folder):
    files = (path for path in sorted(folder.rglob("*")) if "__pycache__" not in path.parts)
    return {path: path.read_bytes() if path.is_file() else None for path in files}


THEIRS = "was not written by jaxmlp, and is not replaced; move it, or choose another"
REFUSED = {
    "a_dump_of_theirs": (["--out=theirs"], f"--out theirs: my_autograd.dat there {THEIRS} folder"),
    "a_report_of_theirs": (
        ["--out=mine", "--dumps=none"],
        f"--out mine: report.json there {THEIRS} folder",
    ),
    "a_figure_of_theirs": (["--plots=mine"], f"--plots mine: heatmap_layer_1.svg there {THEIRS}"),
    "gradients_that_are_read": (
        ["--gradients=out/my_autograd.dat"],
        "--out out: my_autograd.dat there is read by this run, as --gradients, and would be "
        "replaced; choose another folder",
    ),
    "the_folder_that_they_are_in": (
        ["--gradients=my_autograd.dat", "--out=."],
        r"--out \.: my_autograd.dat there is read by this run, as --gradients",
    ),
    "the_source_of_a_candidate": (
        ["--candidate=tests.support.backwards:right", "--save_baseline=backward.py"],
        f"--save_baseline backward.py: it {THEIRS} name",
    ),
    "the_module_of_a_candidate": (
        ["--candidate=module_of_theirs:gradients", "--save_baseline=module_of_theirs.py"],
        "it is read by this run, as --candidate, and would be replaced; choose another name",
    ),
    "the_flagfile": (
        ["--flagfile=my.flags", "--save_baseline=my.flags"],
        "--save_baseline my.flags: it is read by this run, as --flagfile, and would be replaced",
    ),
    "a_flagfile_by_another_path": (
        ["--flagfile=my.flags", "--save_baseline=mine/../my.flags"],
        "it is read by this run, as --flagfile",
    ),
    "the_weights": (["--params=w.npz", "--save_params=w.npz"], "it is read by .* as --params"),
    "a_hard_link_to_them": (["--params=w.npz", "--save_params=hard.npz"], "read by .* as --params"),
    "a_link_to_them": (["--params=w.npz", "--save_params=soft.npz"], "read by .* as --params"),
    "from_a_link_to_them": (["--params=soft.npz", "--save_params=w.npz"], "read by .* as --params"),
    "weights_over_a_baseline": (
        ["--baseline=b.npz", "--save_params=b.npz"],
        "it is read by this run, as --baseline",
    ),
    "both_on_one_path": (
        ["--save_params=n.npz", "--save_baseline=mine/../n.npz"],
        "--save_params n.npz: this run writes .*/n.npz too; choose another name",
    ),
    "weights_on_a_dump": (
        ["--out=new", "--dumps=npz", "--save_params=new/my_autograd.npz"],
        r"--save_params new/my_autograd\.npz: this run writes new/my_autograd\.npz too",
    ),
    "a_baseline_on_a_figure": (
        ["--plots=new", "--save_baseline=new/error_by_size.svg"],
        "--save_baseline new/error_by_size.svg: this run writes new/error_by_.* too; choose",
    ),
    "a_dump_of_a_device": (
        ["--device=all", "--dumps=npz", "--save_params=out/my_autograd@cuda0.npz"],
        r"my_autograd@cuda0\.npz: this run writes .* too",
    ),
    "a_file_that_is_a_folder_too": (
        ["--out=n.npz/out", "--save_params=n.npz"],
        "--save_params n.npz: it would be a file, and is a folder in --out n.npz/out",
    ),
    "figures_below_the_report": (
        ["--out=new", "--plots=new/report.json"],
        "--out new: report.json there would be a file, and is a folder in --plots",
    ),
    "weights_below_the_report": (
        ["--out=new", "--save_params=new/report.json/w.npz"],
        "--out new: report.json there would be a file, and is a folder in --save_params",
    ),
    "in_the_state": (
        ["--save_params=out/.unfinished/w.npz"],
        r"--save_params out/\.unfinished/w\.npz: \.unfinished is removed when a run ends",
    ),
    "in_the_state_of_another_run": (["--out=new/.unfinished/out"], "is removed when a run ends"),
    "figures_in_the_state": (["--plots=out/.unfinished"], "is removed when a run ends"),
    "a_folder_for_the_report": (["--out=folder"], "--out folder: report.json there is a folder"),
    "a_folder_for_a_file": (["--save_baseline=mine"], "--save_baseline mine: it is a folder"),
    "a_device": (["--save_baseline=/dev/null"], "it is no regular file"),
    "an_empty_name": (["--save_baseline="], "--save_baseline: expected a file, got an empty name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_run_that_would_replace_it_is_refused_first(here, case):
    flags, message = REFUSED[case]
    before = everything(here)
    with pytest.raises(UsageError, match=message):
        run.main(["compare.run", "--out=out", "--dumps=text", *SMALL, *flags])
    assert everything(here) == before


def test_an_input_in_the_state_of_the_run_is_refused(here):
    (here / "out" / ".unfinished").mkdir()
    shutil.copy("w.npz", "out/.unfinished/w.npz")
    before = everything(here)
    with pytest.raises(UsageError, match=r"--params out/.unfinished/w.npz: .unfinished is removed"):
        run.main(["", "--params=out/.unfinished/w.npz", SMALL[1], "--restart"])
    assert everything(here) == before


def test_what_an_earlier_run_wrote_is_replaced(tmp_path, earlier):
    shutil.copytree(earlier, tmp_path / "out")
    (tmp_path / "empty.npz").touch()
    saved = (f"--save_baseline={tmp_path}/out/b.npz", f"--save_params={tmp_path}/empty.npz")
    assert compare(tmp_path / "out", *SMALL, "--seed=1", *saved) == 0
    changed = ("report.json", "b.npz", *DUMPS)
    assert all((tmp_path / "out" / n).read_bytes() != (earlier / n).read_bytes() for n in changed)


def test_a_file_that_comes_while_it_runs_is_not_replaced(tmp_path):
    flags = [f"--candidate={tmp_path}/mine.py:gradients"]
    (tmp_path / "mine.py").write_text(
        "import pathlib\n"
        "from tests.support.backwards import right\n"
        "calls = []\n"
        "def gradients(params, x, y):\n"
        "    calls.append(x)\n"
        "    if len(calls) > 1:  # the first is before the run\n"
        f"        pathlib.Path({str(tmp_path)!r}, 'report.json').write_text('mine')\n"
        "    return right(params, x, y)\n"
    )
    with pytest.raises(UsageError, match=r"nothing was written: report\.json was not written by"):
        compare(tmp_path, *SMALL, *flags)
    assert (tmp_path / "report.json").read_text() == "mine"
    assert not (tmp_path / DUMPS[0]).exists()


def test_graphs(tmp_path):
    (tmp_path / "graph.md").write_text("mine")
    with pytest.raises(UsageError, match=f"--out .*: graph.md there {THEIRS}"):
        graph.main(["", "--layer_sizes=2,1", f"--out={tmp_path}", "--formats="])
    assert [path.name for path in tmp_path.iterdir()] == ["graph.md"]
    (tmp_path / "graph.md").unlink()
    for _ in range(2):
        assert graph.main(["", "--layer_sizes=2,1", f"--out={tmp_path}", "--formats="]) == 0


def test_pages_and_figures(tmp_path, earlier):
    words = ["", str(earlier / "report.json"), f"--out={tmp_path}"]
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(UsageError, match=f"--out .*: report.html there {THEIRS}"):
        report_command.main(words)
    (tmp_path / "histogram_ulp.svg").write_text("mine")
    with pytest.raises(UsageError, match=f"--plots .*: histogram_ulp.svg there {THEIRS}"):
        report_command.main([*words, "--nohtml", f"--plots={tmp_path}"])
    assert {path.read_text() for path in tmp_path.iterdir()} == {"mine"}


def test_what_the_library_saves(tmp_path):
    layers, x = [(np.ones((2, 1)), np.ones(1))], np.ones((1, 2))
    with pytest.raises(UsageError, match=r"^save: expected the path of a folder, got 'a"):
        compare_gradients(layers, x, save="a\0b")
    (tmp_path / "params.npz").write_bytes(b"mine")
    with pytest.raises(UsageError, match=f"^save .*: params.npz there {THEIRS}"):
        compare_gradients(layers, x, save=tmp_path)


def test_the_pictures_of_this_project_can_be_made_anew():
    images = [path for path in (ROOT / "docs" / "images").iterdir() if path.name[:5] == "graph"]
    assert images
    assert all(map(is_ours, images))
