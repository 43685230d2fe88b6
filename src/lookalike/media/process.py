"""The parent's end of one decoding process: starting it, asking it, ending it. Nothing that it says is trusted."""

import contextlib
import fcntl
import mmap
import os
import select
import signal
import subprocess
import sys
import time
from typing import NoReturn

import numpy as np

from lookalike.domain.errors import Unavailable
from lookalike.domain.frames import Pixels
from lookalike.media.limits import MediaLimits
from lookalike.media.refusals import WhyUnreadable
from lookalike.media.sandbox import SandboxState
from lookalike.media.wire import READY, REPLY, STATUS, Reply, Request, Settings

_START_SECONDS = 60.0
_REPLACE_SECONDS = 20.0
_CHUNK = 1 << 20
_KEPT_PIXEL_BYTES = 32 << 20
_F_SETPIPE_SZ = 1031
_F_ADD_SEALS = 1033
_SEALS = 0x1 | 0x2 | 0x4  # no more seals, no shrinking, no growing: a shrinking map would kill the parent

# Memory is kept for the next picture rather than returned page by page; the address-space limit still holds.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
}


class ProcessLost(Exception):
    """The decoding process is gone, or was ended because it broke the protocol or the time limit."""

    def __init__(self, reason: WhyUnreadable) -> None:
        super().__init__(reason)
        self.reason = reason


class DecodingProcess:
    """A running nursery with its current child. Not thread-safe: one caller at a time.

    Args:
        limits: What a picture may cost.
        state: What the kernel offers, and the process therefore gives up.

    Raises:
        Unavailable: The process cannot be started.
    """

    def __init__(self, limits: MediaLimits, state: SandboxState) -> None:
        self._limits = limits
        self._awaits_exit = False
        size = -(-limits.pixels * 3 // mmap.PAGESIZE) * mmap.PAGESIZE
        status, child_status = os.pipe()
        shared = os.memfd_create("lookalike-pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(shared, size)
            fcntl.fcntl(shared, _F_ADD_SEALS, _SEALS)
            self._pixels = mmap.mmap(shared, size)
            settings = Settings(
                status_fd=child_status,
                pixels_fd=shared,
                pixels_size=size,
                landlock_abi=state.landlock_abi,
                seccomp=int(state.seccomp),
                pixels=limits.pixels,
                side=limits.side,
                cpu_seconds=limits.cpu_seconds,
                memory=limits.memory,
                files=limits.files,
            )
            self._process = _start(settings)
        except OSError as error:
            os.close(status)
            raise Unavailable(f"The picture decoder could not be started: {error}.") from error
        finally:
            os.close(child_status)
            os.close(shared)
        self._status = status
        self._stdin, self._stdout = _pipes(self._process)
        try:
            ready = self._receive(self._status, STATUS.size, time.monotonic() + _START_SECONDS)
        except ProcessLost:
            ready = b""
        if ready != READY:
            self.close()
            raise Unavailable("The picture decoder did not start.", remedy="Run: lookalike settings show")

    @property
    def pid(self) -> int:
        """The nursery's process id."""
        return self._process.pid

    def ask(self, data: bytes, format_: str, side: int) -> tuple[Reply, Pixels | None]:
        """Have one picture decoded; the process must be ready.

        Args:
            data: The file.
            format_: Its format by its first bytes.
            side: Longest side of the frame, in pixels.

        Returns:
            The reply, and the pixels where there is a frame: uint8, (height, width, 3), RGB; the caller's own copy.

        Raises:
            ProcessLost: No valid reply came in time. The process has been ended; make a new one.
        """
        deadline = time.monotonic() + self._limits.seconds
        self._send(Request(len(data), side, format_).pack(), deadline)
        self._send(data, deadline)
        record = self._receive(self._stdout, REPLY.size, deadline)
        try:
            reply = Reply.unpack(record)
        except ValueError:
            self._lose(WhyUnreadable.DECODER_DIED)
        if reply.refused is not None and not reply.is_last:
            self._lose(WhyUnreadable.DECODER_DIED)
        self._awaits_exit = reply.is_last
        if reply.refused is not None:
            return reply, None
        wanted = reply.width * reply.height * 3
        long = min(max(reply.stored_width, reply.stored_height), side)
        fits = min(reply.width, reply.height) >= 1 and max(reply.width, reply.height) == long
        if not fits or wanted > len(self._pixels) or reply.format != format_:
            self._lose(WhyUnreadable.DECODER_DIED)
        shape = (reply.height, reply.width, 3)
        pixels = np.frombuffer(self._pixels, np.uint8, wanted).reshape(shape).copy()
        if reply.is_last or wanted > _KEPT_PIXEL_BYTES:
            # The next child must not find this picture's pixels; and big pictures must not hold memory.
            self._pixels.madvise(mmap.MADV_REMOVE, 0, -(-wanted // mmap.PAGESIZE) * mmap.PAGESIZE)
        return reply, pixels

    def is_ready(self) -> bool:
        """Whether the next picture can be asked for; where not, the process has been ended.

        The child that gave its last answer must have ended, by the nursery's word, and nothing may be left in the
        pipes: neither a picture's fault nor a trick played on the one before may fall upon the next.
        """
        try:
            if self._awaits_exit:
                self._receive(self._status, STATUS.size, time.monotonic() + _REPLACE_SECONDS)
                self._awaits_exit = False
            poll = select.poll()
            poll.register(self._stdout, select.POLLIN)
            poll.register(self._status, select.POLLIN)
            if poll.poll(0):
                self._lose(WhyUnreadable.DECODER_DIED)
        except ProcessLost:
            return False
        return True

    def close(self) -> None:
        """End the process and its child; doing it again does nothing."""
        if self._process.returncode is None:
            # Its own session, hence its own group: the child goes with the nursery.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            for descriptor in (self._stdin, self._stdout, self._status):
                os.close(descriptor)
            self._pixels.close()

    def _lose(self, reason: WhyUnreadable) -> NoReturn:
        self.close()
        raise ProcessLost(reason)

    def _send(self, octets: bytes, deadline: float) -> None:
        view = memoryview(octets)
        while view:
            self._wait(deadline, sending=True)
            try:
                view = view[os.write(self._stdin, view[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError:
                self._lose(WhyUnreadable.DECODER_DIED)

    def _receive(self, descriptor: int, length: int, deadline: float) -> bytes:
        received = b""
        while len(received) < length:
            self._wait(deadline, expected=descriptor)
            part = os.read(descriptor, length - len(received))
            if not part:
                self._lose(WhyUnreadable.DECODER_DIED)
            received += part
        return received

    def _wait(self, deadline: float, *, sending: bool = False, expected: int = -1) -> None:
        """Wait until a request can be written or *expected* be read; the child's end in between is a loss."""
        remaining = deadline - time.monotonic()
        readable = {self._status} if expected < 0 else {self._status, expected}
        poll = select.poll()
        for descriptor in readable:
            poll.register(descriptor, select.POLLIN)
        if sending:
            poll.register(self._stdin, select.POLLOUT)
        events = {descriptor for descriptor, _ in poll.poll(max(0, remaining * 1000))} if remaining > 0 else set()
        if not events:
            self._lose(WhyUnreadable.TOO_SLOW)
        if expected in events or (sending and events == {self._stdin}):
            return
        status = os.read(self._status, STATUS.size)
        ended_by = STATUS.unpack(status)[0] if len(status) == STATUS.size else 0
        self._lose(WhyUnreadable.TOO_SLOW if ended_by == -signal.SIGXCPU else WhyUnreadable.DECODER_DIED)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    environment = dict(_ENVIRONMENT)
    if "LD_LIBRARY_PATH" in os.environ:  # some Pythons cannot start without; nothing else is handed on
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    words = [sys.executable, "-I", "-m", "lookalike.media.child", *(str(number) for number in settings)]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        words,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(settings.status_fd, settings.pixels_fd),
        env=environment,
        cwd="/",
        start_new_session=True,
    )


def _pipes(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Take the two pipes over as bare descriptors: larger, and without blocking on writing."""
    if process.stdin is None or process.stdout is None:
        raise Unavailable("The picture decoder has no pipes.")
    stdin, stdout = os.dup(process.stdin.fileno()), os.dup(process.stdout.fileno())
    process.stdin.close()
    process.stdout.close()
    os.set_blocking(stdin, False)
    with contextlib.suppress(OSError):  # where a user's share of pipe memory is spent: slower, not wrong
        fcntl.fcntl(stdin, _F_SETPIPE_SZ, _CHUNK)
    return stdin, stdout
