"""What came out of random correct networks of one kind of arithmetic, counted."""

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from compare.evidence.batches.check import BatchCheck
from compare.evidence.certificate.certificate import Certificate
from compare.evidence.differences.bounds import BoundRatio
from compare.numbers import counted
from compare.selftest.random_networks import Program


@dataclasses.dataclass
class Tally:
    """What came out for one kind of arithmetic."""

    programs: int = 0
    networks: int = 0
    tried: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)  # see `tried`
    samples: Counter[str] = dataclasses.field(default_factory=Counter)
    alarms: int = 0
    ratio: float = 0.0
    bound_ratio: float = 0.0
    entries: int = 0
    vacuous: int = 0
    one_sided: int = 0  # entries that are finite on one side only
    batches: Counter[str] = dataclasses.field(default_factory=Counter)
    batch_ratio: float = 0.0

    def add_network(self, program: Program, *, is_reduced: bool) -> None:
        """Counts a network by its end, by what its layers have, and by its reduction if judged."""
        made, reduction = program.network, program.reduction
        biases = "all" if not made.biases else "some" if any(made.biases) else "none"
        kinds = len(set(made.activations))
        self.networks += 1
        self.tried["ends", f"{made.output} {made.loss}"] += 1
        self.tried["penalties", f"{made.l2:g}"] += 1
        self.tried["biases", biases] += 1
        self.tried["activations", "mixed" if kinds > 1 else "alike" if kinds else "none"] += 1
        if is_reduced:
            self.tried["reductions", reduction.kind] += 1
            self.tried["batches", f"of {reduction.size}"] += 1

    def add_certificate(self, certificate: Certificate) -> str | None:
        """Counts the samples of a certificate; returns what is wrong, if anything."""
        for name in ("certified", "failed", "silent", "at_kink"):
            self.samples[name] += getattr(certificate, name)
        self.ratio = max(self.ratio, certificate.worst_ratio or 0)
        self.alarms += bool(certificate.failed)
        return str(certificate) if certificate.failed else None

    def add_bound(self, bound: BoundRatio) -> str | None:
        """Counts the entries of a bound; returns what is wrong, if anything."""
        self.bound_ratio = max(self.bound_ratio, bound.worst_ratio)
        self.entries += bound.entries
        self.vacuous += bound.vacuous
        self.one_sided += bound.one_sided
        wrong = bound.worst_ratio > 1 or bound.unexplained > 0
        self.alarms += wrong
        return str(bound) if wrong else None

    def add_batches(self, check: BatchCheck) -> bool:
        """Counts batches; returns whether one has failed or is doubtful."""
        self.batches["right"] += check.batches - check.failed
        self.batches["failed"] += check.failed
        self.batches["doubtful"] += check.first_doubt is not None
        self.batches["not finite"] += check.first_unknown is not None
        self.batch_ratio = max(self.batch_ratio, check.worst.ratio if check.worst else 0)
        wrong = check.failed > 0 or check.first_doubt is not None
        self.alarms += wrong
        return wrong

    def lines(self, kind: str) -> Iterator[str]:
        """Yields what came out, without the number of alarms."""
        yield f"{self.networks:,} networks in {kind}, of {counted(self.programs, 'program')}:"
        yield f"  {_counts(self.samples)} samples; largest ratio {self.ratio:.3f}"
        if self.entries:
            yield (
                f"  end to end: largest ratio {self.bound_ratio:.3f}, vacuous in "
                f"{self.vacuous / self.entries:.1%} of {self.entries:,} entries, "
                f"{self.one_sided:,} overflowed on one side"
            )
        if self.batches:
            yield f"  batches: {_counts(self.batches)}; largest ratio {self.batch_ratio:.3f}"


def tried(tallies: Iterable[Tally]) -> Iterator[str]:
    """Yields how many networks had which end, penalty, biases, activations and reduction."""
    total: Counter[tuple[str, str]] = Counter()
    for one in tallies:
        total.update(one.tried)
    for what in dict.fromkeys(what for what, _ in total):
        counts = {name: n for (of, name), n in sorted(total.items()) if of == what}
        yield f"{what}: {_counts(counts)}"


def _counts(of: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in of.items())
