"""Recognition: model packs, and what they make of frames.

Names are loaded when they are first asked for, since ONNX Runtime and OpenCV take half a second to load.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lookalike.recognition.preprocessing import ANALYSED_SIDE

if TYPE_CHECKING:
    from lookalike.recognition.installed import list_packs, verify_pack, write_pack
    from lookalike.recognition.proposals import PackProposal, inspect_source
    from lookalike.recognition.recogniser import Recogniser

__all__ = [
    "ANALYSED_SIDE",
    "PackProposal",
    "Recogniser",
    "inspect_source",
    "list_packs",
    "verify_pack",
    "write_pack",
]

_HOMES = {
    "PackProposal": "proposals",
    "Recogniser": "recogniser",
    "inspect_source": "proposals",
    "list_packs": "installed",
    "verify_pack": "installed",
    "write_pack": "installed",
}


def __getattr__(name: str) -> object:
    """Return a public name from the module that holds it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
