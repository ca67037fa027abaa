"""What a run may do in the place of what its reference does."""

import dataclasses
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from compare.steps.rules.rule import Rule
from compare.steps.rules.shares import Steps

Change = Callable[[Steps, Collection[str]], Steps | None]  # of the weights that are named


class Assumption(NamedTuple):
    """One change of what the reference does.

    Attributes:
      sentence: what a run does, and what the reference does.
      change: returns the steps with what would then be done; None if that is the same.
    """

    sentence: str
    change: Change


def by_rule(change: Callable[[Rule], Rule]) -> Change:
    """Returns a change of rules, one by one."""

    def changed(steps: Steps, names: Collection[str]) -> Steps | None:
        made = [
            {name: change(rule) if name in names else rule for name, rule in one.rules.items()}
            for one in steps
        ]
        pairs = list(zip(steps, made, strict=True))
        if all(one.rules == rules for one, rules in pairs):
            return None
        return [dataclasses.replace(one, rules=rules) for one, rules in pairs]

    return changed


def where(condition: Callable[[Rule], object], **fields: Any) -> Change:
    """Returns a change of fields of the rules that have a property."""
    return by_rule(lambda rule: dataclasses.replace(rule, **fields) if condition(rule) else rule)
