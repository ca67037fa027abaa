"""`python -m compare.run`: flags -> comparison -> files and exit status."""

import functools
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from compare.options.command_line import config_from_argv
from compare.options.config import Config
from compare.options.exit_status import EXIT_STATUS, exit_with, status_of_verdict
from compare.options.signals import check_signals
from compare.options.streams import print_written, terminal_width
from compare.report.progress import Progress
from compare.resume.sources import UserFiles

if TYPE_CHECKING:
    from compare.implementations.base import Implementation
    from compare.implementations.baseline import Baseline
    from compare.implementations.user.brought import Brought
    from compare.pipeline.schedule import Examination
    from compare.problem.problem import Problem
    from compare.report.outputs import Outputs
    from compare.results import Report
    from compare.resume.journal import Journal


def main(argv: Sequence[str]) -> int:
    """Runs a comparison and returns the exit status.

    Raises:
      UsageError: if something cannot be as asked; no result in --out was touched then.
    """
    config = config_from_argv(argv)
    _prepare_jax(config)
    with UserFiles() as files:
        found = _compare(config, files)
    if found is None:
        return EXIT_STATUS["agree"]
    from compare.report.text.report import format_report

    report, names = found
    width = terminal_width()
    colours = os.environ.get("NO_COLOR", "") == "" and sys.stdout.isatty()
    print(format_report(report, width=width, verbose=config.verbose, colours=colours) + "\n")
    print_written(names)
    if not config.verbose:
        print("How this was found, with every word explained: --verbose")
    warned = bool(report.warnings)
    return status_of_verdict(report.verdict, warned=warned, fail_on=config.fail_on)


def _compare(config: Config, files: UserFiles) -> "tuple[Report, Sequence[str]] | None":
    """Compares and writes; returns the report and all files, or None if another process does."""
    from compare.implementations.baseline import read_baseline
    from compare.implementations.user.brought import from_flags
    from compare.implementations.user.module_flag import with_module
    from compare.problem.problem import make_problems
    from compare.report.outputs import Outputs
    from compare.resume.folder import discard
    from compare.resume.journal import Journal
    from compare.resume.processes import are_several, join, leave

    config, module = with_module(config)
    problems = make_problems(config, module.params).with_biases(module.biases)
    brought = from_flags(config, problems, module.implementations)
    several = are_several(config)
    if not several:
        brought = brought.called()
    problem = brought.problem
    config = problem.complete_config(config)
    baseline = None if config.baseline is None else read_baseline(config.baseline, problem)
    outputs = Outputs(config, problem, brought.implementations)
    if config.restart:
        discard(config.out)
    share = join(config)  # waits until all processes are here
    if several:  # what is brought may use JAX, which must not compute before
        brought = brought.called()

    own, kept = brought.implementations, share.processes > 1
    examine = functools.partial(_examine, problem, config, own, baseline, kept=kept)
    gradients, weights = outputs.need_gradients, module.params
    with Journal(config, share, files, gradients=gradients, weights=weights) as journal:
        try:
            if not share.first:
                examine(journal)
                journal.wait_for_report()
                leave()
                return None
            with outputs:
                report = _report(examine(journal), journal, outputs, brought)
                journal.keep_others_out()
                check_signals()  # none was lost; from here on the files appear
        except KeyboardInterrupt:
            raise journal.interrupted() from None
        journal.finish(outputs.names)
    leave()
    return report, outputs.names


def _examine(
    problem: "Problem",
    config: Config,
    own: "Sequence[Implementation]",
    baseline: "Baseline | None",
    journal: "Journal",
    *,
    kept: bool,
) -> "Examination":
    """Examines blocks that are not done yet, and shows how far it is.

    What was found is `kept` on disk for the process that reports, or if some of it is there.
    """
    from compare.pipeline.compare import examine_problem
    from compare.report.reckoning import Reckoning

    reckoning = Reckoning(long=config.long)
    with Progress(None if config.quiet else sys.stderr) as progress:

        def show(*_: object) -> None:
            progress.update(journal.samples, journal.total)
            reckoning.update(journal.samples, journal.total)

        options: dict[str, Any] = {"brought": own, "baseline": baseline, "journal": journal}
        examined = examine_problem(problem, config, on_block=show, **options)
    if kept or journal.saved is not None:
        journal.save(examined.evidence, complete=True)
    return examined


def _report(
    examined: "Examination", journal: "Journal", outputs: "Outputs", brought: "Brought"
) -> "Report":
    """Returns the report on the blocks of all processes, and writes it."""
    from compare.pipeline.conclusion import report_of

    journal.add_others(examined.evidence)
    report = report_of(examined, weights=brought.weights, doubt=brought.doubt)
    stems = {one.name: one.file_stem for one in examined.taking_part}
    outputs.write(report, journal.blocks(examined), stems)
    return report


def _prepare_jax(config: Config) -> None:
    """Sets what jax reads when it is first imported; what the user has set stays."""
    if config.device.startswith("cpu"):
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # torch needs room beside it
    if config.deterministic:
        flags = [*os.environ.get("XLA_FLAGS", "").split(), "--xla_gpu_deterministic_ops=true"]
        os.environ["XLA_FLAGS"] = " ".join(dict.fromkeys(flags))  # the same if it is run again
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if os.path.isabs(caches):  # "~" stays where there is no home
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.join(caches, "jaxmlp"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "0")


if __name__ == "__main__":
    exit_with(main, "compare.run")
