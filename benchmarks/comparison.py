"""P3: a whole comparison, against what torch.func needs to compute its gradients once."""

from collections.abc import Callable

from benchmarks import peers
from benchmarks.networks import NETWORKS, make
from benchmarks.results import Goal, Part, Table
from benchmarks.timing import interleaved, paired
from compare import compare_gradients

_COMPARE = "the whole comparison"
_REPEATS = 3


def run(*, quick: bool) -> Part:
    """Compares three implementations, with all evidence, on network A."""
    n = 2_000 if quick else 1_000_000
    network = NETWORKS["A"]
    params, batch = make(network, n)
    few = (params, *(array[:2] for array in batch))
    verdicts = []

    def compare() -> None:
        report = compare_gradients(params, *batch, activation=network.activation)
        verdicts.append(report.verdict)

    compare_gradients(*few, activation=network.activation)  # compiles
    tasks: dict[str, Callable[[], object]] = {
        peers.FUNC: peers.func(network, params, batch),
        _COMPARE: compare,
    }
    title = f"Three implementations compared, {n:,} samples of A, median of {_REPEATS}"
    table = Table(title, interleaved(tasks, _REPEATS), peers.FUNC)
    note = f"verdict: {', '.join(sorted(set(verdicts)))}"
    ratio = paired(table.seconds, _COMPARE, peers.FUNC)
    goal = "comparison of 1e6 samples of A: at most 6x torch.func's gradients (stretch: 3x)"
    measured = str(ratio) + (f", with {n:,} samples" if quick else "")
    return Part(
        (table._replace(notes=(note,)),), (Goal("P3", goal, measured, _ok(ratio.median, quick)),)
    )


def _ok(ratio: float, quick: bool) -> bool | None:
    return None if quick else ratio <= 6
