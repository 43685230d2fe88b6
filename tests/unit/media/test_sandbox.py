"""The walls themselves: what a process that has entered the sandbox still can do, tried in one."""

import json
import subprocess
import sys

import pytest

from lookalike.media.landlock import landlock_abi
from lookalike.media.sandbox import SandboxState, sandbox_state
from lookalike.media.seccomp import assemble, has_seccomp

# Runs as a program of its own, takes both steps as the decoding process does, then tries everything.
ATTEMPTS = r"""
import ctypes, json, mmap, os, resource, signal, socket, subprocess, sys, threading

from lookalike.media.sandbox import SandboxState, leave_the_files, leave_the_rest

state = SandboxState(landlock_abi=int(sys.argv[1]), seccomp=sys.argv[2] == "1")
libc = ctypes.CDLL(None, use_errno=True)
out = os.dup(1)
plain = socket.socket()
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
pages = int(open("/proc/self/statm").read().split()[0]) * mmap.PAGESIZE


def system_call(*words):
    if libc.syscall(*words) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def fork():
    if os.fork() == 0:
        os._exit(0)


def thread():
    ran = []
    worker = threading.Thread(target=ran.append, args=(1,))
    worker.start()
    worker.join()
    assert ran


def executable():
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


attempts = {
    "read a file": lambda: open("/etc/passwd").read(),
    "write a file": lambda: open("/tmp/lookalike-escape", "w"),
    "list a folder": lambda: os.listdir("/"),
    "rename": lambda: os.rename("/tmp/lookalike-escape-none", "/tmp/lookalike-escape"),
    "open itself": lambda: os.open("/proc/self/mem", os.O_RDWR),
    "load a library": lambda: ctypes.CDLL("libz.so.1"),
    "TCP connect": lambda: plain.connect(("127.0.0.1", 9)),
    "TCP bind": lambda: socket.socket.bind(plain, ("127.0.0.1", 0)),
    "UDP send": lambda: datagram.sendto(b"x", ("127.0.0.1", 9)),
    "make a TCP socket": socket.socket,
    "make a UDP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "make a UNIX socket": lambda: socket.socket(socket.AF_UNIX),
    "make a socket pair": socket.socketpair,
    "make a netlink socket": lambda: socket.socket(16, socket.SOCK_RAW),
    "fork": fork,
    "vfork": lambda: subprocess.run(["/bin/true"]),
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "signal the parent": lambda: os.kill(os.getppid(), 0),
    "limit the parent": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
    "trace": lambda: system_call(101, 16, 0x3FFFFFFF, 0, 0),
    "make executable memory": executable,
    "make a memory file": lambda: os.memfd_create("x"),
    "share memory by key": lambda: system_call(29, 0, 4096, 0o1600),
    "use io_uring": lambda: system_call(425, 1, ctypes.create_string_buffer(120)),
    "change user": lambda: os.setuid(os.getuid()),
    "unshare": lambda: system_call(272, 0x10000000),
    "take too much memory": lambda: bytearray(200_000_000),
    "start a thread": thread,
    "ask the time": lambda: __import__("time").clock_gettime(1),
}
# What the C library loads when first used must be there before, as in the decoding process.
for warm in ("start a thread",):
    attempts[warm]()
leave_the_files(state)
if sys.argv[3] == "2":
    leave_the_rest(state, address_space=pages + 120_000_000)
outcome = {}
for name, attempt in attempts.items():
    if name == "execute" and not state.seccomp and not state.landlock_abi:
        continue  # it would succeed, and end this program
    try:
        attempt()
        outcome[name] = "done"
    except BaseException as error:
        outcome[name] = f"{type(error).__name__} {getattr(error, 'errno', '')}".strip()
os.write(out, json.dumps(outcome).encode())
os._exit(0)
"""

HARMLESS = {"start a thread", "ask the time"}


def attempts(state: SandboxState, *, steps: int = 2) -> dict[str, str]:
    words = [sys.executable, "-I", "-c", ATTEMPTS, str(state.landlock_abi), str(int(state.seccomp)), str(steps)]
    ran = subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=60)
    outcome: dict[str, str] = json.loads(ran.stdout)
    return outcome


@pytest.fixture
def whole() -> SandboxState:
    state = sandbox_state()
    if not state.is_complete:
        pytest.skip("this kernel has no Landlock or no seccomp: the sandbox cannot be shown to hold")
    return state


def test_nothing_is_left_but_time_and_threads(whole: SandboxState) -> None:
    outcome = attempts(whole)
    assert {name for name, what in outcome.items() if what == "done"} == HARMLESS
    assert outcome.pop("take too much memory") == "MemoryError"
    assert outcome.pop("load a library").startswith("OSError")
    refusals = {what for name, what in outcome.items() if name not in HARMLESS}
    assert refusals <= {"PermissionError 1", "PermissionError 13"}


def test_seccomp_alone_holds(whole: SandboxState) -> None:
    outcome = attempts(SandboxState(landlock_abi=0, seccomp=whole.seccomp))
    assert {name for name, what in outcome.items() if what == "done"} == HARMLESS


def test_landlock_alone_holds_files_and_tcp(whole: SandboxState) -> None:
    outcome = attempts(SandboxState(landlock_abi=whole.landlock_abi, seccomp=False), steps=1)
    walls = {"read a file", "list a folder", "open itself", "execute"}
    walls |= {"TCP connect", "TCP bind"} if whole.landlock_abi >= 4 else set()
    assert {outcome[name] for name in walls} == {"PermissionError 13"}


def test_without_walls_the_same_attempts_succeed() -> None:
    outcome = attempts(SandboxState(landlock_abi=0, seccomp=False), steps=1)
    open_to_all = {"read a file", "list a folder", "make a UDP socket", "make a UNIX socket", "fork", "UDP send"}
    assert {outcome[name] for name in open_to_all} == {"done"}
    assert outcome["TCP connect"] == "ConnectionRefusedError 111"
    assert outcome["take too much memory"] == "done"


def test_processor_time_ends_the_process() -> None:
    program = (
        "import time\nfrom lookalike.media.sandbox import allow_processor_time\n"
        "allow_processor_time(time.process_time(), 0)\nwhile True: pass"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", program], check=False, timeout=60)
    assert ran.returncode == -24  # SIGXCPU


def test_the_probe_changes_nothing() -> None:
    assert sandbox_state() == sandbox_state()
    assert sandbox_state() == SandboxState(landlock_abi=landlock_abi(), seccomp=has_seccomp())


@pytest.mark.parametrize(
    ("abi", "seccomp", "files", "network"),
    [
        (7, True, "closed by Landlock ABI 7 and seccomp", "closed by seccomp"),
        (3, False, "closed by Landlock ABI 3", "open"),
        (0, True, "closed by seccomp alone", "closed by seccomp"),
        (0, False, "open", "open"),
    ],
)
def test_the_state_in_words(abi: int, *, seccomp: bool, files: str, network: str) -> None:
    state = SandboxState(landlock_abi=abi, seccomp=seccomp)
    assert (state.files, state.network) == (files, network)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_ends_in_refusal_and_jumps_stay_inside(machine: str) -> None:
    program = assemble(machine)
    steps = [program[at : at + 8] for at in range(0, len(program), 8)]
    assert steps[-1] == bytes.fromhex("0600000001000500")
    for at, step in enumerate(steps):
        if step[0] & 7 == 5:
            assert at + 1 + max(step[2], step[3]) < len(steps)
