"""Text files: their encodings, and those that cannot be read."""

import pytest

from compare.errors import UsageError
from compare.formats.read.text import read_text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"\x00\xff\xfe\x01", "expected text", id="binary"),
        pytest.param("1 2".encode("utf-16")[:-1], "expected text", id="half_of_utf_16"),
        pytest.param(b"PK\x03\x04\xff", "expected text", id="archive"),
        pytest.param(b"", "found none", id="empty"),
    ],
)
def test_files_that_hold_no_text(tmp_path, content, message):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_text(str(path))
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("mark", ["\ufeff".encode("utf-16-le"), "\ufeff".encode("utf-16-be")])
def test_text_that_powershell_has_redirected(tmp_path, mark):
    encoding = "utf-16-le" if mark[0] == 0xFF else "utf-16-be"
    (tmp_path / "a.txt").write_bytes(mark + "w1 = [0.5\r\n 0.25]\r\n".encode(encoding))
    (array,) = read_text(str(tmp_path / "a.txt")).arrays
    assert (array.name, array.values.tolist()) == ("w1", [0.5, 0.25])


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf1 2 3")
    assert read_text(str(tmp_path / "a.txt")).size == 3


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_files_that_cannot_be_opened(tmp_path, path):
    with pytest.raises(UsageError, match=r"No such file|Is a directory"):
        read_text(str(tmp_path / path))
