"""Exhaustive, certified, in-memory search over enrolled templates.

:class:`ExhaustiveIndex` compares a probe with every reference it is told to search, and each list it
returns carries the proof that nothing outside the list can belong in it. The library that scans is
imported when the index is first asked for, not when this package is.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookalike.index.exhaustive import ExhaustiveIndex

__all__ = ["ExhaustiveIndex"]


def __getattr__(name: str) -> object:
    if name == "ExhaustiveIndex":
        from lookalike.index.exhaustive import ExhaustiveIndex  # noqa: PLC0415 -- loads the scanning library

        return ExhaustiveIndex
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
