"""What Flax linen and Haiku say of weights that do not fit, in sentences that say what to do."""

import contextlib
import re
from collections.abc import Callable, Iterator

from compare.errors import RAISED, UsageError
from compare.implementations.programs.models.names import dotted


@contextlib.contextmanager
def complaints_told(kind: str) -> Iterator[None]:
    """Turns what a framework says of weights and modes that do not fit into a sentence.

    Args:
      kind: what the model is, as errors begin.

    Raises:
      UsageError: in the place of what the framework raises; all else passes.
    """
    try:
        yield
    except UsageError:
        raise
    except RAISED as error:
        for pattern, sentence in _SENTENCES:
            if found := re.search(pattern, str(error), re.DOTALL):
                raise UsageError(f"{kind}: {sentence(*found.groups())}") from error
        raise


def _missing(collection: str, scope: str, name: str) -> str:
    return (
        f"expected {_named(collection, scope, name)} among the weights, which the model reads, got "
        "none; give all that its init returns"
    )


def _other_shape(name: str, expected: str, got: str) -> str:
    shape = tuple(map(int, re.findall(r"\d+", expected)))
    return (
        f"expected {dotted((name,))} of shape {shape}, as the model makes of its inputs, got "
        f"{got}; give weights and inputs that belong together"
    )


def _updated(name: str, scope: str, collection: str) -> str:
    return (
        f"expected a forward that changes nothing, got one that updates "
        f"{_named(collection, scope, name)}; give functools.partial(net.apply, "
        f"mutable=[{collection!r}]) in the place of net, or take it out of train mode"
    )


def _random(stream: str) -> str:
    return (
        f"expected a deterministic forward, got one that draws numbers for {stream!r}; give "
        "functools.partial(net.apply, deterministic=True) in the place of net, or what your module "
        f"calls it, or fixed keys by rngs={{{stream!r}: key}}"
    )


def _random_in_haiku() -> str:
    return (
        "expected a deterministic forward, got one that draws random numbers; leave dropout out, "
        "or fix the key by a function of (params, *inputs) that passes it to apply"
    )


def _key_in_haiku() -> str:
    return (
        "expected a function of (params, *inputs), got one that takes a key of random numbers too; "
        "give what hk.transform returns in the place of its apply"
    )


def _lacking(argument: str) -> str:
    return (
        f"expected a model that is called with the inputs alone, got one that takes {argument} "
        "too; give functools.partial(net.apply, train=False), say, in the place of net"
    )


def _nested() -> str:
    return "expected variables {'params': {...}}, got {'params': {'params': {...}}}; take one off"


def _stateful() -> str:
    return "expected a model without state, got one that has some; give hk.transform_with_state"


def _named(*path: str) -> str:
    return dotted(path).removeprefix("params.")


_SENTENCES: tuple[tuple[str, Callable[..., str]], ...] = (
    (
        r'Could not find parameter named "(.*?)" in scope "(.*?)"',
        lambda name, scope: _missing("params", scope, name),
    ),
    (
        r'Tried to access "(.*?)" from collection "(.*?)" in "(.*?)"',
        lambda name, collection, scope: _missing(collection, scope, name),
    ),
    (
        r'No Variable named "(.*?)" for collection "(.*?)" exists in "(.*?)"',
        lambda name, collection, scope: _missing(collection, scope, name),
    ),
    (
        r"Unable to retrieve parameter '(.*?)' for module '(.*?)'",
        lambda name, scope: _missing("params", scope, name),
    ),
    (
        r"No value for '(.*?)' in '(.*?)', perhaps set an init function",
        lambda name, scope: _missing("state", scope, name),
    ),
    (
        r'For parameter "(.*?)" in "(.*?)", .* to generate shape (.*?), but .* has shape (.*?)\.',
        lambda name, scope, expected, got: _other_shape(f"{scope}/{name}", expected, got),
    ),
    (
        r"'([^']*)' with retrieved shape (\(.*?\)) does not match shape=(.*?) dtype=",
        lambda name, got, expected: _other_shape(name, expected, got),
    ),
    (r'Cannot update variable "(.*?)" in "(.*?)" because collection "(.*?)"', _updated),
    (r'needs PRNG for "(.*?)"', _random),
    ("You must pass a non-None PRNGKey to init and/or apply", _random_in_haiku),
    (r"Apply must be called with an RNG as the \w+ argument", _key_in_haiku),
    (r"__call__\(\) missing \d+ required [\w-]+ arguments?: (.+)", _lacking),
    ("got a dict with an extra params layer", _nested),
    ("If your transformed function uses `hk.{get,set}_state`", _stateful),
)
