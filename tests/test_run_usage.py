"""Wrong usage of `python -m compare.run`: one sentence, and nothing is touched."""

import pytest

from compare.errors import UsageError
from tests.support.runs import SMALL, compare

BAD = {
    "unknown_activation": (["--activation=swish"], "activation.*sigmoid.*'swish'|swish"),
    "layer_sizes_not_integers": (["--layer_sizes=2,x,1"], "positive integers.*2,x,1"),
    "layer_sizes_zero": (["--layer_sizes=2,0,1"], "positive integers.*2,0,1"),
    "layer_sizes_negative": (["--layer_sizes=2,-3,1"], "positive integers.*2,-3,1"),
    "layer_sizes_one": (["--layer_sizes=2"], "at least two.*got 2"),
    "layer_sizes_empty": (["--layer_sizes="], "at least two.*got none"),
    "samples_0": (["--samples=0"], "samples=0.*integer from 1 to"),
    "samples_not_a_number": (["--samples=ten"], "samples=ten.*integer from 1 to"),
    "samples_too_many": (["--samples=9223372036854775808"], "from 1 to 9,007,199,254,740,992"),
    "repeats_too_many": (["--repeats=1000000000"], "integer from 0 to 1,000"),
    "witness_too_many": (["--witness=1000000000"], "integer from 0 to 10,000"),
    "seed_negative": (["--seed=-1"], "seed=-1"),
    "unknown_dtype": (["--dtype=float8"], "float8"),
    "unknown_flag": (["--sample=3"], "there is no flag --sample; did you mean --samples?"),
    "one_implementation": (["--implementations=jax_grad"], "at least two.*got jax_grad"),
    "same_implementation": (["--implementations=jax_grad,jax_grad"], "two different"),
    "unknown_implementation": (["--implementations=jax_grad,tf"], "one of jax_grad.*'tf'"),
    "extra_words": (["hello", "--samples=3", "world"], "flags only.*'hello' 'world'"),
    "more_words": (["a", "b", "c", "d", "e"], "got 'a' 'b' 'c' and 2 more$"),
    "missing_params": (["--params=/nowhere.npz"], "--params /nowhere.npz: No such file"),
    "params_in_no_known_format": (["--params=a.h5"], r"--params a.h5: .*\.npz, \.pt, .* got \.h5"),
    "data_in_no_known_format": (["--data=a.xlsx"], r"--data a.xlsx: .*\.npz, \.npy, .* got \.xlsx"),
    "save_params_in_no_known_format": (
        ["--save_params=a.h5"],
        r"--save_params a.h5: .*\.npz, \.pt",
    ),
    "missing_flagfile": (["--flagfile=/nowhere"], "/nowhere"),
    "trace_too_large": (["--samples=3", "--trace=3"], "trace.*3 samples.*got 3"),
    "init_with_params": (["--params=a.npz", "--init=torch"], "init.*--params"),
    "no_value": (["--samples"], "Missing value for flag"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_usage_is_one_sentence_and_touches_nothing(tmp_path, case):
    flags, message = BAD[case]
    (tmp_path / "report.json").write_text("mine")
    with pytest.raises(UsageError, match=message) as caught:
        compare(tmp_path, *flags)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "mine"


@pytest.mark.skipif("torch_gpu()", reason="this machine has a GPU")
@pytest.mark.parametrize("one", ["jax_grad", "torch_autograd"])
def test_an_absent_gpu_is_an_error_and_leaves_no_folder(tmp_path, one):
    with pytest.raises(UsageError, match="gpu"):
        compare(tmp_path / "new", "--device=gpu", f"--implementations={one},numpy_manual")
    assert not (tmp_path / "new").exists()


def test_a_host_with_a_name_too_long_to_be_one(tmp_path):
    processes = (f"--coordinator_address={'a' * 5000}:1", "--num_processes=2", "--process_id=0")
    with pytest.raises(UsageError, match=r"known here, got a{80}\.\.\.: it is no name of a host"):
        compare(tmp_path / "new", *SMALL, *processes)
    assert not (tmp_path / "new").exists()


def torch_gpu():
    import torch

    return torch.cuda.is_available()


@pytest.mark.parametrize("out", ["/dev/null/out", "{tmp}/file", "{tmp}/file/below", ""])
def test_an_unwritable_out(tmp_path, out):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match=r"--out.*expected a folder to write into"):
        compare(out.format(tmp=tmp_path), *SMALL)
    assert (tmp_path / "file").read_text() == "mine"
