"""Pickled objects are never loaded, whatever the file is called."""

import pickle

import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.read.arrays import read_arrays
from tests.support.bombs import Bomb, pickled
from tests.support.torch_files import saved_by_torch


def read(path):
    return read_arrays(str(path), option="--params")


NAMED_BOMB = r"it holds a Python object, posix\.mkdir, which is never loaded because"
BOMBS = {
    "torch": ("a.pt", lambda bomb: saved_by_torch({"w1": bomb}), NAMED_BOMB),
    "torch_old": (
        "a.pt",
        lambda bomb: saved_by_torch(bomb, _use_new_zipfile_serialization=False),
        NAMED_BOMB,
    ),
    "pickle": ("a.pt", pickle.dumps, "got a plain pickle, never loaded"),
    "pickle_protocol_0": ("a.pt", lambda bomb: pickle.dumps(bomb, 0), NAMED_BOMB),
    "pickle_protocol_2": ("a.pth", lambda bomb: pickle.dumps({"w1": bomb}, 2), NAMED_BOMB),
    "pickle_as_npz": ("a.npz", pickle.dumps, "expected a .npz archive"),
    "lightning": ("a.ckpt", lambda bomb: saved_by_torch({"state_dict": {"w1": bomb}}), NAMED_BOMB),
    "pickle_as_bin": ("a.bin", pickle.dumps, "got a plain pickle, never loaded"),
    "pickle_as_msgpack": ("a.msgpack", pickle.dumps, "damaged"),
    "pickle_as_safetensors": ("a.safetensors", pickle.dumps, "damaged"),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_pickle_bomb_does_not_go_off(tmp_path, case):
    name, make, words = BOMBS[case]
    (tmp_path / name).write_bytes(make(Bomb(tmp_path / "harm")))
    with pytest.raises(UsageError, match=words):
        read(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_pickle_bomb_in_an_npz_does_not_go_off(tmp_path):
    np.savez(tmp_path / "a.npz", w1=pickled(tmp_path / "harm"))
    with pytest.raises(UsageError, match="w1 is a pickled object, which is never loaded"):
        read(tmp_path / "a.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_the_bombs_are_live(tmp_path):
    pickle.loads(pickle.dumps(Bomb(tmp_path / "harm")))
    assert (tmp_path / "harm").exists()
