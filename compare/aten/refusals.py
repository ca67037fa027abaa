"""Where in a user's source something stands that has no JAX, in words."""

import linecache
import os
import re
import textwrap
import traceback
from collections.abc import Iterable
from types import TracebackType

import jax
import torch
from torch import nn
from torch.fx import Node

from compare.errors import UsageError, first_line
from torch_ref.recording import plain_name
from torch_ref.refusals import place

_FOREIGN = tuple(
    os.path.dirname(os.path.abspath(path)) + os.sep
    for path in (torch.__file__, jax.__file__, __file__, place.__code__.co_filename)
)
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
_ON_NUMBERS = (
    "depends on the numbers in a tensor, which no fixed program can follow; choose between values "
    "with torch.where, and keep numbers in tensors (no `if`, .item() or mask that picks entries)"
)
# what a message of torch.export contains -> what it means
_MEANINGS = {
    "data-dependent": _ON_NUMBERS,
    "Data dependent": _ON_NUMBERS,
    "DataDependent": _ON_NUMBERS,
    ".numpy() is not supported": "turns a tensor into a NumPy array, and torch cannot "
    "differentiate what is computed outside of it; compute it with torch",
    "DynamicOutputShape": _ON_NUMBERS,
    "Could not extract specialized integer": _ON_NUMBERS,
    "found a fake tensor": "is lost to torch.export, such as torch.autograd.grad within a forward; "
    "give the reference as a JAX function",
    "data pointer": "runs a kernel of its own, of Triton or C++, which has no JAX; give a function "
    "of torch or JAX that computes the same as the reference",
}


class Refusal(Exception):  # noqa: N818
    """What a program does that has no JAX, and what to do: a sentence without its subject."""


def export_error(error: Exception, module: nn.Module | None) -> UsageError:
    """Returns the sentence for what `torch.export`, or the forward under it, raised.

    Args:
      error: that was raised.
      module: that was exported; None for a function.
    """
    where = _place_of_error(error.__traceback__, module)
    if isinstance(error, Refusal):
        return UsageError(f"{where}: it {error}")
    text = f"{type(error).__name__}: {error}"
    for sign, meaning in _MEANINGS.items():
        if sign in text:
            return UsageError(f"{where}: what it does {meaning}")
    kind = type(error).__name__
    return UsageError(
        f"{where}: expected a forward that torch.export can follow, got {kind}: {first_line(error)}"
    )


def place_of(node: Node, module: nn.Module | None) -> str:
    """Returns the submodule and the line of the user's source of an operation, in words."""
    found = [(m["file"], int(m["line"])) for m in _FRAME.finditer(node.meta.get("stack_trace", ""))]
    name = module_name(node)
    part = module.get_submodule(name) if module is not None else None
    return _words(plain_name(module, name) if module is not None else "", part, found)


def module_name(node: Node) -> str:
    """Returns the name of the submodule that an operation belongs to, '' for the whole."""
    stack = list(node.meta.get("nn_module_stack", {}).values())
    return stack[-1][0].partition(".")[2] if stack else ""


def _place_of_error(raised: TracebackType | None, module: nn.Module | None) -> str:
    frames = list(traceback.walk_tb(raised))
    parts = {} if module is None else dict(module.named_modules())
    # `torch.export` calls stand-ins that have the attributes of the modules
    names = {id(vars(part)): name for name, part in parts.items()}
    name = ""
    for frame, _ in frames:
        own = frame.f_locals.get("self")
        if isinstance(own, nn.Module):
            name = names.get(id(vars(own)), name)
    place_frames = [(frame.f_code.co_filename, line) for frame, line in frames]
    return _words(name, parts.get(name), place_frames)


def _words(name: str, part: nn.Module | None, frames: Iterable[tuple[str, int]]) -> str:
    subject = place(name, part) if part is not None else "the function"
    own = [(file, line) for file, line in frames if not _is_foreign(file)]
    if not own:
        return subject
    file, line = own[-1]
    text = textwrap.shorten(linecache.getline(file, line), 80, placeholder=" ...")
    return f"{subject}, {os.path.basename(file)}, line {line}" + (f", `{text}`" if text else "")


def _is_foreign(file: str) -> bool:
    if "site-packages" not in file and file.startswith(_LIBRARY):
        return True
    return file.startswith((*_FOREIGN, "<"))
