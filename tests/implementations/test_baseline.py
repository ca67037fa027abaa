"""Runs held against a baseline of an earlier one, as a user meets them."""

import io
import json
import os
import shutil
import zipfile

import numpy as np
import pytest

from compare import run
from compare.errors import UsageError
from compare.formats.ours import SIGN
from compare.report.text.report import format_report
from jaxmlp import init_params
from tests.support.report_schemas import OF_NETWORKS

SMALL = ("--layer_sizes=2,3,1", "--samples=4", "--dumps=none")
NAMES = ("jax_grad", "jax_manual", "torch_autograd")
RIGHT = """
import numpy as np

def mine(params, x, y):
    (w1, b1), (w2, b2) = params
    h = 1 / (1 + np.exp(-(x @ w1 + b1)))
    delta2 = 2 * (h @ w2 + b2 - y)
    delta1 = w2 @ delta2 * h * (1 - h)
    return [(np.outer(x, delta1), delta1), (np.outer(h, delta2), delta2)]
"""


def compare(tmp_path, *flags):
    """Runs in this process; returns the exit status and the report."""
    out = tmp_path / "out"
    status = run.main(["compare.run", f"--out={out}", *SMALL, *flags])
    found = json.loads((out / "report.json").read_text())
    OF_NETWORKS.validate(found)
    return status, found


def save(tmp_path, *flags, name="b.npz"):
    path = tmp_path / name
    compare(tmp_path, f"--save_baseline={path}", *flags)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save(tmp_path_factory.mktemp("small"))


@pytest.fixture
def saved(small, tmp_path):
    """A baseline of SMALL, to be spoilt."""
    return shutil.copy(small, tmp_path / "b.npz")


def spoil(path, change, about=None):
    """Rewrites a baseline: `change` takes its arrays, `about` what it says of itself."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    said = json.loads(str(arrays["about"]))
    if about is not None:
        changed = about(said)
        said = said if changed is None else changed
    arrays["about"] = np.array(json.dumps(said))
    change(arrays)
    np.savez(path, **arrays)


def leave(arrays):
    pass


def moved(found):
    return {drift["implementation"]: drift["moved"] for drift in found["change"]["drifts"]}


def screen(capsys):
    """What was printed, without line breaks."""
    return " ".join(capsys.readouterr().out.split())


SAME = {
    "the_usual_one": ((), NAMES),
    "out_in": (("--layout=out_in",), NAMES),
    "float64": (("--dtype=float64",), NAMES),
    "numpy_manual": (("--implementations=torch_autograd,numpy_manual",), None),
    "two_blocks": (("--samples=1100",), NAMES),
    "one_sample": (("--samples=1",), NAMES),
}


@pytest.mark.parametrize("case", SAME)
def test_held_against_itself_nothing_has_moved(tmp_path, capsys, case):
    flags, names = SAME[case]
    path = save(tmp_path, *flags)
    status, found = compare(tmp_path, *flags, f"--baseline={path}")
    names = names or ("torch_autograd", "numpy_manual")
    assert status == 0
    assert moved(found) == dict.fromkeys(names, 0)
    change = found["change"]
    assert (change["versions"], change["only_then"], change["only_now"]) == ({}, [], [])
    for drift in change["drifts"]:
        assert drift["certified_then"] == drift["certified_now"] == found["config"]["samples"]
        assert all(one["max_ulp"] == 0 for one in drift["parameters"])
    assert f"Since the baseline {path}: the same versions and settings" in screen(capsys)


def test_a_setting_that_changes_bits_is_told(saved, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("JAX_DISABLE_JIT", "0")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "elsewhere")  # changes no bits

    def other_machine(about):
        about["environment"]["settings"]["NPY_DISABLE_CPU_FEATURES"] = "AVX2"
        about["environment"]["processor"] = "another one"

    spoil(saved, leave, other_machine)
    _, found = compare(tmp_path, f"--baseline={saved}")
    settings = found["change"]["settings"]
    assert found["change"]["versions"] == {}
    assert set(settings) == {"processor", "NPY_DISABLE_CPU_FEATURES", "JAX_DISABLE_JIT"}
    assert settings["JAX_DISABLE_JIT"] == {"then": None, "now": "0"}
    assert found["environment"]["settings"]["JAX_DISABLE_JIT"] == "0"
    said = screen(capsys)
    assert "the same versions; processor another one -> " in said
    assert "NPY_DISABLE_CPU_FEATURES AVX2 -> none" in said
    assert "JAX_DISABLE_JIT none -> 0" in said


def test_a_flag_that_may_change_bits_is_told(saved, tmp_path, capsys):
    (tmp_path / "backward.py").write_text(RIGHT)
    mine = (f"--candidate={tmp_path}/backward.py:mine", "--candidate_arrays=jax")
    compare(tmp_path, f"--baseline={saved}", *mine)
    said = screen(capsys)
    assert f"Since the baseline {saved}: the same versions; candidate_arrays none -> jax" in said


def test_a_baseline_does_not_depend_on_the_layout(tmp_path):
    path = save(tmp_path, "--layout=out_in")
    for layout in ("in_out", "out_in"):
        status, found = compare(tmp_path, f"--layout={layout}", f"--baseline={path}")
        assert (status, set(moved(found).values())) == (0, {0})
        shape = found["change"]["drifts"][0]["parameters"][0]["shape"]
        assert shape == ([2, 3] if layout == "in_out" else [3, 2])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_entry_that_moved_by_rounding_is_counted(tmp_path, capsys, dtype):
    path = save(tmp_path, f"--dtype={dtype}")

    def nudge(arrays):
        w1 = arrays["jax_manual/w1"]
        w1[3, 1, 2] = np.nextafter(w1[3, 1, 2], np.inf, dtype=w1.dtype)

    spoil(path, nudge)
    status, found = compare(tmp_path, f"--dtype={dtype}", f"--baseline={path}")
    assert status == 0
    assert moved(found) == {"jax_grad": 0, "jax_manual": 1, "torch_autograd": 0}
    w1 = found["change"]["drifts"][1]["parameters"][0]
    assert w1["max_ulp"] == 1
    assert (w1["max_ulp_at"]["sample"], w1["max_ulp_at"]["index"]) == (3, [1, 2])
    assert 0 < w1["bound_ratio"] <= 1
    assert "jax_manual 1 of 52" in screen(capsys)


def test_a_zero_that_changed_its_sign_has_moved(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.zeros((4, 2), np.float32))
    flags = (f"--data={tmp_path}/x.npz",)
    path = save(tmp_path, *flags)
    with np.load(path) as archive:
        assert not archive["jax_grad/w1"].any()

    def negate(arrays):
        arrays["jax_grad/w1"][0, 0, 0] *= -1.0

    spoil(path, negate)
    status, found = compare(tmp_path, *flags, f"--baseline={path}")
    assert (status, moved(found)["jax_grad"]) == (0, 1)


@pytest.mark.parametrize(
    ("samples", "sample", "layout"),
    [(4, 2, "in_out"), (4, 2, "out_in"), (1100, 2, "in_out"), (1100, 1099, "out_in")],
)
def test_an_entry_that_moved_further_is_status_2(tmp_path, capsys, layout, samples, sample):
    flags = (f"--samples={samples}", f"--layout={layout}")
    path = save(tmp_path, *flags)
    capsys.readouterr()

    def double(arrays):
        arrays["torch_autograd/w1"][sample, 0, 2] *= 2

    spoil(path, double)
    status, found = compare(tmp_path, *flags, f"--baseline={path}")
    index = [0, 2] if layout == "in_out" else [2, 0]
    said = f"w1[{index[0]},{index[1]}] of sample {sample}, torch_autograd, has moved since the"
    assert status == 2
    assert found["reason"].startswith(said)
    assert f"disagree: {said}" in screen(capsys)
    (values,) = found["values"]
    assert (values["sample"], values["quantity"], values["index"]) == (sample, "w1", index)
    now, then = (values["values"][f"torch_autograd{at}"]["value"] for at in ("", "@baseline"))
    assert then == 2 * now
    assert f"--baseline={path}" in found["reproduce"]
    assert f"--only_sample={sample}" in found["reproduce"]


NOT_FINITE = {"was_nan": (np.nan, "nan"), "was_infinite": (np.inf, "inf")}


@pytest.mark.parametrize("case", NOT_FINITE)
def test_finite_on_one_side_only_is_status_2(tmp_path, saved, case):
    value, shown = NOT_FINITE[case]

    def put(arrays):
        arrays["jax_grad/b1"][1, 2] = value

    spoil(saved, put)
    status, found = compare(tmp_path, f"--baseline={saved}")
    assert status == 2
    assert f"b1[2] of sample 1, jax_grad, was {shown} in the baseline and is " in found["reason"]
    assert moved(found)["jax_grad"] == 1


def test_nan_on_both_sides_has_not_moved(tmp_path):
    x = np.full((4, 2), 0.5, np.float32)
    x[1] = np.nan
    np.savez(tmp_path / "x.npz", x=x)
    flags = (f"--data={tmp_path}/x.npz",)
    path = save(tmp_path, *flags)
    status, found = compare(tmp_path, *flags, f"--baseline={path}")
    assert (status, found["verdict"]) == (3, "undecided")
    assert set(moved(found).values()) == {0}


def test_a_lost_certificate_is_status_2(tmp_path, capsys):
    x = np.full((4, 2), 0.5, np.float32)
    x[1] = np.nan
    np.savez(tmp_path / "x.npz", x=x)
    flags = (f"--data={tmp_path}/x.npz",)
    path = save(tmp_path, *flags)

    def claim(about):
        about["implementations"]["jax_manual"]["certified"] = 4

    spoil(path, leave, claim)
    status, found = compare(tmp_path, *flags, f"--baseline={path}")
    assert status == 2
    assert found["reason"].startswith("jax_manual is certified in 3 samples, and was in 4 ")
    assert "4 -> 3" in screen(capsys)


def test_a_certificate_more_is_welcome(tmp_path, saved):
    spoil(saved, leave, lambda about: about["implementations"]["jax_grad"].update(certified=3))
    status, found = compare(tmp_path, f"--baseline={saved}")
    assert status == 0
    assert found["change"]["drifts"][0]["certified_then"] == 3


def test_other_versions_are_listed(tmp_path, capsys):
    path = save(tmp_path)

    def age(about):
        versions = about["environment"]["versions"]
        versions["jax"] = "0.1"
        versions["tensorflow"] = "1.0"
        del versions["torch"]

    spoil(path, leave, age)
    status, found = compare(tmp_path, f"--baseline={path}")
    assert status == 0
    changed = found["change"]["versions"]
    assert set(changed) == {"jax", "torch", "tensorflow"}
    assert changed["jax"] == {"then": "0.1", "now": found["environment"]["versions"]["jax"]}
    assert (changed["torch"]["then"], changed["tensorflow"]["now"]) == (None, None)
    printed = screen(capsys)
    assert "jax 0.1 -> 0." in printed
    assert "torch none -> 2" in printed
    assert "tensorflow 1.0 -> none" in printed


def test_an_implementation_in_one_of_the_two_is_named(tmp_path, capsys):
    path = save(tmp_path, "--implementations=jax_grad,torch_autograd")
    flags = (f"--baseline={path}", "--implementations=jax_grad,numpy_manual")
    status, found = compare(tmp_path, *flags)
    assert (status, moved(found)) == (0, {"jax_grad": 0})
    change = found["change"]
    assert (change["only_then"], change["only_now"]) == (["torch_autograd"], ["numpy_manual"])
    printed = screen(capsys)
    assert "Only in the baseline: torch_autograd." in printed
    assert "Only in this run: numpy_manual." in printed


def test_no_implementation_in_common(tmp_path):
    path = save(tmp_path, "--implementations=jax_grad,jax_manual")
    other = "--implementations=torch_autograd,numpy_manual"
    with pytest.raises(UsageError, match=r"one of torch_auto.*found jax_grad, jax_manual"):
        compare(tmp_path, f"--baseline={path}", other)


@pytest.mark.isa
def test_a_candidate_is_held_against_itself(tmp_path):
    (tmp_path / "mine.py").write_text(RIGHT)
    flags = (f"--candidate={tmp_path}/mine.py:mine",)
    path = save(tmp_path, *flags)
    status, found = compare(tmp_path, *flags, f"--baseline={path}")
    assert (status, moved(found)["mine"]) == (0, 0)
    up = "* h * (1 - h) * (1 + 2.0**-23)"  # by an ulp or two of float32, whatever rounds it
    (tmp_path / "mine.py").write_text(RIGHT.replace("* h * (1 - h)", up))
    status, found = compare(tmp_path, *flags, f"--baseline={path}")
    assert status == 0
    assert 12 <= moved(found)["mine"] <= 36  # all of b1, and of w1 what is not 0
    assert moved(found)["jax_grad"] == 0


@pytest.mark.isa
def test_one_sample_alone_is_held_against_its_own(tmp_path, capsys):
    path = save(tmp_path, "--samples=1100")

    def nudge(arrays):
        for sample in (7, 1050):
            arrays["jax_grad/b1"][sample, 0] *= 1 + 2.0**-23

    spoil(path, nudge)
    flags = ("--samples=1100", f"--baseline={path}")
    assert moved(compare(tmp_path, *flags)[1])["jax_grad"] == 2
    capsys.readouterr()
    for sample, expected in {7: 1, 8: 0, 1050: 1}.items():
        status, found = compare(tmp_path, *flags, f"--only_sample={sample}")
        assert (status, moved(found)["jax_grad"]) == (0, expected)
        drift = found["change"]["drifts"][0]
        assert (drift["certified_then"], drift["certified_now"]) == (None, 1)
        assert f"jax_grad {expected} of 13" in screen(capsys)


OTHER = {
    "seed": (["--seed=1"], "other weights; pass the same --params, or --init and --seed"),
    "init": (["--init=normal"], "other weights; pass the same --params"),
    "params": (["--params={tmp}/p.npz"], "other weights; pass the same --params"),
    "data": (["--data={tmp}/x.npz"], "other samples; pass the same --data, or --seed"),
    "more_layers": (["--layer_sizes=2,3,3,1"], "--layer_sizes=2,3,1, and this run has 2,3,3,1"),
    "fewer_layers": (["--layer_sizes=2,1"], "--layer_sizes=2,3,1, and this run has 2,1"),
    "wider": (["--layer_sizes=2,4,1"], "--layer_sizes=2,3,1, and this run has 2,4,1; pass the sa"),
    "activation": (["--activation=tanh"], "--activation=sigmoid, and this run has tanh"),
    "dtype": (["--dtype=float64"], "--dtype=float32, and this run has float64"),
    "more_samples": (["--samples=5"], "--samples=4, and this run has 5"),
    "fewer_samples": (["--samples=3"], "--samples=4, and this run has 3"),
}


@pytest.mark.parametrize("case", OTHER)
def test_a_baseline_of_something_else(tmp_path, saved, case):
    flags, message = OTHER[case]
    params = init_params(np.random.default_rng(5), (2, 3, 1))
    np.savez(
        tmp_path / "p.npz",
        **{f"{k}{i}": v for i, p in enumerate(params, 1) for k, v in zip("wb", p, strict=True)},
    )
    np.savez(tmp_path / "x.npz", x=np.full((4, 2), 0.5, np.float32))
    refused(tmp_path, saved, message, *(flag.format(tmp=tmp_path) for flag in flags))


def refused(tmp_path, path, message, *flags):
    """One sentence that names the file; nothing is written."""
    new = tmp_path / "new"
    with pytest.raises(UsageError, match=message) as caught:
        run.main(["compare.run", f"--out={new}", *SMALL, f"--baseline={path}", *flags])
    assert str(caught.value).startswith(f"--baseline {path}: ")
    assert "\n" not in str(caught.value)
    assert not new.exists()


def known(**changes):
    return lambda about: about["implementations"]["jax_grad"].update(changes)


ABOUT = {
    "empty": lambda about: {},
    "a_list": lambda about: [about],
    "a_number": lambda about: 3,
    "no_environment": lambda about: about.pop("environment") and None,
    "no_weights": lambda about: about.pop("weights") and None,
    "no_implementations": lambda about: about.update(implementations={}),
    "implementations_a_list": lambda about: about.update(implementations=["jax_grad"]),
    "an_implementation_a_list": lambda about: about["implementations"].update(jax_grad=[1]),
    "versions_a_list": lambda about: about["environment"].update(versions=["jax"]),
    "a_version_a_list": lambda about: about["environment"]["versions"].update(jax=[1]),
    "environment_a_string": lambda about: about.update(environment="here"),
    "certified_a_string": known(certified="4"),
    "certified_true": known(certified=True),
    "certified_a_fraction": known(certified=3.5),
    "certified_missing": lambda about: (
        about["implementations"]["jax_grad"].pop("certified") and None
    ),
    "certified_negative": known(certified=-1),
    "certified_more_than_there_are": known(certified=5),
    "samples_a_string": lambda about: about.update(samples="4"),
    "dtype_unknown": known(dtype="float8"),
    "dtype_object": known(dtype="object"),
    "dtype_a_list": known(dtype=["float32"]),
}


@pytest.mark.parametrize("case", ABOUT)
def test_a_baseline_that_says_nonsense_of_itself(tmp_path, saved, case):
    spoil(saved, leave, ABOUT[case])
    refused(tmp_path, saved, "expected a file that --save_baseline has written")


NO_JSON = {
    "no_json": np.array("hello"),
    "nested_too_deep": np.array("[" * 100_000),
    "a_number": np.array(3.0),
    "an_array": np.array(["{}", "{}"]),
    "bytes": np.array(b"{}"),
    "empty": np.array([]),
}


@pytest.mark.parametrize("case", NO_JSON)
def test_a_baseline_whose_text_is_no_json(tmp_path, saved, case):
    spoil(saved, lambda arrays: arrays.update(about=NO_JSON[case]))
    refused(tmp_path, saved, "expected a file that --save_baseline has written")


def replace(change):
    return lambda arrays: arrays.update({"jax_grad/w1": change(arrays["jax_grad/w1"])})


ARRAYS = {
    "integers": replace(lambda w1: w1.astype(np.int64)),
    "complex": replace(lambda w1: w1.astype(np.complex64)),
    "half": replace(lambda w1: w1.astype(np.float16)),
    "texts": replace(lambda w1: w1.astype(str)),
    "transposed": replace(lambda w1: w1.swapaxes(1, 2)),
    "a_sample_less": replace(lambda w1: w1[1:]),
    "flat": replace(np.ravel),
    "scalar": replace(np.sum),
    "missing": lambda arrays: arrays.pop("jax_grad/w1"),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_a_baseline_with_other_arrays(tmp_path, saved, case):
    spoil(saved, ARRAYS[case])
    refused(tmp_path, saved, r"of shape \[4, 2, 3\] as jax_grad/w1, got .*is it damaged")


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def object_array(value):
    buffer = io.BytesIO()
    np.save(buffer, np.array([value], dtype=object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize("member", ["about", "jax_grad/w1"])
def test_a_pickle_is_never_loaded(tmp_path, monkeypatch, member):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "b.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{member}.npy", object_array(Bomb()))
    refused(tmp_path, path, f"{member} is a pickled object, which is never loaded")
    assert not (tmp_path / "exploded").exists()


NO_FILES = {
    "missing": (None, "no such file; --save_baseline=.*b.npz writes it$"),
    "empty": (b"", "expected a .npz archive"),
    "text": (b"hello", "expected a .npz archive"),
    "zip_magic_only": (b"PK\x03\x04", "damaged, cut short"),
}


@pytest.mark.parametrize("case", NO_FILES)
def test_what_is_no_archive(tmp_path, case):
    content, message = NO_FILES[case]
    path = tmp_path / "b.npz"
    if content is not None:
        path.write_bytes(content)
    refused(tmp_path, path, message)


def test_damaged_archives(tmp_path, saved):
    whole = saved.read_bytes()
    for kept in (10, len(whole) // 2, len(whole) - len(SIGN) - 1):
        saved.write_bytes(whole[:kept])
        refused(tmp_path, saved, "damaged, cut short")
    place = whole.index(b"about.npy") + 200
    saved.write_bytes(whole[:place] + b"\xff\xff\xff" + whole[place + 3 :])
    refused(tmp_path, saved, "damaged|has written")


def test_other_archives_and_folders(tmp_path):
    np.savez(tmp_path / "w.npz", w1=np.ones((2, 1)), b1=np.ones(1))
    refused(tmp_path, tmp_path / "w.npz", "expected a file that --save_baseline has written")
    refused(tmp_path, tmp_path, "Is a directory")


def test_saving_makes_folders_and_needs_no_suffix(tmp_path):
    path = save(tmp_path, name="some/new folder/baseline")
    assert [p.name for p in path.parent.iterdir()] == ["baseline"]
    assert compare(tmp_path, f"--baseline={path}")[0] == 0


def test_saving_over_a_baseline_replaces_it(tmp_path):
    path = save(tmp_path, "--seed=1")
    old = path.read_bytes()
    os.link(path, tmp_path / "held")  # one who has it open keeps what there was
    save(tmp_path)
    assert (tmp_path / "held").read_bytes() == old != path.read_bytes()
    assert compare(tmp_path, f"--baseline={path}")[0] == 0


def test_saving_through_a_link_leaves_the_link(tmp_path, saved):
    (tmp_path / "link.npz").symlink_to("elsewhere/real.npz")
    save(tmp_path, name="link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert (tmp_path / "elsewhere" / "real.npz").is_file()
    assert compare(tmp_path, f"--baseline={tmp_path}/link.npz")[0] == 0


def test_a_baseline_is_not_replaced_by_the_run_that_is_held_against_it(tmp_path):
    path = save(tmp_path)
    old = path.read_bytes()
    with pytest.raises(
        UsageError, match=r"--save_baseline .*b\.npz: it is read by this run, as --baseline"
    ):
        compare(tmp_path, f"--baseline={path}", f"--save_baseline={path}")
    assert path.read_bytes() == old


UNWRITABLE = {
    "a_folder": ("{tmp}", "--save_baseline {tmp}: it is a folder"),
    "empty": ("", "--save_baseline: expected a file, got an empty name"),
    "below_a_file": ("{tmp}/mine/b.npz", "expected a folder to write into"),
    "no_folder_there": ("/proc/nowhere/b.npz", "--save_baseline /proc/nowhere: expected a folder"),
    "the_report": ("{tmp}/new/report.json", "this run writes .*report.json too; choose another"),
    "a_dump": ("{tmp}/new/../new/my_autograd.dat", "this run writes .*my_autograd.dat too"),
    "a_pipe": ("{tmp}/pipe", "pipe: it is no regular file"),
    "a_link_to_a_pipe": ("{tmp}/link", "link: it is no regular file"),
    "the_folder_of_out": ("{tmp}/new", "it would be a file, and is a folder in --out"),
}


@pytest.mark.parametrize("case", UNWRITABLE)
def test_where_a_baseline_cannot_be_saved_nothing_is_written(tmp_path, case):
    path, message = (text.format(tmp=tmp_path) for text in UNWRITABLE[case])
    (tmp_path / "mine").write_text("mine")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    out = f"--out={tmp_path}/new"
    with pytest.raises(UsageError, match=message):
        run.main(["compare.run", out, *SMALL, "--dumps=text", f"--save_baseline={path}"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "mine", "pipe"]
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_run_that_fails_leaves_the_old_baseline_alone(tmp_path):
    path = save(tmp_path)
    old, files = path.read_bytes(), sorted(tmp_path.rglob("*"))
    (tmp_path / "out" / "mine.py").write_text("def mine(params, x, y):\n    return 3 / 0\n")
    flags = (f"--candidate={tmp_path}/out/mine.py:mine", f"--save_baseline={path}")
    with pytest.raises(UsageError, match="division by zero"):
        compare(tmp_path, *flags)
    (tmp_path / "out" / "mine.py").unlink()
    left = [one for one in sorted(tmp_path.rglob("*")) if "__pycache__" not in str(one)]
    assert (path.read_bytes(), left) == (old, files)


def test_a_baseline_without_room_is_refused_at_once(tmp_path):
    said = r"--save_baseline .*/b\.npz: expected room .* at least 156,.*fewer --samples"
    with pytest.raises(UsageError, match=said):
        compare(tmp_path, f"--samples={10**15}", f"--save_baseline={tmp_path}/b.npz")
    assert not (tmp_path / "out").exists()


def test_tables_fit_into_80_columns(tmp_path, monkeypatch):
    reports = []
    monkeypatch.setattr(
        "compare.report.text.report.format_report",
        lambda report, **_: reports.append(report) or format_report(report, width=80),
    )
    for i, flags in enumerate((("--samples=1100",), ("--dtype=float64", "--layout=out_in"))):
        path = save(tmp_path, *flags, name=f"{i}.npz")

        def ruin(arrays):
            for name in NAMES:
                for parameter in ("w1", "b1", "w2", "b2"):
                    arrays[f"{name}/{parameter}"] *= -1e-30

        spoil(path, ruin, lambda about: about["environment"]["versions"].update(jax="0.1.2.dev3"))
        assert compare(tmp_path, *flags, f"--baseline={path}")[0] == 2
        lines = format_report(reports[-1], width=80).splitlines()
        place = next(i for i, line in enumerate(lines) if line.startswith("To compute that"))
        no_path = [line for line in lines[:place] if str(tmp_path) not in line]  # one long word
        assert max(map(len, no_path)) <= 80
        assert any(line.startswith("torch_autograd   ") for line in lines)
