"""Weights that a run saves, and that it reads back."""

import sys

import ml_dtypes
import numpy as np
import pytest
import torch

from compare import run
from compare.errors import UsageError
from compare.formats.atomic import staged_file
from compare.formats.read.params import read_params
from compare.formats.write.params import write_params
from compare.options.config import Config
from jaxmlp import init_params
from torch_ref import MLP

SIZES = (3, 3, 4, 2)
SMALL = ("--layer_sizes=2,3,1", "--samples=4")
FORMATS = ("w.npz", "w.pt", "w.pth", "w.safetensors")


def compare(out, *flags):
    return run.main(["compare.run", f"--out={out}", *flags])


def drawn(dtype=np.float32):
    return init_params(np.random.default_rng(0), SIZES, dtype=dtype)


def save(path, params, layout="in_out"):
    write_params(path, params, suffix=path.suffix, layout=layout)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("layout", ["in_out", "out_in"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16])
def test_what_is_saved_is_read_to_the_same_bits(tmp_path, name, layout, dtype):
    params = drawn(dtype)
    params[0].b[0] = -0.0
    save(tmp_path / name, params, layout)
    read = read_params(str(tmp_path / name), layout=layout, dtype=np.dtype(dtype))
    found = read.found[0].params
    assert len(found) == len(params)
    for layer, again in zip(params, found, strict=True):
        for array, same in zip(layer, again, strict=True):
            assert same.dtype == dtype
            assert same.shape == array.shape
            assert same.tobytes() == array.tobytes()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("biases", [(True, False, True), (False, False, False)])
def test_a_layer_without_a_bias_is_read_again_without_one(tmp_path, name, biases):
    params, path = drawn(), tmp_path / name
    write_params(path, params, suffix=path.suffix, layout="in_out", biases=biases)
    read = read_params(str(path), layout="in_out", dtype=np.dtype(np.float32)).found[0]
    assert tuple(read.reading.biases) == biases


def test_torch_takes_the_state_dict(tmp_path):
    params = drawn()
    save(tmp_path / "w.pt", params)
    model = MLP(SIZES)
    model.load_state_dict(torch.load(tmp_path / "w.pt", weights_only=True), strict=True)
    np.testing.assert_array_equal(model.layers[0].weight.detach().numpy(), params[0].w.T)


def test_an_npz_has_our_names_in_our_order(tmp_path):
    save(tmp_path / "w.npz", drawn(), "out_in")
    with np.load(tmp_path / "w.npz") as archive:
        assert archive.files == ["w1", "b1", "w2", "b2", "w3", "b3"]
        np.testing.assert_array_equal(archive["w2"], drawn()[1].w.T)


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_left_where_the_block_raises(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with (  # noqa: PT012
        pytest.raises(ZeroDivisionError),
        staged_file(str(tmp_path / "new" / name), option="--save_params") as new,
        staged_file(str(tmp_path / name), option="--save_params") as replacing,
    ):
        new.write_text("half")
        replacing.write_text("half")
        raise ZeroDivisionError
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_run_saves_what_it_drew_and_another_reads_it(tmp_path, capsys):
    path = tmp_path / "new" / "w.safetensors"
    assert compare(tmp_path / "a", *SMALL, f"--save_params={path}") == 0
    assert str(path) in capsys.readouterr().out.split("Written:")[1]
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    dumps = ("--dumps=npz", "--samples=4")
    compare(tmp_path / "a", *SMALL, *dumps)
    compare(tmp_path / "b", f"--params={path}", *dumps)
    a, b = (np.load(tmp_path / out / "my_autograd.npz") for out in "ab")
    for name in a.files:
        np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.parametrize("suffix", ["npz", "pt", "pth"])
def test_a_run_converts_what_it_read(tmp_path, suffix):
    first, second = tmp_path / "a.safetensors", tmp_path / f"b.{suffix}"
    flags = ("--samples=4", "--dtype=float64", "--layout=out_in")
    compare(tmp_path, *SMALL, *flags, f"--save_params={first}")
    compare(tmp_path, *flags, f"--params={first}", f"--save_params={second}")
    a, b = (
        read_params(str(path), layout="out_in", dtype=np.dtype(np.float64)).found[0].params
        for path in (first, second)
    )
    assert [v.tobytes() for layer in a for v in layer] == [v.tobytes() for p in b for v in p]


def test_weights_are_saved_where_the_run_disagrees(tmp_path, monkeypatch):
    monkeypatch.setattr("compare.pipeline.conclusion.decide", disagree)
    assert compare(tmp_path / "out", *SMALL, f"--save_params={tmp_path}/w.npz") == 2
    assert (tmp_path / "w.npz").exists()


def disagree(*evidence, **options):
    from compare.verdict.decide import Verdict

    return Verdict("disagree", "planted", ())


def test_nothing_is_saved_where_the_comparison_does_not_get_through(tmp_path):
    np.save(tmp_path / "x.npy", np.vstack([np.ones((2048, 2)), [[0.1, 0.1]]]))
    flags = (SMALL[0], f"--data={tmp_path}/x.npy", f"--save_params={tmp_path}/new/w.pt")
    with pytest.raises(UsageError, match=r"x of samples 2048 to 2048: .*--cast"):
        compare(tmp_path / "out", *flags)
    assert [p.name for p in tmp_path.iterdir()] == ["x.npy"]


@pytest.mark.parametrize("name", ["w", "w.npz.gz", "w.h5", "", ".npz"])
def test_other_names_are_refused_before_anything_is_computed(name):
    with pytest.raises(UsageError, match=r"--save_params .*: expected a file named \.npz, \.pt, "):
        Config(save_params=name)


def test_a_dump_is_not_overwritten(tmp_path):
    flags = (*SMALL, "--dumps=npz", f"--save_params={tmp_path}/out/my_autograd.npz")
    with pytest.raises(UsageError, match=r"--save_params .*this run writes .*my_autograd.npz too"):
        compare(tmp_path / "out", *flags)
    assert list(tmp_path.iterdir()) == []


def test_beside_the_report(tmp_path):
    assert compare(tmp_path / "out", *SMALL, f"--save_params={tmp_path}/out/w.npz") == 0
    assert {"report.json", "w.npz"} < {p.name for p in (tmp_path / "out").iterdir()}


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=r"--save_params .*file: expected a folder to write into"):
        compare(tmp_path / "out", *SMALL, f"--save_params={tmp_path}/file/w.npz")
    (tmp_path / "w.npz").mkdir()
    with pytest.raises(UsageError, match="it is a folder; move it, or choose another name"):
        compare(tmp_path / "out", *SMALL, f"--save_params={tmp_path}/w.npz")
    assert not (tmp_path / "out").exists()


def test_safetensors_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(UsageError, match=r"--save_params .*pip install jaxmlp\[safetensors\]"):
        compare(tmp_path / "out", *SMALL, f"--save_params={tmp_path}/w.safetensors")
    assert list(tmp_path.iterdir()) == []
