"""What names of weights tell: the module that one is in, and what it is there."""

import re
from collections.abc import Iterable, Sequence

_ROLES = {
    "weight": "weight|weights|kernel|scale|gamma|embedding|embeddings|w",
    "bias": "bias|beta|offset|b",
    "mean": "mean",
    "variance": "var|variance",
}
_PARTS = {role: re.compile(f"(^|_)({leaves})(_|$)") for role, leaves in _ROLES.items()}
_AVERAGES = ("average", "hidden")  # of Haiku, in a module that says of what
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def module_of(name: str) -> str:
    """Returns the module of a weight; '' is the model."""
    return name.rpartition(".")[0]


def leaf_of(name: str) -> str:
    """Returns the name of a weight within its module."""
    return name.rpartition(".")[2]


def role_of(name: str) -> str | None:
    """Returns what a weight is in its module: 'weight', 'bias', 'mean', 'variance', if known."""
    leaf = leaf_of(name)
    if leaf in _AVERAGES:
        leaf = leaf_of(module_of(name))
    return next((role for role, part in _PARTS.items() if part.search(leaf)), None)


def beside_weight(name: str) -> str | None:
    """Returns the name that the bias beside a weight has: 'bias_ih_l0' for 'weight_ih_l0'."""
    module, dot, leaf = name.rpartition(".")
    bias = re.sub(r"weight|kernel|scale|gamma|^w$", _bias_of, leaf)
    return None if bias == leaf else f"{module}{dot}{bias}"


def modules_around(name: str) -> list[str]:
    """Returns the modules that a weight is in, the innermost first, without the model itself."""
    found, module = [], module_of(name)
    while module:
        found.append(module)
        module = module_of(module)
    return found


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


def modules_of_one_name(own: Iterable[str], theirs: Iterable[str]) -> dict[str, str]:
    """Returns own module -> theirs, where all that differ by numbers alone have the same numbers.

    Args:
      own: names of weights of the candidate.
      theirs: of the reference. Words count, and not what is between them.
    """
    mine, others = _modules_by_stem(own), _modules_by_stem(theirs)
    found: dict[str, str] = {}
    for stem, modules in mine.items():
        if modules.keys() == others.get(stem, {}).keys():
            found |= {modules[words]: others[stem][words] for words in modules}
    return found


def _modules_by_stem(names: Iterable[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name in names:
        words = " ".join(_WORD.findall(module_of(name))).lower()
        found.setdefault(re.sub("[0-9]+", "#", words), {})[words] = module_of(name)
    return found


def in_order(names: Iterable[str], every: Sequence[str]) -> list[str]:
    """Sorts names in the order of a program, and by number those that differ in their numbers."""
    first: dict[str, int] = {}
    for place, name in enumerate(every):
        first.setdefault(re.sub("[0-9]+", "#", name), place)

    def key(name: str) -> tuple[int, list[int]]:
        numbers = [int(digits) for digits in re.findall("[0-9]+", name)]
        return first[re.sub("[0-9]+", "#", name)], numbers

    return sorted(names, key=key)


def _bias_of(weight: re.Match[str]) -> str:
    return {"gamma": "beta", "w": "b"}.get(weight.group(), "bias")


def _words(module: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(module)}
