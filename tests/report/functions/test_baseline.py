"""What has moved since a baseline of a comparison of functions, and arguments that are saved."""

import json
import re

import jax.numpy as jnp
import numpy as np
import pytest

from compare import UsageError, compare_functions, cut
from compare.report.json.schema import first_fault

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
W = np.linspace(0.5, 2, 4, dtype=np.float32).reshape(1, 4)
ARGS = ({"w": W}, X)


def reference(params, x):
    return jnp.sum(jnp.sin(x * params["w"]))


def with_places(params, x):
    return jnp.sum(cut(jnp.sin(cut(x * params["w"], "product")), "sine"))


def stored(ulps=0, factor=1.0):
    """Returns outputs and gradients that exist, one entry moved by so many numbers."""
    exact_x, exact_w = X.astype(np.float64), W.astype(np.float64)
    slope = np.cos(exact_x * exact_w)
    by_w = (slope * exact_x).sum(0, keepdims=True).astype(np.float32)
    by_w[0, 1] = by_w[0, 1] * np.float32(factor)
    for _ in range(ulps):
        by_w[0, 1] = np.nextafter(by_w[0, 1], np.float32(np.inf))
    output = np.float32(np.sin(exact_x * exact_w).sum())
    return output, [by_w, (slope * exact_w).astype(np.float32)]


def words(text):
    return re.sub(r"\s+", " ", str(text))


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    path = tmp_path_factory.mktemp("baseline") / "new" / "b.npz"
    compare_functions(reference, {"mine": stored(), "gone": stored()}, *ARGS, save_baseline=path)
    return path


def compared(baseline, one, **options):
    return compare_functions(reference, {"mine": one}, *ARGS, baseline=baseline, **options)


def test_the_same_bits_are_said_to_be_the_same(baseline):
    report = compared(baseline, stored())
    assert [len(one.moved) for one in report.change.drifts] == [0, 0]
    said = words(report)
    assert f"Since the baseline {baseline}: the same versions and settings" in said
    assert "reference: the same bits in 3 places and results" in said
    assert "mine: the same bits in 3 places and results" in said
    assert "only in the baseline: gone" in said


def test_what_moved_is_told_with_its_place_and_by_how_much(baseline):
    report = compared(baseline, stored(ulps=1))
    assert report.agrees
    (moved,) = report.change.drifts[1].moved
    assert (moved.kind, moved.name, moved.entries) == ("gradient", "args[0]['w']", 1)
    assert (moved.ulp, moved.is_right) == (1, True)
    assert (
        "mine: moved since the baseline: first at args[0]['w'], gradient, by 1 ulp; both are right "
        "to rounding; 1 of 3 places and results moved"
    ) in words(report)


def test_the_place_that_moved_first_is_told_in_the_order_of_the_data(tmp_path):
    def moved(params, x):
        sine = jnp.sin(cut(x * params["w"], "product"))
        return jnp.sum(cut(sine * np.float32(1 + 2**-22), "sine"))

    path = tmp_path / "b.npz"
    compare_functions(with_places, with_places, *ARGS, save_baseline=path)
    drift = compare_functions(with_places, moved, *ARGS, baseline=path).change.drifts[1]
    assert drift.compared == 7
    assert (drift.moved[0].kind, drift.moved[0].name) == ("forward", "sine")
    assert "product" not in {one.name for one in drift.moved if one.kind == "forward"}


def test_what_is_wrong_now_is_not_said_to_be_right(baseline):
    report = compared(baseline, stored(factor=1.01))
    assert report.verdict == "disagree"
    assert "the verdict was agree and is disagree now" in words(report)
    assert "right to rounding" not in words(report)


def test_versions_that_differ_are_told(baseline, tmp_path):
    with np.load(baseline) as archive:
        arrays = dict(archive)
    about = json.loads(str(arrays["about"]))
    about["environment"]["versions"]["jax"] = "0.0.1"
    older = tmp_path / "older.npz"
    np.savez(older, **{**arrays, "about": np.array(json.dumps(about))})
    report = compared(older, stored(ulps=3))
    assert "mine: moved since jax 0.0.1: first at args[0]['w'], gradient, by 3 ulp" in words(report)
    document = json.loads(report.to_json())
    assert first_fault(document) is None
    assert document["change"]["versions"]["jax"]["then"] == "0.0.1"
    assert "moved since jax 0.0.1" in report._page("")


@pytest.mark.parametrize(
    ("args", "options", "said"),
    [
        (({"w": W}, X + 1), {}, r"it was made with other arguments; pass the same$"),
        (ARGS, {"cotangents": np.float32(2)}, r"it was made with other cotangents; pass the same$"),
        (ARGS, {"dtype": "float64"}, r"it was made with dtype='float32', and this run has 'float"),
    ],
)
def test_a_baseline_of_something_else_is_refused(baseline, args, options, said):
    with pytest.raises(UsageError, match=said):
        compare_functions(reference, stored(), *args, baseline=baseline, **options)


def test_what_is_no_baseline_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"there is no such file; save_baseline='.*' writes it$"):
        compared(tmp_path / "none.npz", stored())
    np.savez(tmp_path / "other.npz", about=np.array("{}"))
    with pytest.raises(
        UsageError, match=r"expected a file that save_baseline of compare_functions"
    ):
        compared(tmp_path / "other.npz", stored())
    np.savez(tmp_path / "pickle.npz", about=np.array([print], dtype=object))
    with pytest.raises(UsageError, match=r"is a pickled object, which is never loaded"):
        compared(tmp_path / "pickle.npz", stored())


def test_a_baseline_with_an_array_less_is_refused(baseline, tmp_path):
    with np.load(baseline) as archive:
        arrays = {name: archive[name] for name in archive.files if "output" not in name}
    np.savez(tmp_path / "b.npz", **arrays)
    with pytest.raises(UsageError, match=r"expected numbers as 0/output/output, got none; is it"):
        compared(tmp_path / "b.npz", stored())


def test_nothing_of_somebody_elses_is_replaced(tmp_path):
    path = tmp_path / "theirs.npz"
    path.write_text("theirs")
    with pytest.raises(UsageError, match=r"it was not written by jaxmlp, and is not replaced"):
        compare_functions(reference, stored(), *ARGS, save_baseline=path)
    assert path.read_text() == "theirs"


def test_the_baseline_that_is_read_is_not_replaced(baseline):
    with pytest.raises(UsageError, match=r"is read by this run, as baseline, and would be repl"):
        compared(baseline, stored(), save_baseline=baseline)


def test_arguments_are_saved_where_they_do_not_agree_and_make_the_same_again(tmp_path):
    folder = tmp_path / "saved"
    assert compare_functions(reference, stored(), *ARGS, save=folder).reproduce is None
    assert not folder.exists()
    wrong = stored(factor=1.01)
    report = compare_functions(reference, wrong, *ARGS, save=folder)
    assert sorted(one.name for one in folder.iterdir()) == [
        "arguments.npz",
        "arguments.py",
        "cotangents.npz",
    ]
    assert report.reproduce in str(report)
    lines = report.reproduce.replace("compare_functions(", "again = compare_functions(")
    names = {"compare_functions": compare_functions, "reference": reference, "candidates": wrong}
    exec(lines, names)
    assert names["again"].candidates == report.candidates


def test_arguments_of_classes_of_their_own_are_saved_without_a_module(tmp_path):
    import collections

    params = collections.OrderedDict(w=W)
    report = compare_functions(reference, stored(factor=1.01), params, X, save=tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["arguments.npz", "cotangents.npz"]
    assert report.reproduce.startswith(f"# the arguments are in {tmp_path}/arguments.npz")
