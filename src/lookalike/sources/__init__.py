"""Where pictures come from: folders, files and manifests, read in a stable order, each picture with its provenance."""

from lookalike.sources.files import read_bytes
from lookalike.sources.items import BadItem, Item, SourceItem, printable
from lookalike.sources.reading import items

__all__ = ["BadItem", "Item", "SourceItem", "items", "printable", "read_bytes"]
