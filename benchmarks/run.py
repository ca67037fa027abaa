"""`python -m benchmarks.run`: the goals, the figures that README quotes, and what peers need."""

import dataclasses
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import output
from benchmarks.chart import draw_tables
from benchmarks.results import Part, format_goals, format_table
from compare.errors import UsageError
from compare.options.exit_status import exit_with
from compare.options.option import flag, folder, names, rows
from compare.options.parse import parse

USAGE = """\
Measures the goals P1 to P6 side by side with torch.func, Opacus and BackPACK, in turns.

  python -m benchmarks.run                          everything, under ten minutes
  python -m benchmarks.run --only=sweep,startup     some parts

Exit status: 0 if all was measured, whatever came out; 1 wrong usage or a crash."""

PARTS = {  # flag word -> goals
    "sweep": "P1 and P2",
    "comparison": "P3",
    "memory": "P4",
    "startup": "P5",
    "processes": "P6",
}


@dataclasses.dataclass(frozen=True)
class Options:
    """What to measure."""

    only: tuple[str, ...] = names(
        (),
        "PART,...",
        f"Which parts: {', '.join(f'{name} ({goals})' for name, goals in PARTS.items())}. "
        "Default: all.",
    )
    out: str = folder("out/bench", "The folder for figures.")
    quick: bool = flag("Try everything on a few samples.")


def main(argv: Sequence[str]) -> int:
    """Measures, prints and writes."""
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words()
    options = Options(**parsed.values)
    unknown = [name for name in options.only if name not in PARTS]
    if unknown:
        raise UsageError(f"--only: expected some of {', '.join(PARTS)}, got {unknown[0]!r}")
    folder = output.make_folder(options.out)
    return measure(options.only or list(PARTS), quick=options.quick, out=folder)


def measure(names: Sequence[str], *, quick: bool, out: Path) -> int:
    """Runs the parts in the order of PARTS."""
    environment = output.environment()
    told = [_headline(environment)]
    print(told[0], flush=True)
    found: dict[str, Part] = {}
    for name in PARTS:
        if name not in names:
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        part = importlib.import_module(f"benchmarks.{name}").run(quick=quick)
        found[name] = part
        texts = [*map(format_table, part.tables), format_goals(part.goals)]
        told += texts
        print("", *texts, sep="\n\n", flush=True)
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "quick": quick,
        "environment": environment,
        "parts": {
            name: {
                "tables": [table._asdict() for table in part.tables],
                "goals": [goal._asdict() for goal in part.goals],
            }
            for name, part in found.items()
        },
    }
    tables = [table for part in found.values() for table in part.tables]
    written = output.write(out, "\n\n".join(told), data, lambda path: draw_tables(tables, path))
    print(f"\nWritten: {', '.join(map(str, written))}")
    return 0


def _headline(environment: dict) -> str:
    versions = ", ".join(f"{name} {v}" for name, v in environment["versions"].items())
    machine = f"{environment['processor']}, {environment['cores']} cores"
    return f"{machine}, load {environment['load']}\n{versions}"


if __name__ == "__main__":
    exit_with(main, "benchmarks.run")
