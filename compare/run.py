"""`python -m compare.run`: flags -> comparison -> files and exit status."""

import contextlib
import os
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compare.command_line import EXIT_STATUS, exit_with
from compare.config import Config
from compare.errors import UsageError
from compare.flags import config_from_argv
from compare.staging import Staging

if TYPE_CHECKING:
    from compare.answers import Answer
    from compare.report.base import Report


def main(argv: Sequence[str]) -> int:
    """Runs a comparison and returns the exit status.

    Raises:
      UsageError: if something cannot be as asked; nothing in --out was touched then.
    """
    config = config_from_argv(argv)
    _prepare_jax(config)
    from compare.answers import name_parameters
    from compare.baseline import Keeper, read_baseline
    from compare.bringing import from_flags
    from compare.comparing import compare_problem
    from compare.problem import make_problem
    from compare.report.dat import Dumps
    from compare.report.json import report_to_json
    from compare.report.text import format_report
    from compare.saved_params import staged_params

    problem = make_problem(config)
    config = problem.describe(config)
    brought = from_flags(config, problem)
    baseline = None if config.baseline is None else read_baseline(config.baseline, problem)
    keeper = None
    if config.save_baseline is not None:
        keeper = Keeper(problem, len(config.implementations) + len(brought))
    with contextlib.ExitStack() as stack:
        staging = stack.enter_context(Staging(config.out, option="--out"))
        kept = _staged(stack, config.save_baseline, "--save_baseline")
        weights = staged_params(config.save_params, problem.params, layout=config.layout)
        stack.enter_context(weights)
        with Dumps(staging, config) as dumps:

            def take(start: int, block: "Mapping[str, Answer]") -> None:
                named = {k: name_parameters(a.grads, config.layout) for k, a in block.items()}
                dumps.add(start, named)
                if keeper is not None:
                    keeper.add(block)

            report = compare_problem(
                problem, config, brought=brought, baseline=baseline, on_block=take
            )
        staging.path("report.json").write_text(report_to_json(report), encoding="utf-8")
        if keeper is not None and kept is not None:
            _check_apart(config.save_baseline, staging)
            keeper.write(kept, report)
    width = _width()
    print(format_report(report, width=width))
    files = [
        *staging.names,
        *(name for name in (config.save_baseline, config.save_params) if name is not None),
    ]
    written = f"Written: {', '.join(files)}"
    print(textwrap.fill(written, width, break_long_words=False, break_on_hyphens=False))
    return _exit_status(report, config.fail_on)


def _staged(stack: contextlib.ExitStack, path: str | None, option: str) -> Path | None:
    """The temporary path of a file that a flag names, if it does.

    Raises:
      UsageError: if no file can be written there.
    """
    if path is None:
        return None
    final = Path(os.path.realpath(path))  # a link stays one
    if final.exists() and not final.is_file():  # never replace a device
        got = "a folder" if final.is_dir() else "no regular file"
        raise UsageError(f"{option} {path}: expected a file to write, got {got}")
    staging = stack.enter_context(Staging(final.parent, option=option))
    return staging.path(final.name)


def _check_apart(path: str | None, staging: Staging) -> None:
    """Raises UsageError if the file to keep gradients in is one of the others."""
    for name in staging.names:
        if path is not None and os.path.realpath(name) == os.path.realpath(path):
            raise UsageError(f"--save_baseline {path}: this run writes {name} too; choose another")


def _exit_status(report: "Report", fail_on: str) -> int:
    if report.verdict == "undecided" and fail_on == "disagree":
        return EXIT_STATUS["agree"]
    if report.verdict == "agree" and report.warnings and fail_on == "warning":
        return EXIT_STATUS["undecided"]
    return EXIT_STATUS[report.verdict]


def _prepare_jax(config: Config) -> None:
    """Sets what jax reads when it is first imported; what the user has set stays."""
    if config.device == "cpu":
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # torch needs room beside it
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if os.path.isabs(caches):  # "~" stays where there is no home
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(caches, "jaxmlp"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")


def _width() -> int:
    return min(shutil.get_terminal_size((100, 24)).columns, 100)


if __name__ == "__main__":
    exit_with(main, "compare.run")
