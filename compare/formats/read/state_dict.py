"""`.pt` files: the state_dict of a torch module, never the module itself."""

import re
import warnings
import zipfile
from collections.abc import Callable, Mapping
from typing import IO, Any

import numpy as np

from compare.errors import UsageError
from compare.formats.read.errors import lacks_memory
from compare.formats.read.opening import open_file

_KEYS = ("state_dict", "model_state_dict", "model")  # under which checkpoints hold one
_HOW = "save its weights: torch.save(model.state_dict(), 'weights.pt')"
_NEVER = "never loaded because that could run code"
_HEAD = 512  # bytes at the beginning of a file that are looked at to tell its kind
# How files begin that torch.save has not written, and what they are. The fourth row leaves out the
# pickles that torch wrote before version 1.6.
_OTHER_KINDS = (
    (rb"version https://git-lfs", "a git-lfs pointer; get the file itself with git lfs pull"),
    (rb"\s*<", "a web page; download the file itself"),
    (rb"(?s)PK(?!.{28}[^/]*/data\.pkl)", "a zip archive; if it is an .npz file, name it so"),
    (rb"\x80(?!\x02\x8a\nl\xfc)", f"a plain pickle, {_NEVER}; {_HOW}"),
    (rb"[\t\n\r -~]+\Z", f"text; {_HOW}"),
)
_NO_REASON = "Weights only load failed"  # which torch says of every file it cannot read


def read_state_dict(
    path: str, *, option: str, check: Callable[[Mapping[str, np.ndarray]], object] | None = None
) -> dict[str, np.ndarray]:
    """Reads every tensor of a state_dict, or of the one in a checkpoint.

    Args:
      path: the file.
      option: what it was given for, such as '--params', to be named in errors.
      check: as in `read_arrays`.

    Returns:
      name -> array in the file's order, float8 widened to float32.

    Raises:
      UsageError: if it is no readable file of torch.save, or holds other than tensors of numbers.
    """
    where = f"{option} {path}"
    state = _state_dict(_load(path, where), where)
    found = {name: _as_array(tensor, f"{where}: {name}") for name, tensor in state.items()}
    if check is not None:
        check(found)
    return found


def _load(path: str, where: str) -> Any:
    import torch

    try:
        with open_file(path, where) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _check_sums(file)
            return torch.load(file, map_location="cpu", weights_only=True)
    except UsageError:
        raise
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except Exception as error:  # torch raises a dozen kinds for damaged files
        if lacks_memory(error):
            raise UsageError(f"{where}: there is not enough memory to read it") from None
        raise UsageError(f"{where}: {_what_is_wrong(str(error), _other_kind(path))}") from None


def _check_sums(file: IO[bytes]) -> None:
    """Checks the checksums of a zip archive, which torch does not."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise ValueError(f"{damaged} does not have the checksum it was saved with")
    file.seek(0)


def _other_kind(path: str) -> str | None:
    """Returns what a file is, where its beginning shows that torch.save has not written it."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return next((kind for start, kind in _OTHER_KINDS if re.match(start, head)), None)


def _what_is_wrong(said: str, kind: str | None) -> str:
    """Says in one sentence why a file is not read, of what torch said and the kind of the file."""
    if "TorchScript" in said:
        return f"it is a TorchScript archive, which is never loaded because it is a program; {_HOW}"
    refused = re.search(
        r"unsupported (?:global|class)\S*:?\s*(?:GLOBAL\s+)?([\w.]+)", said, re.IGNORECASE
    )
    if refused:
        whole = f"if it is a whole model, {_HOW}"
        how = "save tensors instead" if refused[1].startswith("numpy.") else whole
        return f"it holds a Python object, {refused[1]}, which is {_NEVER}; {how}"
    expected = "expected a state_dict in a file of torch.save"
    if kind is not None:
        return f"{expected}, got {kind}"
    first = said.partition("\n")[0].partition(". ")[0] or "it is empty"
    why = "" if first.startswith(_NO_REASON) else f": {first}"
    return f"{expected}; this one is damaged, cut short or of an unknown kind{why}"


def _state_dict(loaded: Any, where: str) -> Mapping[str, Any]:
    import torch

    if isinstance(loaded, Mapping):
        held = [loaded[key] for key in _KEYS if isinstance(loaded.get(key), Mapping)]
        if len(held) > 1:
            raise UsageError(f"{where}: expected one state_dict, found {len(held)}; {_HOW}")
        state = held[0] if held else loaded
        strange = [k for k, v in state.items() if not isinstance(v, torch.Tensor)]
        if not strange and all(isinstance(name, str) for name in state):
            return state
        found = ", ".join(f"{k} ({type(state[k]).__name__})" for k in strange)
    else:
        found = type(loaded).__name__
    raise UsageError(
        f"{where}: expected a state_dict of tensors, or one under {', '.join(_KEYS)}; found "
        f"{found or 'names that are no text'}"
    )


def _as_array(tensor: Any, where: str) -> np.ndarray:
    import torch

    from torch_ref.convert import to_array

    kinds = {
        "sparse": tensor.layout != torch.strided and not tensor.is_nested,
        "quantized": tensor.is_quantized,
        "nested": tensor.is_nested,
        "meta": tensor.device.type == "meta",
    }
    for kind, is_so in kinds.items():
        if is_so:
            raise UsageError(f"{where}: expected a plain tensor, got a {kind} one")
    tensor = tensor.detach()
    try:
        if tensor.dtype.is_floating_point and tensor.element_size() < 2:
            tensor = tensor.to(torch.float32)
        return to_array(tensor.resolve_conj().resolve_neg())
    except (TypeError, RuntimeError):  # as for several numbers packed into a byte
        raise UsageError(f"{where}: expected real numbers, got dtype {tensor.dtype}") from None
