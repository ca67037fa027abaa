"""Files of Flax: what is read, and what is refused in which words."""

import ml_dtypes
import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.read.arrays import read_arrays
from tests.support.flax_files import array, ext, nested, packed

W, B = np.arange(6, dtype=np.float32).reshape(2, 3) / 7, np.array([0.1, -0.0, np.inf])
LAYER = {"Dense_0": {"kernel": W, "bias": B}}


def read(path, content):
    path.write_bytes(content if isinstance(content, bytes) else packed(content))
    return read_arrays(str(path), option="--params").named


@pytest.mark.parametrize(
    ("tree", "prefix"),
    [
        (LAYER, ""),
        ({"params": LAYER}, "params/"),
        ({"step": 7, "params": LAYER, "opt_state": {"0": {"mu": LAYER, "count": 3}}}, "params/"),
        ({"params": {"params": LAYER, "none": None}}, "params/params/"),
    ],
)
def test_the_arrays_below_params_have_the_names_of_all_their_keys(tmp_path, tree, prefix):
    found = read(tmp_path / "a.msgpack", tree)
    assert list(found) == [f"{prefix}Dense_0/kernel", f"{prefix}Dense_0/bias"]
    for name, expected in zip(found, (W, B), strict=True):
        np.testing.assert_array_equal(found[name], expected, strict=True)


def test_every_dtype_and_numbers_of_numpy(tmp_path):
    tree = {
        "a": np.array([1, -2.5], ml_dtypes.bfloat16),
        "b": np.float16([[0.5]]),
        "c": np.int32(7),
        "d": [np.ones(2), np.zeros((0, 3))],
    }
    found = read(tmp_path / "a.msgpack", tree)
    expected = dict(zip("abc", tree.values(), strict=False)) | dict(
        zip(("d/0", "d/1"), tree["d"], strict=True)
    )
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], np.asarray(values), strict=True)


def test_an_array_in_chunks_is_one(tmp_path):
    chunked = {
        "__msgpack_chunked_array__": True,
        "shape": {"0": 2, "1": 3},
        "chunks": {str(i): W.reshape(-1)[2 * i : 2 * i + 2] for i in range(3)},
    }
    found = read(tmp_path / "a.msgpack", {"params": {"kernel": chunked}})
    np.testing.assert_array_equal(found["params/kernel"], W, strict=True)


DAMAGED = r"the \.msgpack file is damaged, cut short or not by flax\.serialization: "
REFUSED = {
    "empty": (b"", DAMAGED + "it is cut short"),
    "two_items": (packed({"w": W}) + b"\xc0", DAMAGED + "1 bytes follow its end"),
    "a_key_twice": (b"\x82\xa1w\x01\xa1w\x02", DAMAGED + "a key comes twice"),
    "keys_of_numbers": (b"\x81\x01\x01", DAMAGED + "a key is no text"),
    "no_such_byte": (b"\xc1", DAMAGED + "no item begins with the byte 0xc1"),
    "a_map_of_4_billion": (b"\xdf\xff\xff\xff\xff", DAMAGED + "it is cut short"),
    "text_of_4_gib": (b"\xdb\xff\xff\xff\xffw", DAMAGED + "it is cut short"),
    "1000_levels": (b"\x91" * 1000 + b"\xc0", DAMAGED + "it goes deeper than 64 levels"),
    "no_utf_8": (b"\xa1\xff", DAMAGED + ".*utf-8"),
    "fewer_numbers": (
        ext(1, array(W).replace(b"float32", b"float16")),
        DAMAGED + "an array has another number of bytes than its shape says",
    ),
    "a_shape_below_0": (ext(1, packed([[-1], "float32", b"1234"])), DAMAGED + "a shape is not one"),
    "an_array_of_two": (ext(1, packed([[1], "float32"])), DAMAGED + "an array is not packed as"),
    "objects": ({"w": np.array([1 + 2j])}, r"w: expected real numbers, got dtype 'complex128'$"),
    "pickles": (
        ext(1, packed([[1], "object", b"12345678"])),
        "expected real numbers, got dtype 'object'$",
    ),
    "another_extension": (ext(5, b"1"), r"expected arrays alone, found nothing but \(an extension"),
    "numbers": ({"w": W, "lr": 0.1}, r"expected arrays alone, found lr \(float\)$"),
    "text": ({"params": {"w": "W"}}, r"expected arrays alone, found params/w \(str\)$"),
    "one_number": (b"\x07", r"expected arrays alone, found nothing but \(int\)$"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path, case):
    content, message = REFUSED[case]
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path / "a.msgpack", content)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"--params {tmp_path / 'a.msgpack'}: ")


def test_names_that_nest_are_read_back(tmp_path):
    named = {"a/b": W, "a/c/d": B, "e": W[0]}
    assert list(read(tmp_path / "a.msgpack", nested(named))) == list(named)
