"""The decoding process: a nursery that never sees a picture, and the children it forks, which do nothing else.

The nursery loads every library, gives up its files (`lookalike.media.sandbox`) and forks a child. The child gives up
the rest, decodes up to so many pictures and ends; after any failure it ends at once. The nursery reports how it ended
and forks the next, so that a replacement costs a fork and not a start of Python.

Run by `lookalike.media.process` as ``python -I -m lookalike.media.child`` with `lookalike.media.wire.Settings`.
"""

import codecs
import gc
import mmap
import os
import sys
import time
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from PIL import AvifImagePlugin, Image

from lookalike.media.picture import FAILURES, Bounds, TooManyPixels, decode, explain
from lookalike.media.refusals import WhyUnreadable
from lookalike.media.sandbox import SandboxState, allow_processor_time, leave_the_files, leave_the_rest
from lookalike.media.wire import READY, REQUEST, STATUS, Reply, Request, Settings

OLDEST_PILLOW_HEIF = (1, 8)
OLDEST_LIBHEIF = (1, 23, 4)
"""Older ones run code that a picture brings along (libheif and libde265 advisories of 2026)."""

NO_MORE = 10
"""Exit status of a child whose parent has closed the pipe."""


def main() -> int:
    """Be the nursery; return when the parent has gone."""
    settings = Settings(*(int(word) for word in sys.argv[1:]))
    state = SandboxState(landlock_abi=settings.landlock_abi, seccomp=bool(settings.seccomp))
    preload(heif=state.is_complete)
    pixels = mmap.mmap(settings.pixels_fd, settings.pixels_size)
    os.close(settings.pixels_fd)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    address_space = pages * mmap.PAGESIZE + settings.memory
    leave_the_files(state)
    gc.freeze()  # what is loaded stays shared between the children
    os.write(settings.status_fd, READY)
    while True:
        child = os.fork()
        if not child:
            os.close(settings.status_fd)
            leave_the_rest(state, address_space=address_space)
            os._exit(serve(settings, pixels))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == NO_MORE:
            return 0
        os.write(settings.status_fd, STATUS.pack(code))


def preload(*, heif: bool) -> None:
    """Load everything that decoding may need: once the files are left, nothing can be loaded any more."""
    Image.preinit()
    for plugin in ("Avif", "Bmp", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP"):
        import_module(f"PIL.{plugin}ImagePlugin")
    for module in ("PIL.ImageChops", "PIL.ImageOps", "PIL.ImagePalette", "PIL.ImageSequence", "PIL.JpegPresets"):
        import_module(module)
    for codec in ("ascii", "latin-1", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252"):
        codecs.lookup(codec)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    if heif and find_spec("pillow_heif"):
        library = import_module("pillow_heif")
        if (
            _numbers(library.__version__) >= OLDEST_PILLOW_HEIF
            and _numbers(library.libheif_version()) >= OLDEST_LIBHEIF
        ):
            library.register_heif_opener(thumbnails=False, decode_threads=1)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def serve(settings: Settings, pixels: mmap.mmap) -> int:
    """Decode pictures from standard input until one fails, the child's share is done or the parent has gone."""
    for remaining in range(settings.files - 1, -1, -1):
        head = sys.stdin.buffer.read(REQUEST.size)
        if len(head) < REQUEST.size:
            return NO_MORE
        request = Request.unpack(head)
        reply = _answer(request, settings, pixels)
        is_last = remaining == 0 or reply.refused is not None
        os.write(1, replace(reply, is_last=is_last).pack())
        if is_last:
            break
    return 0


def _answer(request: Request, settings: Settings, pixels: mmap.mmap) -> Reply:
    data = sys.stdin.buffer.read(request.length)
    if len(data) < request.length:
        os._exit(NO_MORE)
    if request.format not in Image.OPEN:
        return Reply(WhyUnreadable.NOT_INSTALLED)
    allow_processor_time(time.process_time(), settings.cpu_seconds)
    try:
        bounds = Bounds(settings.pixels, settings.side, settings.memory - len(data))
        reply, image = decode(data, request.format, side=request.side, bounds=bounds)
        octets = image.tobytes()
    except TooManyPixels as error:
        return Reply(explain(error), stored_width=error.width, stored_height=error.height)
    except FAILURES as error:
        return Reply(explain(error), detail=type(error).__name__)
    pixels[: len(octets)] = octets
    return reply


if __name__ == "__main__":
    sys.exit(main())
