"""What implementations, entries, places and networks are called in a report."""

import itertools
import re
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compare.catalogue import words_of_end
from compare.numbers import subscript

METRICS = {"max_abs": "max abs", "max_rel": "max rel", "max_ulp": "ulp"}


def letters_for(names: Iterable[str]) -> dict[str, str]:
    """Returns what implementations are called for short: A to Z, then AA, AB and so on."""
    words = (itertools.product(string.ascii_uppercase, repeat=n) for n in itertools.count(1))
    letters = map("".join, itertools.chain.from_iterable(words))
    return dict(zip(names, letters, strict=False))


def pair_label(letters: Mapping[str, str], a: str, b: str) -> str:
    """Returns 'A~B'."""
    return f"{letters[a]}~{letters[b]}"


def place(sample: int, index: Sequence[int]) -> str:
    """Returns '1,234 [0,2]'."""
    return f"{sample:,} {subscript(index)}".rstrip()


def short_place(sample: int, index: Sequence[int]) -> str:
    """Returns '1234[0,2]'."""
    return f"{sample}{subscript(index)}"


def short_quantity(name: str) -> str:
    """Returns what narrow tables call a quantity."""
    return "yhat" if name == "prediction" else name


def shape_text(shape: Sequence[int], by: str = "x") -> str:
    """Returns '2x16x64', or 1 of a lone number."""
    return by.join(map(str, shape)) or "1"


def shortened(name: str, width: int) -> str:
    """Returns a name in at most so many columns: of a long one both ends.

    Of the name of a submodule the end begins at a number if it can: 'trans...3.linear1.weight'.
    """
    if len(name) <= width:
        return name
    numbers = (found.start() + 1 for found in re.finditer(r"\.\d", name))
    after = next((n for n in numbers if len(name) - n <= width - 6), len(name) - (width - 3) // 2)
    return f"{name[: width - 3 - len(name) + after]}...{name[after:]}"


def network_of(config: Mapping[str, Any]) -> str:
    """Returns '2-10-10-1 sigmoid', or '2-10-10-3 sigmoid, softmax, cross-entropy, L2 0.01'."""
    end = words_of_end(config["output"], config["loss"], config["l2"])
    return f"{sizes_of(config)} {config['activation']}{end}"


def sizes_of(config: Mapping[str, Any]) -> str:
    """Returns '2-10-10-1'."""
    return "-".join(map(str, config["layer_sizes"]))


def samples_of(config: Mapping[str, Any]) -> str:
    """Says which samples were looked at: '1,000', or 'number 3 of 1,000'."""
    number, total = config.get("only_sample"), f"{config['samples']:,}"
    return total if number is None else f"number {number} of {total}"


def title_of_command(*, of_sample: bool) -> str:
    """Says what the command does that computes again what decided the verdict."""
    return f"To compute that {'sample' if of_sample else 'batch'} again, from the same bits"


def origin_of_weights(config: Mapping[str, Any]) -> str:
    """Says where weights come from: 'from w.npz', 'torch, seed 0' or 'as given'."""
    if config.get("module") is not None:
        seed = "" if config.get("seed") is None else f", seed {config['seed']}"
        return f"of {config['module']}{seed}"
    return _origin(config, file="params", drawn="init", how=f"{config.get('init')}")


def origin_of_samples(config: Mapping[str, Any]) -> str:
    """Says the same of samples."""
    return _origin(config, file="data", drawn="seed", how="U[0,1]")


def changes_of(
    versions: Mapping[str, tuple[str | None, str | None]],
    settings: Mapping[str, tuple[str | None, str | None]],
) -> str:
    """Says what differs between two runs: 'the same versions; cores 2 -> 4'.

    Args:
      versions: package -> then, now; where they differ.
      settings: what else may change the last bits, likewise.
    """
    if not versions and not settings:
        return "the same versions and settings"
    said = _changed(versions) or "the same versions"
    return f"{said}; {_changed(settings) or 'the same settings'}"


def _changed(values: Mapping[str, tuple[str | None, str | None]]) -> str:
    return ", ".join(
        f"{name} {then or 'none'} -> {now or 'none'}" for name, (then, now) in values.items()
    )


def _origin(config: Mapping[str, Any], *, file: str, drawn: str, how: str) -> str:
    if config.get(file) is not None:
        return f"from {config[file]}"
    return "as given" if config.get(drawn) is None else f"{how}, seed {config['seed']}"
