"""Flags in files."""

import pytest

from compare.errors import UsageError
from compare.options.command_line import config_from_argv
from compare.options.flagfiles import FlagFiles


def written(folder, **texts):
    for name, text in texts.items():
        (folder / name).write_text(text)


def test_lines_stand_in_the_place_of_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(
        tmp_path,
        a="# mine\n\n// and mine\n  --seed=3  \n--flagfile=b\n--quiet\n",
        b="--samples=7\n",
    )
    files = FlagFiles()
    words = ["--x=1", "--flagfile=a", "--flagfile", "b", "--", "--flagfile=c"]
    assert list(files.expand(words)) == [
        *("--x=1", "--seed=3", "--samples=7", "--quiet", "--samples=7", "--", "--flagfile=c")
    ]
    assert files.read == ["a", "b", "b"]
    config = config_from_argv(["compare.run", "--flagfile=a", "--samples=9"])
    assert (config.seed, config.samples, config.quiet) == (3, 9, True)
    assert config.flagfile == ("a", "b")


BAD = {
    "itself": ("--flagfile={tmp}/itself", "{tmp}/itself: it names itself"),
    "two_in_a_circle": ("--flagfile={tmp}/one", "{tmp}/one: it names itself"),
    "a_chain": ("--flagfile={tmp}/chain0", "{tmp}/chain100: expected at most 100 flagfiles"),
    "twice_and_twice_again": ("--flagfile={tmp}/twice0", "expected at most 100 flagfiles"),
    "nul_in_a_name": ("--flagfile=a\0b", r"a\\x00b: it cannot be read: embedded null byte"),
    "nul_in_a_file": ("--flagfile={tmp}/nul", "{tmp}/nul: expected a text .*, got binary"),
    "bytes": ("--flagfile={tmp}/bytes", "{tmp}/bytes: expected a text .*, got binary"),
    "endless": ("--flagfile=/dev/zero", "/dev/zero: expected a text .*, got binary"),
    "large": ("--flagfile={tmp}/large", "expected one flag a line, got more than 1 MiB"),
    "a_folder": ("--flagfile={tmp}", "{tmp}: it cannot be read: Is a directory"),
    "none": ("--flagfile=", "--flagfile : it cannot be read: No such file"),
    "not_there": ("--flagfile={tmp}/no", "{tmp}/no: it cannot be read: No such file"),
    "a_value_for_no": ("--nohtml=1", "--nohtml=1 does not take an argument"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_one_sentence(tmp_path, case):
    flag, message = (text.format(tmp=tmp_path) for text in BAD[case])
    written(tmp_path, itself=f"--flagfile={tmp_path}/itself", nul="--out=a\0b")
    written(tmp_path, one=f"--flagfile={tmp_path}/two", two=f"--flagfile={tmp_path}/one")
    written(tmp_path, large="--seed=1\n" * 2**17)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for i in range(101):
        written(tmp_path, **{f"chain{i}": f"--flagfile={tmp_path}/chain{i + 1}"})
        twice = f"--flagfile={tmp_path}/twice{i + 1}\n"
        written(tmp_path, **{f"twice{i}": 2 * twice if i < 50 else ""})
    with pytest.raises(UsageError, match=message) as raised:
        config_from_argv(["compare.run", flag])
    assert "\n" not in str(raised.value)
