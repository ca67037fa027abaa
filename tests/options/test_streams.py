"""Whoever reads what a command prints may stop, or nobody does: its status is its own."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT


def end(folder, streams):
    """Compares a file with itself, streams redirected as a shell does it; returns how it ended."""
    (folder / "a.txt").write_text("\n".join(f"{i}.5" for i in range(9)))
    command = f"'{sys.executable}' -m compare.files a.txt a.txt"
    script = streams.format(command)
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "streams",
    [
        pytest.param("{} | true; exit ${{PIPESTATUS[0]}}", id="a_reader_that_is_gone"),
        pytest.param("{} 2>&1 | true; exit ${{PIPESTATUS[0]}}", id="gone_for_both"),
        pytest.param("{} >&-", id="closed"),
        pytest.param("{} <&- >&- 2>&-", id="all_closed"),
    ],
)
def test_agree_stays_0(tmp_path, streams):
    done = end(tmp_path, streams)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_what_nobody_reads_on_stderr_changes_no_status():
    code = (
        "import sys; from compare.options.streams import open_streams; open_streams();"
        "sys.stdin.read(); print('told', file=sys.stderr); print('printed'); sys.exit(3)"
    )
    words, pipe = [sys.executable, "-c", code], subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stderr.close()
        assert process.communicate()[0] == b"printed\n"
    assert process.returncode == 3


def test_a_full_disk_is_told(tmp_path):
    done = end(tmp_path, "{} >/dev/full")
    assert done.returncode == 1
    assert done.stderr == (
        "compare.files: the output could not be printed: No space left on device\n"
    )


def test_a_full_disk_that_nobody_can_be_told_of_is_1(tmp_path):
    assert end(tmp_path, "{} >/dev/full 2>/dev/full").returncode == 1
