"""P5: what the default comparison takes, beside the imports that it cannot do without."""

import tempfile

from benchmarks.child import measure
from benchmarks.results import Goal, Part, Table
from benchmarks.timing import Seconds, paired

_IMPORTS, _SECOND, _FIRST = "import jax, torch", "compare.run, second run", "compare.run, first run"
_GOAL = "100 samples: second run at most 1.2x import jax, torch; first run at most 1.8x"


def run(*, quick: bool) -> Part:
    """Alternates imports, a run with a filled compilation cache, and one with an empty one."""
    pairs = 1 if quick else 10
    seconds: Seconds = {_IMPORTS: [], _SECOND: [], _FIRST: []}
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as filled:
        failure = _compare(out, filled)[1]
        if failure:
            return Part((), (Goal("P5", _GOAL, failure, None),))
        for _ in range(pairs):
            seconds[_IMPORTS].append(measure(["-c", "import jax, torch"], _CPU).seconds)
            seconds[_SECOND].append(_compare(out, filled)[0])
            with tempfile.TemporaryDirectory() as empty:
                seconds[_FIRST].append(_compare(out, empty)[0])
    second, first = (paired(seconds, name, _IMPORTS) for name in (_SECOND, _FIRST))
    table = Table(f"Starting up, median of {pairs} runs that take turns", seconds, _IMPORTS)
    reached = None if quick else second.median <= 1.2 and first.median <= 1.8
    return Part((table,), (Goal("P5", _GOAL, f"{second} and {first}", reached),))


_CPU = {"JAX_PLATFORMS": "cpu"}


def _compare(out: str, cache: str) -> tuple[float, str | None]:
    """Returns seconds, and what went wrong."""
    done = measure(["-m", "compare.run", f"--out={out}"], {**_CPU, "XDG_CACHE_HOME": cache})
    said = f"compare.run ended with status {done.status}: {done.said}" if done.failed else None
    return done.seconds, said
