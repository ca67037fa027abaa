"""Several processes and several devices: the report of one."""

import json
import os
import signal
import socket
import time

import pytest

from compare.errors import UsageError
from compare.options.config import Config
from compare.resume.processes import Share, join
from tests.support import forks
from tests.support.networks import xla_flags
from tests.support.unfinished import STUCK

COMPILED = "PERSISTENT COMPILATION CACHE MISS"  # what JAX says of a program that it had not kept
TELLING = """
import logging
logging.basicConfig()
logging.getLogger("jax._src.compiler").setLevel("DEBUG")
"""  # says what it compiles
NOTICED_SOON = """
from compare.resume import processes
assert processes._HEARTBEAT <= 10  # seconds, as BUILD.md says
processes._HEARTBEAT = 2
"""  # when one of them dies
FLAGS = ("--layer_sizes=2,3,1", "--samples=12000", "--witness=2", "--quiet")


def start(out, *flags, first="", **environment):
    """Starts a run, with some code to come first."""
    code = f"{first}\nfrom compare import run\n"
    code += "from compare.options.exit_status import exit_with\n"
    code += "exit_with(run.main, 'compare.run')"
    words = ["-c", code, f"--out={out}", *FLAGS, *flags]
    return forks.start(words, env={**os.environ, **environment})


def together(out, processes, *flags, **options):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    shared = (f"--coordinator_address={address}", f"--num_processes={processes}", *flags)
    return [start(out, *shared, f"--process_id={i}", **options) for i in range(processes)]


def words(printed, out):
    """What was printed; where lines break depends on the length of the folder's name."""
    return printed.replace(str(out), "OUT").split()


def report(out):
    return (out / "report.json").read_text().replace(str(out), "OUT")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    out = tmp_path_factory.mktemp("alone")
    one = start(out)
    printed, said = one.communicate(timeout=100)
    assert (one.returncode, said) == (0, "")
    return report(out), words(printed, out)


def test_several_processes_give_the_report_of_one(tmp_path, alone):
    first, *others = together(tmp_path, 3, first=TELLING)
    printed, said = first.communicate(timeout=100)
    assert COMPILED not in said
    for other in others:
        printed_by_it, said = other.communicate(timeout=100)
        assert printed_by_it == ""
        assert COMPILED not in said  # as the run alone has compiled all of it
    assert [one.returncode for one in (first, *others)] == [0] * 3
    assert (report(tmp_path), words(printed, tmp_path)) == alone
    assert not (tmp_path / ".unfinished").exists()


def test_more_processes_than_blocks(tmp_path):
    flags = ("--samples=2000", "--dumps=none")
    alone = start(tmp_path / "alone", *flags)
    alone.communicate(timeout=100)
    many = together(tmp_path / "many", 2, *flags)
    for one in many:
        one.communicate(timeout=100)
    assert [one.returncode for one in many] == [0] * 2
    assert report(tmp_path / "many") == report(tmp_path / "alone")


def test_one_is_killed_and_a_new_start_finishes(tmp_path, alone):
    """Both have compiled nothing, as the run alone has: one of them leaves no half program."""
    ours, theirs = together(tmp_path, 2, first=STUCK + NOTICED_SOON)
    states = [tmp_path / ".unfinished" / f"process_{i}_of_2.json" for i in range(2)]
    deadline = time.monotonic() + 60
    while not all(state.exists() for state in states) and time.monotonic() < deadline:
        time.sleep(0.01)
    theirs.kill()
    theirs.communicate()
    ours.communicate(timeout=50)  # JAX ends it
    assert ours.returncode != 0
    assert states[0].exists()
    assert not (tmp_path / "report.json").exists()
    first, other = together(tmp_path, 2)
    first.communicate(timeout=100)
    other.communicate(timeout=100)
    assert (first.returncode, other.returncode) == (0, 0)
    assert report(tmp_path) == alone[0]


def test_another_number_of_processes_does_not_go_on(tmp_path):
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / "process_0_of_2.json").write_text("{}")
    one = start(tmp_path)
    _, said = one.communicate(timeout=100)
    assert one.returncode == 1
    assert "num_processes: 2 then, 1 now" in said


@pytest.mark.parametrize("devices", [2, 3])
def test_several_devices_give_the_report_of_one(tmp_path, alone, devices):
    flags = xla_flags(f"--xla_force_host_platform_device_count={devices}")
    many = start(tmp_path, XLA_FLAGS=flags)
    many.communicate(timeout=100)
    assert many.returncode == 0
    ids = ",".join(map(str, range(devices)))
    assert f'"cpu:{ids}"' in report(tmp_path)
    found, expected = map(json.loads, (report(tmp_path).replace(f"cpu:{ids}", "cpu:0"), alone[0]))
    assert found["environment"].pop("settings")["XLA_FLAGS"] == flags
    del expected["environment"]["settings"]
    assert found == expected


def test_shares_are_all_blocks_in_order():
    for blocks in (range(0, 10_000, 100), range(5), range(0)):
        for processes in (1, 2, 7):
            shares = [Share(i, processes).of(blocks) for i in range(processes)]
            assert [start for share in shares for start in share] == list(blocks)
            sizes = [len(share) for share in shares]
            assert max(sizes) - min(sizes) <= 1


def test_a_run_by_itself_does_not_wait_for_others():
    assert join(Config(), {}) == Share()
    assert join(Config(), {"SLURM_STEP_NUM_TASKS": "1"}) == Share()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_processes": 2}, "num_processes: expected .* together, got num_processes alone"),
        (
            {"process_id": 2, "num_processes": 2, "coordinator_address": "a:1"},
            "process_id: .* 0 to 1",
        ),
        ({"process_id": 0, "num_processes": 2, "coordinator_address": "a"}, "HOST:PORT .* got a"),
        ({"process_id": 0, "num_processes": 2, "coordinator_address": ":1"}, "HOST:PORT"),
        ({"process_id": 0, "num_processes": 2, "coordinator_address": "a:99999"}, "HOST:PORT"),
        ({"process_id": 0, "num_processes": 2, "coordinator_address": "a:\u0661"}, "HOST:PORT"),
    ],
)
def test_bad_addresses(options, message):
    with pytest.raises(UsageError, match=message):
        Config(**options)


def test_a_host_that_nobody_knows(tmp_path):
    flags = ("--coordinator_address=no.such.host:1234", "--num_processes=2", "--process_id=1")
    one = start(tmp_path, *flags)
    _, said = one.communicate(timeout=100)
    assert one.returncode == 1
    assert "expected a host that is known here, got no.such.host" in said


def test_waiting_for_others_can_be_interrupted(tmp_path):
    with socket.socket() as first:  # one that hears of the other and does not answer
        first.bind(("127.0.0.1", 0))
        first.listen()
        address = f"127.0.0.1:{first.getsockname()[1]}"
        meeting = (f"--coordinator_address={address}", "--num_processes=2", "--process_id=1")
        waiting = start(tmp_path, *meeting)
        first.settimeout(60)
        with first.accept()[0]:
            waiting.send_signal(signal.SIGTERM)
            waiting.communicate(timeout=20)
    assert waiting.returncode != 0


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        one = start(
            tmp_path, f"--coordinator_address={address}", "--num_processes=1", "--process_id=0"
        )
        _, said = one.communicate(timeout=100)
    assert one.returncode == 1
    assert "coordinator_address: expected a free port, got " in said
    assert "Traceback" not in said
