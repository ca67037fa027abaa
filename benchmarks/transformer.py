"""`python -m benchmarks.transformer`: what comparing a transformer with itself costs."""

import dataclasses
import resource
import time
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812

from compare.function_api import compare_functions
from compare.options.exit_status import exit_with
from compare.options.option import flag, rows
from compare.options.parse import parse
from compare.selftest.modules.transformers import Gpt

USAGE = """\
Compares a transformer of torch with itself, in float32 on the CPU: the loss of
12 layers of width 128, 4 heads, 200 words and 4 x 64 tokens, and its gradients.

  python -m benchmarks.transformer           as it is
  python -m benchmarks.transformer --quick   a small one

Goals: 60 seconds and 4 GB, Python and its libraries included.

Exit status: 0 if all was measured; 1 wrong usage or a crash."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What to measure."""

    quick: bool = flag("Leave out what takes long.")


def main(argv: Sequence[str]) -> int:
    """Measures and prints."""
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words()
    layers, width, time_steps = (2, 16, 8) if parsed.values["quick"] else (12, 128, 64)
    torch.manual_seed(0)
    module = Gpt(layers, width=width, heads=4, vocabulary=200, time=time_steps)
    words = torch.randint(0, 200, (4, time_steps + 1))
    following = words[:, 1:].flatten()
    start = time.perf_counter()
    report = compare_functions(
        module,
        module,
        words[:, :-1],
        loss=lambda scores: F.cross_entropy(scores.flatten(0, 1), following),
    )
    seconds = time.perf_counter() - start
    (found,) = report.candidates
    parameters = sum(one.numel() for one in module.parameters())
    print(f"{layers} layers of width {width}, {parameters:,} parameters: {report.verdict}")
    print(f"{found.recorded} of {found.places} places recorded, {len(found.checks)} checks")
    print(f"{max(one.used for one in found.checks):.2f} of the bounds used at most")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{seconds:.1f} s of wall time, {time.process_time():.1f} s of CPU since the start")
    print(f"{peak / 1e9:.2f} GB at the peak")
    return 0


if __name__ == "__main__":
    exit_with(main, "benchmarks.transformer")
