"""States that are damaged or of another version are set aside."""

import collections
import json
import os

import pytest

from compare.errors import UsageError
from compare.resume.state import read_state, write_state
from tests.support.unfinished import compare, files, state_of


def without_peers(state):
    del state.found["pairs"]["pairs"][0]["peers"]
    return state


def without_samples(state):
    fields = state._asdict()
    del fields["samples"]
    return collections.namedtuple("OtherState", fields)(**fields)


def of_another_process(state):
    return state._replace(name="process_1_of_2")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_peers, "is of another version of compare"),
        (without_samples, "is of another version of compare"),
        (of_another_process, "is the state of process_1_of_2"),
    ],
)
def test_a_state_that_is_not_ours_is_set_aside(tmp_path, whole, stop, capsys, change, said):
    (tmp_path / "process_0_of_1.set_aside_1").write_text("an earlier one")
    stop(tmp_path)
    path = state_of(tmp_path)
    write_state(path, change(read_state(path)))
    other = path.read_bytes()
    assert compare(tmp_path) == 0
    assert f"process_0_of_1.json {said}; it is now" in capsys.readouterr().err
    assert (tmp_path / "process_0_of_1.set_aside_1").read_text() == "an earlier one"
    assert (tmp_path / "process_0_of_1.set_aside_2").read_bytes() == other
    assert files(tmp_path) == whole


@pytest.mark.parametrize(
    "damage",
    {
        "empty": lambda text: b"",
        "cut_short": lambda text: text[: len(text) // 2],
        "not_json": lambda text: b"\xff" + text,
        "another_number": lambda text: text.replace(b'"blocks": 2', b'"blocks": 1'),
    }.values(),
)
def test_a_damaged_state_is_set_aside(tmp_path, whole, stop, damage, capsys):
    stop(tmp_path, blocks=2)
    state = state_of(tmp_path)
    damaged = damage(state.read_bytes())
    state.write_bytes(damaged)
    assert compare(tmp_path) == 0
    assert "process_0_of_1.json is damaged; it is now" in capsys.readouterr().err
    assert (tmp_path / "process_0_of_1.set_aside_1").read_bytes() == damaged
    assert files(tmp_path) == whole


def test_the_state_is_strict_json(tmp_path, stop):
    stop(tmp_path)
    text = (state_of(tmp_path)).read_text()
    json.loads(text.partition("\n")[2], parse_constant=lambda constant: pytest.fail(constant))


def test_a_pipe_in_its_place_is_told(tmp_path, stop):
    stop(tmp_path)
    state_of(tmp_path).unlink()
    os.mkfifo(state_of(tmp_path))
    with pytest.raises(UsageError, match=r"process_0_of_1\.json: expected a file, got a pipe"):
        compare(tmp_path)


def test_restart_begins_anew_where_the_folder_is_a_link(tmp_path, stop):
    stop(tmp_path / "out", "--seed=1")
    (tmp_path / "out" / ".unfinished").rename(tmp_path / "elsewhere")
    (tmp_path / "out" / ".unfinished").symlink_to(tmp_path / "elsewhere")
    assert compare(tmp_path / "out", "--restart") == 0
    assert (tmp_path / "elsewhere" / "process_0_of_1.json").exists()


def test_restart_says_where_nothing_can_be_removed(tmp_path, stop, monkeypatch):
    def refuse(path, **options):
        if "ignore_errors" not in options:
            raise PermissionError(13, "Permission denied", path)

    stop(tmp_path)
    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(
        UsageError, match=r"\.unfinished: .* cannot be removed: Permission denied; "
    ):
        compare(tmp_path, "--restart")
