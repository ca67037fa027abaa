"""`python -m compare.selftest`: does the verdict find mistakes, and leave the correct alone?"""

import dataclasses
import importlib
from collections.abc import Sequence
from types import MappingProxyType

from compare.errors import UsageError
from compare.options.exit_status import exit_with
from compare.options.option import choice, flag, integer, rows, text
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

What roundoff says, and what libraries compute:

  python -m compare.selftest --primitives=1000000
      so many numbers of every primitive, by JAX, NumPy and torch, against
      mpmath and long doubles
  python -m compare.selftest --sums=3
      sums of 1 to 100,000 terms in every order, so many draws of each kind
  python -m compare.selftest --functions=10
      everyday functions and their gradients, by JAX and torch, so many draws
      of each, and how wide their bounds are
  python -m compare.selftest --composed=1000
      so many random programs of all primitives and their gradients, by JAX and
      by an evaluator that rounds at random
  python -m compare.selftest --costs=1000000
      the largest errors of mathematical functions, in ulps, with their
      arguments, of so many numbers

What compare_functions says of torch modules:

  python -m compare.selftest --modules=5
      some 30 modules beside themselves, compiled and in JAX, so many draws of
      each, and 70 mistakes planted in them

What it says of ports:

  python -m compare.selftest --ports="*"
      24 ports of torch modules to Flax, Equinox and Haiku, and some 80 mistakes
      planted in them
  python -m compare.selftest --ports="cnn*Haiku"
      those whose names match

What compare_steps says of training runs:

  python -m compare.selftest --training=50
      20 trainings by torch and optax that are right, so many steps of each, and
      some 30 mistakes planted in optimizers

Exit status: 0 if every gross mistake is found, none is explained wrongly,
nothing correct alarms and no bound or cost is exceeded, and of mistakes in
modules, ports and optimizers 95 % are found where they begin, 80 % are named
and none wrongly; 2 if not; 1 wrong usage or a crash."""

# option -> the module and the function of its trial, which takes its value and returns a status
_TRIALS = MappingProxyType(
    {
        "primitives": ("primitive_trial", "try_primitives"),
        "sums": ("sum_trial", "try_sums"),
        "functions": ("function_trial", "try_functions"),
        "composed": ("composed_trial", "try_composed"),
        "costs": ("costs", "try_costs"),
        "modules": ("module_trial", "try_modules"),
        "ports": ("port_trial", "try_ports"),
        "training": ("training_trial", "try_training"),
    }
)


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
    sums: int = integer(
        0,
        "How many draws of sums of every kind and length to hold against their bounds instead.",
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
    modules: int = integer(
        0,
        "How many draws of every torch module to compare with programs that are right instead.",
        at_least=0,
    )
    ports: str = text(
        "",
        "PATTERN",
        "Which ports of torch modules to compare with them instead, by their names.",
    )
    training: int = integer(
        0,
        "How many steps of every training that is right to compare instead.",
        at_least=0,
    )
    seed: int = integer(0, "Of weights and samples.", at_least=0)


def main(argv: Sequence[str]) -> int:
    """Runs one trial, prints what came out, and returns a status.

    Raises:
      UsageError: for options of several trials.
    """
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words()
    options = Options(**parsed.values)
    chosen = [name for name in ("correct_networks", *_TRIALS) if parsed.values[name]]
    if len(chosen) > 1:
        names = " and ".join(f"--{name}" for name in chosen)
        raise UsageError(f"expected one trial at a time, got {names}; run them one by one")
    if options.device != "cpu" and not options.correct_networks:
        raise UsageError("--device: expected --correct_networks beside it, got none; pass both")
    if chosen and chosen[0] in _TRIALS:
        module, function = _TRIALS[chosen[0]]
        trial = getattr(importlib.import_module(f"compare.selftest.{module}"), function)
        return int(trial(parsed.values[chosen[0]], seed=options.seed))
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
