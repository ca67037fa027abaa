"""Weights and samples from `.npz` files: what is taken, and what is refused in which words."""

import numpy as np
import pytest

from compare.errors import UsageError
from compare.options.config import Config
from compare.problem.problem import make_problem

GOOD = {
    "w1": np.ones((2, 3), np.float32),
    "b1": np.ones(3, np.float32),
    "w2": np.ones((3, 1), np.float32),
    "b2": np.ones(1, np.float32),
}


def problem(tmp_path, params=None, data=None, **options):
    """Makes a problem from files that hold these arrays."""
    for name, arrays in (("params", params), ("data", data)):
        if arrays is not None:
            np.savez(tmp_path / f"{name}.npz", **arrays)
            options[name] = str(tmp_path / f"{name}.npz")
    options.setdefault("layer_sizes", None if params else (2, 3, 1))
    options.setdefault("samples", None if data else 100)
    return make_problem(Config(**options))


def without(name):
    return {k: v for k, v in GOOD.items() if k != name}


def pickled():
    array = np.empty(3, object)
    array[:] = [{}, 1, 2]
    return array


def test_params_and_samples_are_taken_as_they_are(tmp_path):
    x = np.array([[0.5, 0.25], [1, 2]], np.float32)
    found = problem(tmp_path, GOOD, {"x": x, "y": np.array([[3.0], [4.0]], np.float32)})
    assert found.layer_sizes == (2, 3, 1)
    assert found.n_samples == 2
    np.testing.assert_array_equal(found.batch(0, 2).x, x)
    np.testing.assert_array_equal(found.batch(1, 2).y, [[4.0]])


def test_out_in_is_transposed(tmp_path):
    rng = np.random.default_rng(0)
    out_in = {k: rng.random(v.T.shape).astype(np.float32) for k, v in GOOD.items()}
    found = problem(tmp_path, out_in, layout="out_in")
    np.testing.assert_array_equal(found.params[0].w, out_in["w1"].T)
    assert found.params[0].w.flags.c_contiguous


def test_the_layout_that_fits_is_taken_unless_another_is_said(tmp_path):
    out_in = {k: v.T for k, v in GOOD.items()}
    found = problem(tmp_path, out_in)
    assert (found.layer_sizes, found.layout, found.reading.layout) == ((2, 3, 1), *["out_in"] * 2)
    with pytest.raises(UsageError, match="they fit in the other layout, --layout=out_in"):
        problem(tmp_path, out_in, layout="in_out")


def test_labels_default_to_the_mean_square(tmp_path):
    found = problem(tmp_path, GOOD, {"x": np.array([[1, 3]], np.float32)})
    np.testing.assert_array_equal(found.batch(0, 1).y, [[5.0]])


def test_fewer_samples_than_there_are(tmp_path):
    x = np.ones((5, 2), np.float32)
    assert problem(tmp_path, GOOD, {"x": x}, samples=3).n_samples == 3
    assert problem(tmp_path, GOOD, {"x": x}).n_samples == 5


def test_labels_may_be_flat_for_one_output(tmp_path):
    data = {"x": np.ones((4, 2), np.float32), "y": np.arange(4, dtype=np.float32)}
    assert problem(tmp_path, GOOD, data).batch(0, 4).y.shape == (4, 1)


def test_exact_conversion_is_silent(tmp_path):
    wide = {k: v.astype(np.float64) for k, v in GOOD.items()}
    narrow = {k: v.astype(np.float16) for k, v in GOOD.items()}
    whole = {"x": np.array([[0, 1]])}
    for params in (wide, narrow):
        assert problem(tmp_path, params, whole).params[0].w.dtype == np.float32


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (without("w1"), r"w1 b1 w2 b2 .* found b1 \[3\], w2 \[3, 1\], b2"),
        (without("w2"), r"found w1 \[2, 3\], b1 \[3\], b2 \[1\]"),
        ({**without("b2"), "b3": GOOD["b2"]}, r"found .* b3 \[1\]"),
        ({**GOOD, "extra": GOOD["b2"]}, r"found .* b2 \[1\], extra \[1\]"),
        ({"x": GOOD["b2"]}, r"found x \[1\]"),
        ({**GOOD, "w2": np.ones((4, 1), np.float32)}, "w2: expected n_in = 3"),
        ({**GOOD, "b1": np.ones((3, 2), np.float32)}, r"b1: expected shape \(3,\)"),
        ({**GOOD, "w1": np.ones((3, 2), np.float32)}, "b1: expected"),
        ({**GOOD, "b1": np.array([1, np.nan, 1], np.float32)}, "b1 has entries .* not finite"),
        ({**GOOD, "b1": np.array([1, np.inf, 1], np.float32)}, "b1 has entries .* not finite"),
        ({**GOOD, "b1": np.full(3, 0.1)}, "b1: its float64 values do not all exist in float32"),
        ({**GOOD, "b1": np.full(3, 1e300)}, r"b1: 1e\+300 is beyond the largest float32"),
        ({**GOOD, "b1": np.ones(3, complex)}, "b1: expected real numbers, got dtype complex128"),
        ({**GOOD, "b1": np.array(["a"] * 3)}, "b1: expected real numbers, got dtype <U1"),
        ({**GOOD, "b1": pickled()}, "b1 is a pickled object, which is never loaded"),
    ],
)
def test_bad_params(tmp_path, params, message):
    with pytest.raises(UsageError, match=message) as caught:
        problem(tmp_path, params)
    assert str(tmp_path / "params.npz") in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ({"y": np.ones((1, 1))}, {}, "expected the array x .* found y"),
        ({"x": np.ones((1, 2)), "Y": np.ones((1, 1))}, {}, "found x Y"),
        ({"x": np.ones((1, 3))}, {}, r"expected x of shape \[N, 2\].*got \[1, 3\]"),
        ({"x": np.ones(2)}, {}, r"expected x of shape \[N, 2\].*got \[2\]"),
        ({"x": np.ones((0, 2))}, {}, r"got \[0, 2\]"),
        ({"x": np.ones((3, 2)), "y": np.ones((2, 1))}, {}, r"y of shape \[3, 1\].*got \[2, 1\]"),
        ({"x": np.ones((3, 2)), "y": np.ones((3, 2))}, {}, r"got \[3, 2\]"),
        ({"x": np.full((1, 2), 0.1)}, {}, "x: its float64 values do not all exist"),
        ({"x": pickled()}, {}, "x is a pickled object"),
        ({"x": np.ones((3, 2))}, {"samples": 4}, "at most the 3 in .*, got 4"),
    ],
)
def test_bad_data(tmp_path, data, options, message):
    with pytest.raises(UsageError, match=message):
        problem(tmp_path, GOOD, data, **options)


def test_sizes_that_contradict_the_file(tmp_path):
    with pytest.raises(UsageError, match=r"layer_sizes: 2,4,1 contradicts .* holds 2,3,1"):
        problem(tmp_path, GOOD, layer_sizes=(2, 4, 1))


def bare_array(path):
    np.save(path, np.ones(3))
    path.with_suffix(".npz.npy").rename(path)


def truncated(path):
    np.savez(path, **GOOD)
    path.write_bytes(path.read_bytes()[:300])


def corrupted(path):
    np.savez(path, **GOOD)
    path.write_bytes(path.read_bytes().replace(GOOD["b1"].tobytes(), b"\x01" * 12))


def longer_header(path):
    np.savez(path, w1=GOOD["w1"])
    whole = bytearray(path.read_bytes())
    whole[29] ^= 0xFF  # of how much stands before the array: past the end
    path.write_bytes(whole)


def zip_of_text(path):
    import zipfile

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w1", "not an array")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "directory"),
        (lambda path: path.write_bytes(b""), "expected a .npz archive"),
        (lambda path: path.write_text("w1 1 2 3"), "expected a .npz archive"),
        (bare_array, "expected a .npz archive"),
        (truncated, "damaged, cut short"),
        (corrupted, "damaged, cut short"),
        (longer_header, "damaged, cut short or of an unknown kind: EOFError$"),
        (zip_of_text, "w1 is no .npy array"),
    ],
)
def test_files_that_are_no_archives(tmp_path, write, message):
    path = tmp_path / "params.npz"
    write(path)
    with pytest.raises(UsageError, match=message):
        make_problem(Config(layer_sizes=None, params=str(path)))
