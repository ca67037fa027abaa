"""Temporary."""
from typing import Any
def is_equinox(value: Any) -> bool: return False
def is_bound(value: Any) -> bool: return False
def equinox_model(*a: Any) -> Any: return None
