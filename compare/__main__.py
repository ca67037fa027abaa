"""`python -m compare`: names the commands."""

import sys
from collections.abc import Sequence

COMMANDS = """\
python -m compare.run        are these gradients the same, and if not, who is wrong?
python -m compare.functions  the same of any functions, layers and kernels
python -m compare.files      are the numbers of two files the same?
python -m compare.graph      the graph of a gradient, node by node
python -m compare.rounding   what rounding can do to a JAX function
python -m compare.report     a page and figures from a report.json
python -m compare.selftest   trials of the comparison itself

Each has --help."""


def main(argv: Sequence[str]) -> int:
    """Prints the commands; returns 1 if something was to be done."""
    asked = set(argv[1:]) <= {"-h", "--help"}
    print(COMMANDS, file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
