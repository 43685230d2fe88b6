"""The sandbox in two steps: what the nursery gives up before any picture, and what the decoding child gives up too."""

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass

from lookalike.media.landlock import landlock_abi, shut_files
from lookalike.media.seccomp import has_seccomp, shut_system_calls

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


@dataclass(frozen=True, slots=True)
class SandboxState:
    """What the kernel lets a decoding process give up.

    Attributes:
        landlock_abi: Landlock's ABI, 1 to 7; 0 where the kernel has none.
        seccomp: Whether system calls are filtered.

    Example:
        >>> SandboxState(landlock_abi=7, seccomp=True).is_complete
        True
        >>> SandboxState(landlock_abi=0, seccomp=True).files, SandboxState(landlock_abi=7, seccomp=False).network
        ('closed by seccomp alone', 'TCP closed, the rest open')
    """

    landlock_abi: int
    seccomp: bool

    @property
    def is_complete(self) -> bool:
        """Whether both walls stand; without, HEIC is refused."""
        return self.landlock_abi > 0 and self.seccomp

    @property
    def files(self) -> str:
        """In words, what a decoding process can do with files."""
        if self.landlock_abi:
            return f"closed by Landlock ABI {self.landlock_abi}{' and seccomp' if self.seccomp else ''}"
        return "closed by seccomp alone" if self.seccomp else "open"

    @property
    def network(self) -> str:
        """In words, what a decoding process can do with the network."""
        if self.seccomp:
            return "closed by seccomp"
        return "TCP closed, the rest open" if self.landlock_abi >= 4 else "open"


def sandbox_state() -> SandboxState:
    """Ask the kernel what it offers; nothing is restricted by asking."""
    return SandboxState(landlock_abi=landlock_abi(), seccomp=has_seccomp())


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"The kernel refused prctl {option}.")


def leave_the_files(state: SandboxState) -> None:
    """First step: no new privileges, no core dumps, no file written or opened any more. It cannot be undone.

    Raises:
        OSError: The kernel refused something that *state* says it offers.
    """
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent, which got it as well, decides
    if sys.platform.startswith("linux"):
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        _prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if state.landlock_abi:
        shut_files(state.landlock_abi)


def leave_the_rest(state: SandboxState, *, address_space: int) -> None:
    """Second step: memory capped, no system call but the few that decoding needs. It cannot be undone.

    Args:
        state: As in the first step.
        address_space: Bytes of address space the process may hold altogether.

    Raises:
        OSError: The kernel refused something that *state* says it offers.
    """
    if sys.platform.startswith("linux"):
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # what is open stays open
    ceiling = _within(resource.RLIMIT_AS, address_space)
    resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
    if state.seccomp:
        shut_system_calls()


def allow_processor_time(used: float, seconds: int) -> None:
    """Let the kernel end this process when it has used *seconds* more than *used* seconds of processor time."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (_within(resource.RLIMIT_CPU, int(used) + 1 + seconds), hard))


def _within(limit: int, wanted: int) -> int:
    """Return *wanted*, or the lower ceiling that whoever started us has set."""
    hard = resource.getrlimit(limit)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
