"""The places of a program as a tree of its submodules, whose names are parted by dots."""

import dataclasses
import re
from collections.abc import Iterator, Sequence

from compare.report.document import Json

_FORWARD = ("forward", "output", "statistic")  # the others are of the backward pass


@dataclasses.dataclass
class Module:
    """A submodule, or what is named beneath one.

    Attributes:
      name: the last part of its path, or several where there is nothing between them.
      checks: of it alone, in the order of the data.
      parts: what is beneath it, in the order in which the data comes by.
    """

    name: str
    checks: list[Json] = dataclasses.field(default_factory=list)
    parts: dict[str, "Module"] = dataclasses.field(default_factory=dict)

    def every(self) -> Iterator[Json]:
        """Yields its checks and those of all beneath it."""
        yield from self.checks
        for part in self.parts.values():
            yield from part.every()

    def of(self, *, backward: bool) -> list[Json]:
        """Returns all of these that are of one direction, outputs being forward."""
        return [one for one in self.every() if (one["kind"] not in _FORWARD) == backward]

    def holds(self, check: Json) -> bool:
        """Whether a check is of it, or of what is beneath it."""
        return any(one is check for one in self.every())


def tree_of(checks: Sequence[Json]) -> Module:
    """Returns the tree of the places and results of a program."""
    root = Module("")
    for check in checks:
        at = root
        for part in _path(check["name"]):
            at = at.parts.setdefault(part, Module(part))
        at.checks.append(check)
    return Module("", root.checks, {name: _joined(one) for name, one in root.parts.items()})


def _path(name: str) -> list[str]:
    """Returns the parts of a name, in which what stands in brackets is whole."""
    return re.findall(r"(?:[^.\[]|\[[^\]]*\]?)+", name) or [name]


def _joined(module: Module) -> Module:
    """Returns a module that is the one of its parent joined with it: 'encoder.layers'."""
    parts = {name: _joined(one) for name, one in module.parts.items()}
    if not module.checks and len(parts) == 1:
        (only,) = parts.values()
        return dataclasses.replace(only, name=f"{module.name}.{only.name}")
    return dataclasses.replace(module, parts=parts)
