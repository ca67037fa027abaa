"""Which devices an implementation is to run on."""

from typing import NamedTuple

from compare.implementations.base import Implementation, Settings
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.problem.problem import Problem


def implementations_of(problem: Problem, config: Config) -> list[Implementation]:
    """Builds all that the config names; with --device=all each of them on every device.

    There they have names such as jax_grad@cpu and jax_grad@cuda:0, and stand device by device.

    Raises:
      UsageError: if a device cannot be had.
    """
    settings = Settings(config.matmul_precision, config.deterministic)
    built = [
        (place, entry(problem.params, problem.network, place.device, settings))
        for entry in (IMPLEMENTATIONS[name] for name in config.implementations)
        for place in _places(entry.framework, config.device)
    ]
    if config.device != "all":
        return [one for _, one in built]
    built.sort(key=lambda item: item[0].order)
    return [
        one._replace(name=f"{one.name}@{place.short}", dump_stem=f"{one.dump_stem}@{place.short}")
        if place.short
        else one
        for place, one in built
    ]


class _Place(NamedTuple):
    """One device."""

    device: str
    short: str = ""  # as names have it; none where there is no choice
    order: tuple[bool, int] = (False, 0)  # the CPU first, then by number


def _places(framework: str, device: str) -> list[_Place]:
    if device != "all":
        return [_Place(device)]
    if framework == "numpy":
        return [_Place("cpu")]
    names = _device_names(framework)
    cpus = [name for name in names if name.startswith("cpu")]
    return [
        _Place(
            name,
            "cpu" if cpus == [name] else name,
            (name not in cpus, int(name.partition(":")[2] or 0)),
        )
        for name in names
    ]


def _device_names(framework: str) -> list[str]:
    if framework == "torch":
        from compare.implementations.torch import device_names
    else:
        from compare.implementations.jax import device_names
    return device_names()
