"""`python -m benchmarks.run`: the goals, the figures that README quotes, and what peers need."""

import dataclasses
import importlib
import os
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import output
from benchmarks.chart import draw_tables
from benchmarks.machine import format_machine, load
from benchmarks.results import Part, Table, format_goals, format_table
from compare.errors import UsageError
from compare.implementations.jax import jax_devices
from compare.implementations.torch import torch_device
from compare.options.exit_status import exit_with
from compare.options.option import choice, flag, folder, names, rows
from compare.options.parse import parse

USAGE = """\
Measures the goals P1 to P6 side by side with torch.func, Opacus and BackPACK, in turns.

  python -m benchmarks.run                          everything, under ten minutes
  python -m benchmarks.run --only=sweep,startup     some parts
  python -m benchmarks.run --device=gpu             per-sample gradients on a GPU, and no more

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
    device: str = choice(
        "cpu",
        ("cpu", "gpu"),
        "Where gradients are made: cpu, or gpu for the first of each library.",
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
    if options.device == "gpu":
        if options.only not in ((), ("sweep",)):
            raise UsageError("--device=gpu: expected the part sweep alone; leave out --only")
        os.environ.setdefault(
            "XLA_PYTHON_CLIENT_PREALLOCATE", "false"
        )  # torch needs room beside it
        jax_devices("gpu")
        torch_device("gpu")
    folder = output.make_folder(options.out)
    names = ("sweep",) if options.device == "gpu" else options.only or tuple(PARTS)
    return measure(names, quick=options.quick, out=folder, device=options.device)


def measure(names: Sequence[str], *, quick: bool, out: Path, device: str = "cpu") -> int:
    """Runs the parts in the order of PARTS."""
    environment = output.environment()
    told = [_headline(environment)]
    print(told[0], flush=True)
    found: dict[str, Part] = {}
    for name in PARTS:
        if name not in names:
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        part = (module.run_on_gpu if device == "gpu" else module.run)(quick=quick)
        found[name] = part
        texts = [*map(format_table, part.tables), format_goals(part.goals)]
        told += texts
        print("", *texts, sep="\n\n", flush=True)
    told.append(_loads(environment))
    print("", told[-1], sep="\n")
    data = {
        "date": time.strftime("%Y-%m-%d"),
        "quick": quick,
        "environment": {**environment, "load_at_end": load()},
        "parts": {
            name: {
                "tables": [_table(table) for table in part.tables],
                "goals": [goal._asdict() for goal in part.goals],
            }
            for name, part in found.items()
        },
    }
    tables = [table for part in found.values() for table in part.tables]
    written = output.write(out, "\n\n".join(told), data, lambda path: draw_tables(tables, path))
    print(f"\nWritten: {', '.join(map(str, written))}")
    return 0


def _table(table: Table) -> dict:
    ratios = {name: ratio._asdict() for name, ratio in table.ratios().items()}
    return {**table._asdict(), "ratios": ratios}


def _headline(environment: dict) -> str:
    versions = ", ".join(f"{name} {v}" for name, v in environment["versions"].items())
    return f"{format_machine(environment['machine'])}\n{textwrap.fill(versions, 80)}"


def _loads(environment: dict) -> str:
    start, end = (" ".join(map(str, loads)) for loads in (environment["load_at_start"], load()))
    return f"load of the last 1, 5 and 15 minutes: {start} at the start, {end} at the end"


if __name__ == "__main__":
    exit_with(main, "benchmarks.run")
