"""`python -m compare.selftest`: does the verdict find mistakes, and leave the correct alone?"""

import dataclasses
from collections.abc import Sequence

from compare.errors import UsageError
from compare.options.exit_status import exit_with
from compare.options.option import choice, flag, integer, rows
from compare.options.parse import parse

USAGE = """\
Plants mistakes in a program and counts who finds them, our verdict and the
fixed rules of others, and whether what we say of them is right.

  python -m compare.selftest
      the mistakes, some minutes
  python -m compare.selftest --listed
      the same, and what was not explained in full
  python -m compare.selftest --correct_networks=10000
      random correct networks: any alarm is false
  python -m compare.selftest --correct_networks=500 --device=gpu
      the same on a GPU, in TF32 too
  python -m compare.selftest --primitives=1000000
      what roundoff bounds: JAX, NumPy and torch against mpmath, so many numbers
      of each primitive
  python -m compare.selftest --functions=10
      everyday functions and their gradients, so many draws of each: JAX and torch
      against the bounds of roundoff, and how wide those are
  python -m compare.selftest --composed=1000
      so many random programs of roundoff's primitives and their gradients: JAX, and
      roundings at random, against their bounds
  python -m compare.selftest --costs=1000000
      what mathematical functions cost there: the largest errors in ulps, with
      their arguments, of so many numbers, some minutes

Exit status: 0 if every gross mistake is found, none is explained wrongly,
nothing correct alarms and no bound or cost is exceeded; 2 if not; 1 wrong usage or a
crash."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What to try."""

    correct_networks: int = integer(
        0,
        "How many random correct networks to try instead, a fifth as many in other arithmetics.",
        at_least=0,
    )
    printed: bool = flag(
        "Print their gradients to 2 to 9 digits or decimals first, and certify what can be read."
    )
    device: str = choice(
        "cpu",
        ("cpu", "gpu"),
        "Where JAX and torch compute random correct networks: cpu, or gpu for the first of each.",
    )
    listed: bool = flag("List the mistakes that are explained in part or not at all.")
    primitives: int = integer(
        0,
        "How many numbers of every primitive of roundoff to hold against the truth instead.",
        at_least=0,
    )
    functions: int = integer(
        0,
        "How many draws of every everyday function to hold against its bounds instead.",
        at_least=0,
    )
    composed: int = integer(
        0,
        "How many random programs of many primitives to hold against their bounds instead.",
        at_least=0,
    )
    costs: int = integer(
        0,
        "How many arguments of every mathematical function to measure the errors of instead.",
        at_least=0,
    )
    seed: int = integer(0, "Of weights and samples.", at_least=0)


def main(argv: Sequence[str]) -> int:
    """Runs a trial of mistakes or of correct networks, prints what came out, returns a status."""
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words()
    options = Options(**parsed.values)
    if options.device != "cpu" and not options.correct_networks:
        raise UsageError("--device: expected --correct_networks beside it, got none; pass both")
    if options.primitives:
        from compare.selftest.primitive_trial import try_primitives

        return try_primitives(options.primitives, seed=options.seed)
    if options.functions:
        from compare.selftest.function_trial import try_functions

        return try_functions(options.functions, seed=options.seed)
    if options.composed:
        from compare.selftest.composed_trial import try_composed

        return try_composed(options.composed, seed=options.seed)
    if options.costs:
        from compare.selftest.costs import try_costs

        return try_costs(options.costs, seed=options.seed)
    if options.correct_networks:
        from compare.selftest.correct_networks import try_correct_networks

        return try_correct_networks(
            options.correct_networks,
            seed=options.seed,
            printed=options.printed,
            device=options.device,
        )
    from compare.selftest.planted_mistakes import try_mistakes

    return try_mistakes(seed=options.seed, listed=options.listed)


if __name__ == "__main__":
    exit_with(main, "compare.selftest")
