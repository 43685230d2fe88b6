"""The decoder: bytes in, upright sRGB frames out, every picture decoded in a sandboxed process."""

import queue
from collections.abc import Callable
from types import TracebackType
from typing import Self

from lookalike.domain.errors import InvalidInput, Unavailable
from lookalike.domain.frames import Frame, Origin, Pixels
from lookalike.media.formats import sniff
from lookalike.media.limits import MediaLimits
from lookalike.media.process import DecodingProcess, ProcessLost
from lookalike.media.refusals import WhyUnreadable, unreadable
from lookalike.media.sandbox import SandboxState, sandbox_state
from lookalike.media.wire import Reply


class Decoder:
    """Decodes pictures in sandboxed child processes; a context manager, safe to share between threads.

    Processes start with the first picture and stay. A caller that finds all of them busy waits.

    Args:
        limits: What one picture may cost.
        children: Decoding processes at most: pictures that can be decoded at the same time.
        probe: Says what the kernel offers; asked once. Without Landlock and seccomp, HEIC is refused.

    Raises:
        InvalidInput: *children* is below 1.

    Example:
        >>> import numpy as np
        >>> from lookalike.media import encode_jpeg
        >>> with Decoder() as decoder:
        ...     frame = decoder.decode(encode_jpeg(np.full((3, 4, 3), 255, np.uint8)), name="white.jpg")
        >>> frame.pixels.shape, frame.origin.format, int(frame.pixels.min())
        ((3, 4, 3), 'JPEG', 255)
    """

    def __init__(
        self,
        limits: MediaLimits = MediaLimits(),  # noqa: B008 - frozen
        *,
        children: int = 1,
        probe: Callable[[], SandboxState] = sandbox_state,
    ) -> None:
        if children < 1:
            raise InvalidInput(f"A decoder needs at least one process, not {children}.")
        self._limits = limits
        self._state = probe()
        self._children = children
        self._is_closed = False
        # Last in, first out: a single caller always meets the same, warm process.
        self._places: queue.LifoQueue[DecodingProcess | None] = queue.LifoQueue()
        for _ in range(children):
            self._places.put(None)

    @property
    def sandbox(self) -> SandboxState:
        """What the decoding processes give up."""
        return self._state

    def decode(self, data: bytes, *, name: str = "", side: int = 1920) -> Frame:
        """Decode the first picture in *data*.

        Orientation and colour profile are applied, transparency is laid on white, 16-bit channels keep their high byte.
        The same bytes and *side* give the same pixels, whatever the machine's load, the thread or the order of calls.

        Args:
            data: The file as it is.
            name: What to call the picture in a refusal; it is shown, never trusted, and decides nothing.
            side: Longest side of the frame in pixels, at least 1; a smaller picture stays as it is.

        Returns:
            The frame; its long side is ``min(original, side)``.

        Raises:
            UnreadableMedia: The picture is refused; ``values['reason']`` is a `WhyUnreadable`.
            InvalidInput: *side* is below 1.
            Unavailable: The decoder is closed, or its process cannot be started.
        """
        if not 1 <= side <= 65_535:
            raise InvalidInput(f"The side of a frame must be 1 to 65,535 pixels, not {side}.")
        found = self._admit(data, name)
        reply, pixels = self._ask(data, found, name, side)
        if reply.refused is not None or pixels is None:
            values = {"width": reply.stored_width, "height": reply.stored_height} if reply.stored_width else {}
            reason = reply.refused or WhyUnreadable.DECODER_DIED
            raise unreadable(reason, name, format=found, detail=reply.detail, **values)
        origin = Origin(
            format=reply.format,
            stored_width=reply.stored_width,
            stored_height=reply.stored_height,
            orientation=reply.orientation,
            colour=reply.colour,
            reduction=reply.reduction,
            frame_count=reply.frame_count,
        )
        return Frame(pixels, origin)

    def _ask(self, data: bytes, format_: str, name: str, side: int) -> tuple[Reply, Pixels | None]:
        """Take a place, and give it back with a process that can be asked again, or empty."""
        process = self._places.get()
        if self._is_closed:
            self._places.put(process)
            raise Unavailable("The decoder is closed.")
        try:
            if process is not None and process.is_ready():
                try:
                    return process.ask(data, format_, side)
                except ProcessLost as lost:
                    # A process may have been killed for reasons of its own; a fresh one tells whose fault it was.
                    if lost.reason is not WhyUnreadable.DECODER_DIED:
                        raise unreadable(lost.reason, name, format=format_) from lost
            process = DecodingProcess(self._limits, self._state)
            try:
                return process.ask(data, format_, side)
            except ProcessLost as lost:
                raise unreadable(lost.reason, name, format=format_) from lost
        except BaseException:
            # Interrupted between a question and its answer, a process would give that answer to the next question.
            if process is not None:
                process.close()
            process = None
            raise
        finally:
            self._places.put(process)

    def _admit(self, data: bytes, name: str) -> str:
        """Return the format of *data*, or refuse what needs no decoder to be refused."""
        if not data:
            raise unreadable(WhyUnreadable.EMPTY, name)
        if len(data) > self._limits.bytes:
            raise unreadable(WhyUnreadable.TOO_MANY_BYTES, name, bytes=len(data), limit=self._limits.bytes)
        found = sniff(data)
        if not found.is_allowed:
            reason = WhyUnreadable.REFUSED_FORMAT if found.format else WhyUnreadable.UNKNOWN_FORMAT
            raise unreadable(reason, name, format=found.format)
        if found.format == "HEIF" and not self._state.is_complete:
            raise unreadable(WhyUnreadable.NO_SANDBOX, name, format=found.format)
        return found.format

    def close(self) -> None:
        """End the processes, once pictures under way are done; doing it again does nothing."""
        self._is_closed = True
        places = [self._places.get() for _ in range(self._children)]
        for place in places:
            if place is not None:
                place.close()
            self._places.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
