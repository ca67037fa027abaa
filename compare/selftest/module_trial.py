"""Torch modules beside themselves, compiled and in JAX, and with mistakes planted in them."""

import itertools
import time
from collections.abc import Iterator, Sequence

import torch

from compare.errors import UsageError
from compare.function_api import compare_functions
from compare.function_results import Standing
from compare.selftest.everyday.evaluation import jax_as_it_comes
from compare.selftest.module_mistakes import MISTAKES, Mistake
from compare.selftest.module_tally import Outcome, Tally, joined, outcome_of, tally_of
from compare.selftest.modules import MODULES, Example
from compare.selftest.modules.programs import correct_programs, why_not_compiled
from torch_ref.convert import to_array

DTYPES = (torch.float32, torch.bfloat16)
_LEAST_PLACED = 0.95  # of the mistakes
_LEAST_NAMED = 0.8
_HEADER = (
    "                           compared certified float64 undecided  eager compiled    jax  torch"
    " typical  seconds  alarms"
)


def try_modules(seeds: int, *, seed: int) -> int:
    """Tries so many draws of every module, and all mistakes in one; returns a status."""
    if refusal := why_not_compiled():
        print(f"torch.compile is left out: {refusal}\n")
    print(_HEADER)
    refused: dict[Example, str] = {}
    tallies: dict[Example, Tally] = {}
    for example in MODULES:
        try:
            tallies[example] = try_module(example, range(seed, seed + seeds))
            print(_row(example, tallies[example]), flush=True)
        except UsageError as error:
            refused[example] = str(error)
            print(f"{example.name:26s} refused: {error}", flush=True)
    print()
    outcomes = _tried_mistakes([example for example in MODULES if example in tallies], seed=seed)
    unmeant = [one for one, said in refused.items() if not one.refused or one.refused not in said]
    alarms = sum(len(tally.alarms) for tally in tallies.values())
    _print_summary(tallies, len(refused) - len(unmeant), alarms, outcomes)
    placed = sum(one.is_placed for one in outcomes)
    named = sum(one.is_named for one in outcomes)
    is_well = placed >= _LEAST_PLACED * len(outcomes) and named >= _LEAST_NAMED * len(outcomes)
    has_failed = alarms or unmeant or not is_well or any(one.is_misnamed for one in outcomes)
    return 2 if has_failed else 0


def try_module(example: Example, seeds: Sequence[int]) -> Tally:
    """Compares correct programs with a module.

    Raises:
      UsageError: for a module that is no reference.
    """
    total, start = Tally(), time.perf_counter()
    for seed, dtype in itertools.product(seeds, DTYPES):
        label = f"{example.name}, seed {seed}, {str(dtype).removeprefix('torch.')}"
        for standing in _compared(example, seed, dtype):
            total = joined(total, tally_of(label, standing))
    torch.compiler.reset()
    return total._replace(seconds=time.perf_counter() - start)


def _compared(example: Example, seed: int, dtype: torch.dtype) -> Iterator[Standing]:
    """Holds correct programs against a module, and the module against its twin."""
    built = example.build(seed).cast(dtype)
    programs = correct_programs(example, built.module, with_compiled=not why_not_compiled())
    with jax_as_it_comes():
        yield from compare_functions(built.module, programs, *built.inputs, seed=seed).candidates
        if example.twin is not None:
            state = {name: to_array(one) for name, one in built.state.items()}
            inputs = map(to_array, built.inputs)
            beside = {"torch": built.module}
            yield from compare_functions(example.twin, beside, state, *inputs, seed=seed).candidates


def try_mistakes(example: Example, mistakes: Sequence[Mistake], *, seed: int) -> list[Outcome]:
    """Compares a module in float32 with itself, once with each mistake."""
    if not mistakes:
        return []
    module, inputs = example.build(seed)
    planted = {mistake.name: example.build(seed).module for mistake in mistakes}
    for mistake in mistakes:
        mistake.plant(planted[mistake.name])
    report = compare_functions(module, planted, *inputs, seed=seed)
    pairs = zip(mistakes, report.candidates, strict=True)
    return [outcome_of(mistake, standing) for mistake, standing in pairs]


def _tried_mistakes(examples: Sequence[Example], *, seed: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for example in examples:
        planted = [mistake for mistake in MISTAKES if mistake.module == example.name]
        found = try_mistakes(example, planted, seed=seed)
        for one in found:
            if not one.is_placed:
                print(f"{'elsewhere' if one.is_found else 'missed'}: {one.words}", flush=True)
            elif one.verdict != "disagree":
                print(f"by a warning: {one.words}", flush=True)
            if one.is_misnamed:
                print(f"named otherwise: {one.words}: {one.reason}", flush=True)
        outcomes += found
    return outcomes


def _row(example: Example, tally: Tally) -> str:
    shares = [
        f"{share:{width}.3f}" if share else f"{'-':>{width}}"
        for share, width in zip(tally.used, (6, 8, 6, 6), strict=True)
    ]
    lines = [
        f"{example.name:26s} {tally.compared:8d} {tally.certified:9d} {tally.in_float64:7d} "
        f"{tally.undecided:9d} {' '.join(shares)} {tally.unlikely:7.3f} {tally.seconds:8.1f} "
        f"{len(tally.alarms):7d}"
    ]
    return "\n".join([*lines, *tally.alarms])


def _print_summary(
    tallies: dict[Example, Tally], meant: int, alarms: int, outcomes: Sequence[Outcome]
) -> None:
    compared = sum(tally.compared for tally in tallies.values())
    undecided = sum(tally.undecided for tally in tallies.values())
    placed = [one for one in outcomes if one.is_placed]
    warned = sum(one.verdict != "disagree" for one in placed)
    found = sum(one.is_found for one in outcomes)
    print(f"modules: {len(tallies)} of {len(MODULES)}; refused, as they are meant to be: {meant}")
    print(f"correct programs compared: {compared}; undecided: {undecided}; alarms: {alarms}")
    named = sum(one.is_named for one in outcomes)
    left = sum(one.reason is None for one in outcomes)
    wrongly = sum(one.is_misnamed for one in outcomes)
    print(
        f"mistakes: {len(outcomes)}; found where they begin: {len(placed)}, {warned} of them by a "
        f"warning; elsewhere: {found - len(placed)}; missed: {len(outcomes) - found}"
    )
    print(f"of these named: {named}; named otherwise: {wrongly}; not named: {left}")
