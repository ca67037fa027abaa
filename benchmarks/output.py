"""Where figures go: the screen, text, JSON and a chart."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine, load
from benchmarks.peers import versions
from compare.errors import UsageError
from compare.implementations.environment import describe_environment


def environment() -> dict[str, Any]:
    """Versions, machine and how busy it was: other processes slow torch's threads most."""
    found = describe_environment()
    found["versions"] = {**found["versions"], **versions()}
    return {**found, "machine": describe_machine(), "load_at_start": load()}


def make_folder(out: str) -> Path:
    """Makes the folder before hours are spent.

    Raises:
      UsageError: if it cannot be.
    """
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        Path(out, "probe").touch()
        Path(out, "probe").unlink()
    except OSError as error:
        raise UsageError(
            f"--out: expected a folder that can be written, got {out!r}: {error.strerror}"
        ) from None
    return Path(out)


def write(folder: Path, text: str, data: Any, draw: Callable[[Path], None]) -> list[Path]:
    """Writes figures.txt, figures.json and chart.svg, and returns what was written."""
    folder.mkdir(parents=True, exist_ok=True)  # it may be gone after so long
    written = [folder / "figures.txt", folder / "figures.json"]
    written[0].write_text(text + "\n", encoding="utf-8")
    written[1].write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    try:
        draw(folder / "chart.svg")
    except ImportError as error:
        print(f"No chart: {error}; pip install '.[bench]' brings matplotlib")
        return written
    return [*written, folder / "chart.svg"]
