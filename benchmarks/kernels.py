"""`python -m benchmarks.kernels`: which rule finds which mistake of a kernel."""

import dataclasses
from collections.abc import Mapping, Sequence

from benchmarks.kernel_mistakes import KERNELS
from benchmarks.kernel_rules import ASSERTED, BY_DIFFERENCES, BY_RESULTS, Judged
from compare.options.exit_status import exit_with
from compare.options.option import flag, rows
from compare.options.parse import parse

USAGE = """\
Plants 39 mistakes in four float32 kernels, forward and backward, and counts
which rules find them, and which rules find one in a kernel that is right.
Arguments are drawn three times: a rule finds what it objects to in any of them.

  python -m benchmarks.kernels          the table
  python -m benchmarks.kernels --all    every mistake as well
  python -m benchmarks.kernels --quick  of arguments drawn once

Goals for assert_within_rounding: at least 35 of the 39, and none where there is none.

Exit status: 0 if they are reached; 1 if not, wrong usage or a crash."""

Objections = Mapping[tuple[str, str], Mapping[str, tuple[bool, ...]]]  # by kernel and mistake, rule
FACTORS = (1e-3, 1.0, 1e3)  # of the cotangents
_RIGHT = "(right)"  # the name of no mistake
_LEAST = 35  # mistakes that are to be found


@dataclasses.dataclass(frozen=True)
class Options:
    """What to print."""

    all: bool = flag("Print which rules find each mistake, too.")
    quick: bool = flag("Draw arguments once.")


def main(argv: Sequence[str]) -> int:
    """Plants, judges and prints."""
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words()
    options = Options(**parsed.values)
    found = {
        (name, mistake): rules
        for name in KERNELS
        for mistake, rules in objections(name, 1 if options.quick else 3).items()
    }
    if options.all:
        print(*_each(found), sep="\n", end="\n\n")
    print(*table(found), sep="\n")
    counts, alarms = (_counts(found, ASSERTED, of_right=one) for one in (False, True))
    return 0 if min(counts) >= _LEAST and not any(alarms) else 1


def objections(name: str, draws: int) -> dict[str, dict[str, tuple[bool, ...]]]:
    """Judges a kernel and each of its mistakes by every rule.

    Returns:
      Of each mistake, '(right)' for none, and each rule: whether it objects to one of the draws,
      for every factor of the cotangents; or whether it objects, if it draws cotangents itself.
    """
    kernel = KERNELS[name]
    steps = {_RIGHT: kernel.right, **kernel.mistakes}
    judged, found = Judged(kernel, steps), []
    for factor in FACTORS:
        for seed in range(draws):
            case = judged.case(factor, seed)
            answers = judged.answers(case)
            found.append(
                {
                    (mistake, rule): objects(case, answer)
                    for mistake, answer in answers.items()
                    for rule, objects in BY_RESULTS.items()
                }
            )
    return {
        mistake: {
            rule: _in_any([one[mistake, rule] for one in found], draws) for rule in BY_RESULTS
        }
        | {rule: (objects(kernel, one),) for rule, objects in BY_DIFFERENCES.items()}
        for mistake, one in steps.items()
    }


def _in_any(objections: Sequence[bool], draws: int) -> tuple[bool, ...]:
    return tuple(any(objections[i : i + draws]) for i in range(0, len(objections), draws))


def table(found: Objections) -> list[str]:
    """Returns the lines that count, by rule, the mistakes found and the right kernels alarmed."""
    right = sum(mistake == _RIGHT for _, mistake in found)
    head = f"{len(found) - right} mistakes found", f"{right} right ones alarmed"
    factors = " / ".join(f"{factor:g}" for factor in FACTORS)
    lines = [f"{'':44}{head[0]:>20}{head[1]:>24}"]
    lines.append(f"{'cotangents times':44}{factors:>20}{factors:>24}")
    for rule in next(iter(found.values())):
        cells = [" / ".join(map(str, _counts(found, rule, of_right=one))) for one in (False, True)]
        lines.append(f"{rule:44}{cells[0]:>20}{cells[1]:>24}")
    return lines


def _counts(found: Objections, rule: str, *, of_right: bool) -> list[int]:
    chosen = (
        rules[rule] for (_, mistake), rules in found.items() if (mistake == _RIGHT) is of_right
    )
    return [sum(one) for one in zip(*chosen, strict=True)]


def _each(found: Objections) -> list[str]:
    rules = list(next(iter(found.values())))
    head = [f"{i}  {rule}" for i, rule in enumerate(rules, start=1)]
    width = 7  # of a cell: a mark for each factor
    columns = "".join(f"{i:<{width}}" for i in range(1, len(rules) + 1)).rstrip()
    rows = [
        f"{f'{name}: {mistake}':60}"
        + "".join(f"{''.join('-x'[one] for one in marks[rule]):{width}}" for rule in rules).rstrip()
        for (name, mistake), marks in found.items()
    ]
    return [*head, "", f"{'x: the rule objects':60}{columns}", *rows]


if __name__ == "__main__":
    exit_with(main, "benchmarks.kernels")
