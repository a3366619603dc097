"""functools.cache with the types of the function kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


def memoized(function: Callable[P, R]) -> Callable[P, R]:
    """Compute each value once.

    mypy takes `type[Entity]` for unhashable where functools.cache asks for Hashable; here it does not ask.
    """
    return cast("Callable[P, R]", cache(function))
