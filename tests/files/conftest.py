"""Two files that are compared."""

import pytest

from compare import files
from tests.support.sentences import joined


@pytest.fixture
def compare(tmp_path, capsys):
    """Writes two files and compares them; returns the exit status and what was printed."""

    def run(a, b, *flags):
        paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
        for path, text in zip(paths, (a, b), strict=True):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        status = files.main(["compare.files", *flags, *map(str, paths)])
        out, err = capsys.readouterr()
        assert err == ""
        return status, joined(out)

    return run
