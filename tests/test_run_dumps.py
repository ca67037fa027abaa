"""The dumps that a run writes."""

import numpy as np
import pytest

from tests.support.runs import DUMPS, SMALL, compare, report


def test_dumps_have_one_header_and_order_and_read_back_to_the_same_bits(tmp_path):
    compare(tmp_path, *SMALL)
    texts = {name: (tmp_path / name).read_text().splitlines() for name in DUMPS}
    places = {tuple(line.rpartition(" ")[0] for line in text[2:]) for text in texts.values()}
    assert len(places) == 1
    assert len({tuple(text[:2]) for text in texts.values()}) == 1
    first = texts["my_autograd.dat"]
    assert first[1] == "# sample parameter row column value"
    assert [line.rsplit(" ", 1)[0] for line in first[2:15]] == [
        *(f"0 w1 {row} {column}" for row in range(2) for column in range(3)),
        *(f"0 b1 0 {column}" for column in range(3)),
        *(f"0 w2 {row} 0" for row in range(3)),
        "0 b2 0 0",
    ]
    compare(tmp_path, *SMALL, "--dumps=npz")
    stored = np.load(tmp_path / "my_autograd.npz")
    w1 = [line.split()[-1] for line in first[2:] if line.split()[1] == "w1"]
    np.testing.assert_array_equal(np.array(w1, np.float32), stored["w1"].reshape(-1))


def test_float64_dumps_read_back_to_the_same_bits(tmp_path):
    compare(tmp_path, *SMALL, "--dtype=float64")
    compare(tmp_path, *SMALL, "--dtype=float64", "--dumps=npz")
    stored = np.load(tmp_path / "torch_autograd.npz")["b1"]
    text = (tmp_path / "torch_autograd.dat").read_text().splitlines()[2:]
    b1 = np.array([line.split()[-1] for line in text if line.split()[1] == "b1"], np.float64)
    assert stored.dtype == np.float64
    np.testing.assert_array_equal(b1, stored.reshape(-1))


def test_layout_transposes_matrices_and_nothing_else(tmp_path):
    for layout in ("in_out", "out_in"):
        compare(tmp_path / layout, *SMALL, f"--layout={layout}", "--dumps=npz")
    a, b = (np.load(tmp_path / layout / "my_autograd.npz") for layout in ("in_out", "out_in"))
    np.testing.assert_array_equal(a["w1"], np.swapaxes(b["w1"], 1, 2))
    np.testing.assert_array_equal(a["b1"], b["b1"])
    assert report(tmp_path / "out_in")["pairs"][0]["parameters"][0]["shape"] == [3, 2]


@pytest.mark.parametrize("form", ["text", "npz"])
def test_split_dumps(tmp_path, form):
    compare(tmp_path, *SMALL, "--split_dumps", f"--dumps={form}")
    suffix = "dat" if form == "text" else "npz"
    names = {p.name for p in tmp_path.iterdir()} - {"report.json"}
    stems = [name.removesuffix(".dat") for name in DUMPS]
    assert names == {f"{stem}_{part}.{suffix}" for stem in stems for part in "wb"}
    if form == "text":
        text = (tmp_path / "my_autograd_b.dat").read_text().splitlines()[2:]
        assert {line.split()[1] for line in text} == {"b1", "b2"}


@pytest.mark.parametrize("form", ["text", "npz"])
def test_split_dumps_where_no_layer_has_a_bias(tmp_path, form):
    compare(tmp_path, *SMALL, "--bias=none", "--split_dumps", f"--dumps={form}")
    if form == "text":
        header, columns = (tmp_path / "my_autograd_b.dat").read_text().splitlines()
        assert header.startswith("# gradients of ")
        assert columns.startswith("# sample ")
    else:
        assert not np.load(tmp_path / "my_autograd_b.npz").files


@pytest.mark.parametrize(
    ("samples", "flag", "dumped"),
    [(1000, "auto", True), (1001, "auto", False), (1001, "text", True), (4, "none", False)],
)
def test_when_dumps_are_written(tmp_path, samples, flag, dumped):
    compare(tmp_path, "--layer_sizes=1,1", f"--samples={samples}", f"--dumps={flag}")
    assert (tmp_path / "my_autograd.dat").exists() == dumped


@pytest.mark.isa
def test_the_bits_of_a_sample_do_not_depend_on_how_many_there_are(tmp_path):
    for samples in (3, 1500):
        compare(tmp_path / str(samples), f"--samples={samples}", "--dumps=npz")
    for name in ("jax_autograd", "my_autograd", "torch_autograd"):
        few, many = (np.load(tmp_path / n / f"{name}.npz") for n in ("3", "1500"))
        for parameter in few.files:
            np.testing.assert_array_equal(few[parameter], many[parameter][:3])


def test_two_runs_write_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        compare(tmp_path / name, *SMALL)
    for name in (*DUMPS, "report.json"):
        a, b = ((tmp_path / run / name).read_text() for run in ("a", "b"))
        assert a == b.replace(f"{tmp_path}/b", f"{tmp_path}/a")
