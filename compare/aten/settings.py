"""What is set in torch while it exports a program, and put back."""

import contextlib
import io
import logging
import random
import unittest.mock
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules import transformer

from compare.aten.refusals import Refusal


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps what torch and the forward print, log and warn of from the screen."""
    loggers = [logging.getLogger(name) for name in ("torch", "torch.__trace")]
    levels = [logger.level for logger in loggers]
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextlib.contextmanager
def plain_torch() -> Iterator[None]:
    """Has torch compute by formulas, without its compiler and its fused kernels."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    # nn.Transformer looks at the numbers of a mask, to see whether a kernel for causal ones will do
    detect = unittest.mock.patch.object(transformer, "_detect_is_causal_mask", _said_causal)
    try:
        with torch.compiler.set_stance("force_eager"), sdpa_kernel(SDPBackend.MATH), detect:
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _said_causal(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:
    return bool(is_causal)


@contextlib.contextmanager
def no_chance() -> Iterator[None]:
    """Refuses what draws from the generators of Python or NumPy; puts them and torch's back."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    mine, its = random.getstate(), np.random.get_state(legacy=False)
    try:
        with torch.random.fork_rng(devices):
            yield
        if random.getstate() != mine or str(np.random.get_state(legacy=False)) != str(its):
            raise Refusal(
                "draws random numbers of Python or NumPy; call .eval() if that is for training "
                "only, or give the numbers as an argument"
            )
    finally:
        random.setstate(mine)
        np.random.set_state(its)
