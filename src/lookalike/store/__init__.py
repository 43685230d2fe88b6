"""What is kept: rows in an SQL database, pictures in a folder of encrypted files, and the keys to both.

The public names are loaded when they are first used, because the database libraries are slow to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookalike.store.blobs import BlobFault, BlobStore
    from lookalike.store.database import (
        Database,
        Reading,
        Unit,
        create_database,
        open_database,
        upgrade_database,
    )
    from lookalike.store.keys import MasterKey
    from lookalike.store.references import TemplateBlock
    from lookalike.store.registers import StoredBlob

__all__ = [
    "BlobFault",
    "BlobStore",
    "Database",
    "MasterKey",
    "Reading",
    "StoredBlob",
    "TemplateBlock",
    "Unit",
    "create_database",
    "open_database",
    "upgrade_database",
]

_MODULES = ("keys", "registers", "blobs", "references", "database")


def __getattr__(name: str) -> object:
    if name in __all__:
        for module in _MODULES:
            found = vars(import_module(f"{__name__}.{module}"))
            if name in found:
                return found[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
