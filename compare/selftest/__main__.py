"""`python -m compare.selftest`: does the verdict find mistakes, and leave the correct alone?"""

from collections.abc import Sequence

from absl import flags

from compare.errors import UsageError
from compare.options import command_line

USAGE = """\
Plants mistakes in a backward and counts who finds them: our verdict and the fixed rules of others.

  python -m compare.selftest                          the mistakes, about a minute
  python -m compare.selftest --correct_networks=10000 random correct networks: any alarm is false

Exit status: 0 if every gross mistake is found, none is explained wrongly and nothing correct
alarms; 2 if not; 1 wrong usage or a crash."""


def main(argv: Sequence[str]) -> int:
    """Runs a trial of mistakes or of correct networks, prints what came out, returns a status."""
    values = flags.FlagValues()
    command_line.define_integer(
        "correct_networks",
        0,
        "How many random correct networks to try instead, a fifth as many in other arithmetics.",
        values,
        at_least=0,
    )
    flags.DEFINE_bool(
        "printed",
        False,
        "Print their gradients to 2 to 9 digits or decimals first, and certify what can be read.",
        flag_values=values,
    )
    command_line.define_integer("seed", 0, "Of weights and samples.", values, at_least=0)
    own = ("correct_networks=N", "printed", "seed=N", "flagfile=FILE", "help")
    words = command_line.parse(argv, values, usage=USAGE, sections={"Flags": own})
    if words:
        raise UsageError(f"expected flags only, got {' '.join(map(repr, words))}")
    if values.correct_networks:
        from compare.selftest.false_alarms import try_correct_networks

        return try_correct_networks(
            values.correct_networks, seed=values.seed, printed=values.printed
        )
    from compare.selftest.trials import try_mistakes

    return try_mistakes(seed=values.seed)


if __name__ == "__main__":
    command_line.exit_with(main, "compare.selftest")
