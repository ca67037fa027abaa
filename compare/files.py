"""`python -m compare.files A B`: compares the numbers of two files."""

import dataclasses
from collections.abc import Sequence

from compare.errors import UsageError
from compare.options.exit_status import EXIT_STATUS, exit_with
from compare.options.option import integer, rows
from compare.options.parse import parse
from compare.options.streams import terminal_width
from compare.quoting import quoted

USAGE = """\
Compares the numbers of two files.

  python -m compare.files out/my_autograd.dat out/torch_autograd.dat
  python -m compare.files --digits=7 mine.txt theirs.txt

A file is a dump of compare.run, numbers as people print them (tensor([[...]]),
array([...]), lists, JSON, tables, or lines of numbers), arrays (.npy, .npz,
.pt, .pth, .ckpt, .bin, .safetensors, .msgpack), or a folder with an array in
each file. Arrays are matched by name if both files name the same parameters, else by
order or by size. Printed numbers agree as well if their difference is within
what was rounded off in print; if an array shows no number of two digits, it is
undecided. Where files disagree, the relation that explains every number is
named, if there is one.

Exit status: 0 agree, 2 disagree, 3 undecided, 1 wrong usage or a crash."""


@dataclasses.dataclass(frozen=True)
class Options:
    """The flags of the command."""

    digits: int = integer(5, "Significant digits to which all numbers must agree.", at_least=1)


def main(argv: Sequence[str]) -> int:
    """Compares two files, prints the result and returns the exit status.

    Raises:
      UsageError: if a file cannot be read, or one holds more numbers than the other.
    """
    parsed = parse(argv, rows(Options), usage=USAGE)
    options, words = Options(**parsed.values), parsed.words
    if len(words) != 2:
        got = ": " * bool(words) + " ".join(map(repr, words))
        raise UsageError(f"expected two files, got {len(words)}{got}")
    from compare.report.text.files import compare_files  # late: from here on an interrupt is told

    verdict, text = compare_files(words, options.digits, terminal_width())
    print(quoted(text))
    return EXIT_STATUS[verdict]


if __name__ == "__main__":
    exit_with(main, "compare.files")
