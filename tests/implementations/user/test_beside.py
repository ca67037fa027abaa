"""What lies beside one of two candidates is imported by that one alone."""

import subprocess
import sys

import pytest

from compare.implementations.user.loading import load_candidate
from tests.support.paths import ROOT

CODE = """
import {0}, {0}_package, {0}_package.part, {0}_folder.part

def early():
    return {0}.NAME, {0}_package.NAME, {0}_package.part.NAME, {0}_folder.part.NAME

def late():
    import {0}, {0}_package.part, {0}_folder.part
    from {0}_folder import later
    return {0}.NAME, {0}_package.NAME, later.NAME, {0}_folder.part.NAME
"""
FILES = ("{}.py", "{}_package/__init__.py", "{}_package/part.py", "{}_folder/part.py")


def written(folder, helper):
    """Writes a candidate, and a module, a package and a plain folder that it imports."""
    for name in (*FILES, "{}_folder/later.py"):
        file = folder / name.format(helper)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"NAME = {folder.name!r}\n")
    (folder / "mine.py").write_text(CODE.format(helper))
    return folder / "mine.py"


@pytest.mark.parametrize("on_path", [(), ("a",), ("b",), ("b", "a")], ids="-".join)
def test_each_of_two_candidates_has_its_own(tmp_path, monkeypatch, on_path):
    """Also where imports look beside one of them anyway, as beside what is in one's folder."""
    helper = f"helper_{len(on_path)}{''.join(on_path)}"
    files = {name: written(tmp_path / name, helper) for name in "ab"}
    first = sorted(files, key=lambda name: name not in on_path)
    for name in on_path:
        monkeypatch.syspath_prepend(tmp_path / name)
    found = {
        (name, kind): load_candidate(f"{files[name]}:{kind}")
        for name in first
        for kind in ("early", "late")
    }
    for _ in range(2):
        assert {which: function() for which, function in found.items()} == {
            which: (which[0],) * 4 for which in found
        }


HERE = """
from compare.implementations.user.loading import load_candidate
there, here = load_candidate("../a/mine.py:late"), load_candidate("mine:late")
early = load_candidate("../a/mine.py:early")
print(*there(), *here(), *early(), *there(), *here())
"""


def test_what_lies_in_the_working_folder_is_not_taken_for_what_lies_beside(tmp_path):
    for name in "ab":
        written(tmp_path / name, "helper")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path.append({str(ROOT)!r})\n{HERE}"],
        cwd=tmp_path / "b",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [*"aaaa", *"bbbb", *"aaaa", *"aaaa", *"bbbb"]
