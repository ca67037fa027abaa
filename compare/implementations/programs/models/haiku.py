"""Temporary."""
from typing import Any
def is_haiku(value: Any) -> bool: return False
def is_bound(value: Any) -> bool: return False
def haiku_model(*a: Any) -> Any: return None
