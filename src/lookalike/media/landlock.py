"""Landlock: taking every right to files, TCP and other processes from oneself, without privileges.

Source: Linux, Documentation/userspace-api/landlock.rst (ABI 1 to 7).
"""

import ctypes
import os
import struct
import sys

_CREATE_RULESET = 444
_RESTRICT_SELF = 446
_VERSION_FLAG = 1
_NEWEST = 7
"""The newest ABI that this module makes full use of; a newer kernel is used as this one."""


def landlock_abi() -> int:
    """Return the Landlock ABI used on this kernel, 1 to 7, or 0 where there is none."""
    if not sys.platform.startswith("linux"):
        return 0
    found = int(ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))
    return min(max(found, 0), _NEWEST)


def attributes(abi: int) -> bytes:
    """Return ``struct landlock_ruleset_attr`` that handles, and without rules denies, everything *abi* knows.

    Example:
        >>> [len(attributes(abi)) for abi in (1, 4, 6)]
        [8, 16, 24]
    """
    # ABI 1 knows 13 file rights; 2 adds renaming across folders, 3 truncation, 5 ioctl on devices.
    rights = 13 + (abi >= 2) + (abi >= 3) + (abi >= 5)
    packed = struct.pack("<Q", (1 << rights) - 1)
    if abi >= 4:
        packed += struct.pack("<Q", 0b11)  # TCP bind and connect
    if abi >= 6:
        packed += struct.pack("<Q", 0b11)  # abstract UNIX sockets of, and signals to, processes outside
    return packed


def shut_files(abi: int) -> None:
    """Deny this process, for good, every file that is not open yet; "no new privileges" must be set already.

    Args:
        abi: What `landlock_abi` returned, at least 1.

    Raises:
        OSError: The kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    packed = attributes(abi)
    ruleset = libc.syscall(_CREATE_RULESET, packed, ctypes.c_size_t(len(packed)), ctypes.c_uint32(0))
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "The kernel refused the Landlock ruleset.")
    try:
        if libc.syscall(_RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) != 0:
            raise OSError(ctypes.get_errno(), "The kernel refused to restrict the process.")
    finally:
        os.close(ruleset)
