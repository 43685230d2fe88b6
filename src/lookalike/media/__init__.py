"""Media: bytes to upright sRGB frames, decoded in a sandboxed child process.

Public names are loaded when first used: the child imports this package too, and must start fast and small.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookalike.media.decoder import Decoder
    from lookalike.media.encode import encode_jpeg
    from lookalike.media.limits import MediaLimits
    from lookalike.media.refusals import WhyUnreadable
    from lookalike.media.sandbox import SandboxState, sandbox_state

__all__ = ["Decoder", "MediaLimits", "SandboxState", "WhyUnreadable", "encode_jpeg", "sandbox_state"]


def __getattr__(name: str) -> object:
    match name:
        case "Decoder":
            home = "decoder"
        case "encode_jpeg":
            home = "encode"
        case "MediaLimits":
            home = "limits"
        case "WhyUnreadable":
            home = "refusals"
        case "SandboxState" | "sandbox_state":
            home = "sandbox"
        case _:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
