"""Temporary."""
from typing import Any
def is_nnx(value: Any) -> bool: return False
def is_bound(value: Any) -> bool: return False
def nnx_model(*a: Any) -> Any: return None
