"""`compare_steps`: training runs, held against each other step by step."""

from typing import Any

from compare.calls import exclusive
from compare.errors import UsageError, shown
from compare.report.training.report import StepsReport
from compare.steps.batches import read_batches
from compare.steps.compare import compare_runs
from compare.steps.trainings import read_trainings


@exclusive
def compare_steps(
    reference: Any,
    candidates: Any,
    batches: Any,
    *,
    steps: int = 100,
    restart: bool = False,
    dtype: Any = None,
    device: Any = None,
) -> StepsReport:
    """Compares training runs with a reference: where do they part beyond rounding?

    Every step of a candidate is held against what the reference would make of what the candidate
    had before it: its weights, the state of its optimizer, its gradients. So the bounds do not grow
    with the steps, and the first step that fails is where the two part.

    Args:
      reference: a `Training`, which says what is right.
      candidates: a `Training`, or a dict of several by names.
      batches: tuples (*inputs, target), all of the same shapes: a list, a loader or a generator,
        which is read once. If there are fewer than steps, they come again in the same order.
      steps: how many to take.
      restart: whether each step of a candidate starts from what the reference had before it, and
        not from its own.
      dtype: float64, float32, bfloat16 or float16 to train in; None for that of the weights.
      device: as of `compare_functions`.

    Returns:
      The report.

    Raises:
      UsageError: for what cannot be compared, in one sentence.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise UsageError(f"steps: expected an integer of at least 1, got {shown(steps)}")
    read = read_batches(batches, steps)
    found = read_trainings(reference, candidates, read, dtype=dtype, device=device)
    config = {
        "dtype": found.examiner.problem.dtype.name,
        "steps": steps,
        "restart": bool(restart),
    }
    return StepsReport.of(compare_runs(found, read.arguments, restart=bool(restart), config=config))
