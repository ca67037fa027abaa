"""What names of weights tell: the module that one is in, and what it is there."""

import functools
import re
from collections.abc import Iterable, Sequence

_ROLES = {
    "weight": "weight|weights|kernel|scale|gamma|embedding|embeddings|w",
    "bias": "bias|beta|offset|b",
    "mean": "mean",
    "variance": "var|variance",
}
_PARTS = {role: re.compile(f"(^|_)({leaves})(_|$)") for role, leaves in _ROLES.items()}
_AVERAGE = "average"  # of Haiku, in a module that says of what
_PARTS_OF_ATTENTION = {
    "queries": {"query", "queries", "q"},
    "keys": {"key", "keys", "k"},
    "values": {"value", "values", "v"},
}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def module_of(name: str) -> str:
    """Returns the module of a weight; '' is the model."""
    return name.rpartition(".")[0]


def leaf_of(name: str) -> str:
    """Returns the name of a weight within its module."""
    return name.rpartition(".")[2]


@functools.cache
def role_of(name: str) -> str | None:
    """Returns what a weight is in its module: 'weight', 'bias', 'mean', 'variance', if known."""
    leaf = leaf_of(name)
    if leaf == _AVERAGE:
        leaf = leaf_of(module_of(name))
    return next((role for role, part in _PARTS.items() if part.search(leaf)), None)


def beside_weight(name: str) -> str | None:
    """Returns the name that the bias beside a weight has: 'bias_ih_l0' for 'weight_ih_l0'."""
    module, dot, leaf = name.rpartition(".")
    bias = re.sub(r"weight|kernel|scale|gamma|^w$", _bias_of, leaf)
    return None if bias == leaf else f"{module}{dot}{bias}"


@functools.cache
def modules_around(name: str) -> tuple[str, ...]:
    """Returns the modules that a weight is in, the innermost first, without the model itself."""
    found, module = [], module_of(name)
    while module:
        found.append(module)
        module = module_of(module)
    return tuple(found)


def attention_part_of(name: str) -> str | None:
    """Returns 'queries', 'keys' or 'values' if a name says that a weight makes them."""
    words = name.lower().replace(".", "_").split("_")
    return next((part for part, said in _PARTS_OF_ATTENTION.items() if said & {*words}), None)


def likeness(own: str, theirs: str) -> tuple[int, int]:
    """Returns how much two names have in common: their role, and words of their modules.

    Numbers tell nothing here: one program counts from 0 and another from 1.
    """
    roles = role_of(own), role_of(theirs)
    if None in roles:
        same_role = int(leaf_of(own) == leaf_of(theirs))
    else:
        same_role = 2 if roles[0] == roles[1] else -1
    common = _words(module_of(own)) & _words(module_of(theirs))
    return same_role, len({word for word in common if not word.isdigit()})


def numbered_alike(own: Iterable[str], theirs: Iterable[str]) -> set[str]:
    """Returns the names of modules that both programs have with the same numbers: 'ln #'.

    Args:
      own: names of weights of the candidate.
      theirs: of the reference.
    """
    mine, others = _numbers_of(own), _numbers_of(theirs)
    return {stem for stem, names in mine.items() if names == others.get(stem)}


@functools.cache
def innermost(name: str) -> str:
    """Returns the words and numbers of the module that a weight is in: 'ln 1' of 'h.0.ln1.bias'.

    What has only a number belongs to what is around it: 'layers 0' of 'net.layers.0.bias'.
    """
    words: list[str] = []
    for part in reversed(name.split(".")[:-1]):
        words = _WORD.findall(part.lower()) + words
        if any(not word.isdigit() for word in words):
            break
    return " ".join(words)


def without_numbers(name: str) -> str:
    """Returns a name with # for each number."""
    return re.sub("[0-9]+", "#", name)


def _numbers_of(names: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(without_numbers(innermost(name)), set()).add(innermost(name))
    return found


def in_order(names: Iterable[str], every: Sequence[str]) -> list[str]:
    """Sorts names in the order of a program, and by number those that differ in their numbers."""
    first: dict[str, int] = {}
    for place, name in enumerate(every):
        first.setdefault(without_numbers(name), place)

    def key(name: str) -> tuple[int, list[int]]:
        numbers = [int(digits) for digits in re.findall("[0-9]+", name)]
        return first[without_numbers(name)], numbers

    return sorted(names, key=key)


def _bias_of(weight: re.Match[str]) -> str:
    return {"gamma": "beta", "w": "b"}.get(weight.group(), "bias")


@functools.cache
def _words(module: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(module))
