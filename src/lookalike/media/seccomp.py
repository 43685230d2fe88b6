"""A system-call filter: what a process may still ask of the kernel once it decodes.

The list names what is allowed; everything else, known or yet to be invented, fails with "operation not permitted". It
leaves reading and writing open file descriptors, memory that is not executable, time, signals of the process's own, and
the end. It leaves no way to open a file, to make a socket of any family, to start a process, to signal or trace another
one, or to make memory executable. Threads are allowed: libde265, which decodes HEIC, does not work without one.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst; system-call numbers from the kernel's own headers.
"""

import ctypes
import platform
import struct
import sys
from dataclasses import dataclass

_PR_SET_SECCOMP = 22
_PR_GET_SECCOMP = 21
_MODE_FILTER = 2
_KILL_PROCESS = 0x8000_0000
_ERRNO_EPERM = 0x0005_0001
_ERRNO_ENOSYS = 0x0005_0026
_ALLOW = 0x7FFF_0000

_LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
_JUMP_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_JUMP_BITS = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN = 0x06  # BPF_RET | BPF_K

# Offsets into struct seccomp_data on little-endian machines: number, architecture, then six 64-bit arguments.
_NUMBER = 0
_ARCHITECTURE = 4
_FIRST_ARGUMENT = 16
_THIRD_ARGUMENT = 32
_PROT_EXEC = 4
_CLONE_THREAD = 0x0001_0000
_CLONE_NEW_NAMESPACES = 0x7E02_0080
_CLONE3 = 435


@dataclass(frozen=True, slots=True)
class _Machine:
    """System-call numbers of one architecture.

    Attributes:
        audit: The kernel's AUDIT_ARCH value.
        plain: Allowed whatever the arguments.
        mapping: Allowed where the third argument does not ask for executable memory: mmap, mprotect.
        limits: prlimit64, allowed on the process itself.
        clone: Allowed for threads without namespaces of their own; its successor, whose flags no filter can read, is
            said to be missing, and the C library then falls back to this one.
    """

    audit: int
    plain: tuple[int, ...]
    mapping: tuple[int, ...]
    limits: int
    clone: int


# Each line: read write close lseek pread64 readv / munmap brk mremap madvise / rt_sigaction rt_sigprocmask rt_sigreturn
# sigaltstack / sched_yield sched_getaffinity futex nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday
# restart_syscall / getpid gettid getrusage getrandom rseq set_robust_list exit exit_group
_MACHINES = {
    "x86_64": _Machine(
        audit=0xC000_003E,
        plain=(
            *(0, 1, 3, 8, 17, 19),
            *(11, 12, 25, 28),
            *(13, 14, 15, 131),
            *(24, 204, 202, 35, 230, 228, 229, 96, 219),
            *(39, 186, 98, 318, 334, 273, 60, 231),
        ),
        mapping=(9, 10),
        limits=302,
        clone=56,
    ),
    "aarch64": _Machine(
        audit=0xC000_00B7,
        plain=(
            *(63, 64, 57, 62, 67, 65),
            *(215, 214, 216, 233),
            *(134, 135, 139, 132),
            *(124, 123, 98, 101, 115, 113, 114, 169, 128),
            *(172, 178, 165, 278, 293, 99, 93, 94),
        ),
        mapping=(222, 226),
        limits=261,
        clone=220,
    ),
}


def has_seccomp() -> bool:
    """Whether this kernel filters system calls, and the filter for this architecture is known."""
    if not sys.platform.startswith("linux") or platform.machine() not in _MACHINES or sys.byteorder != "little":
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)


def assemble(machine: str) -> bytes:
    """Return the filter program for *machine* (``x86_64`` or ``aarch64``): 8 bytes an instruction.

    Example:
        >>> len(assemble("x86_64")) % 8
        0
    """
    known = _MACHINES[machine]
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, known.audit),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for number in known.plain:
        program += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for number in known.mapping:
        program += [
            (_JUMP_EQUAL, 0, 4, number),
            (_LOAD, 0, 0, _THIRD_ARGUMENT),
            (_JUMP_BITS, 1, 0, _PROT_EXEC),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _ERRNO_EPERM),
        ]
    program += [
        (_JUMP_EQUAL, 0, 4, known.limits),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO_EPERM),
        (_JUMP_EQUAL, 0, 5, known.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_BITS, 2, 0, _CLONE_NEW_NAMESPACES),
        (_JUMP_BITS, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO_EPERM),
        (_JUMP_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO_ENOSYS),
        (_RETURN, 0, 0, _ERRNO_EPERM),
    ]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def shut_system_calls() -> None:
    """Install the filter on this process, for good; "no new privileges" must be set already.

    Raises:
        OSError: The kernel refused.
    """
    code = assemble(platform.machine())
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "The kernel refused the system-call filter.")
