"""Full and failing disks: no false success, nothing acknowledged is lost, and work goes on without repair."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("faults.py")
TESTS = Path(__file__).parents[2]
KEPT = {"blobs": ": The object was not stored.", "database": ""}


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def small_disk(tmp_path: Path) -> list[str]:
    """Return the beginning of a command that runs what follows with 4 MB of disk at *tmp_path*."""
    mount = f"mount -t tmpfs -o size=4m,mode=700 tmpfs '{tmp_path}'"
    begin = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    if not shutil.which("unshare") or run([*begin, "true"]).returncode != 0:
        pytest.skip("a small disk cannot be mounted here: no user namespaces")
    return begin


@pytest.mark.parametrize("what", ["blobs", "database"])
def test_a_full_disk(small_disk: list[str], tmp_path: Path, what: str) -> None:
    ended = run([*small_disk, sys.executable, str(SCRIPT), what, str(tmp_path)])
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == f"storage_full{KEPT[what]}"


def tracing(fault: str) -> list[str]:
    begin = ["strace", "-f", "-o", "/dev/null", "-e", f"inject={fault}"]
    if not shutil.which("strace") or run(["strace", "-o", "/dev/null", "true"]).returncode != 0:
        pytest.skip("system calls cannot be made to fail here: no strace")
    return begin


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("blobs", "fsync:error=EIO:when=9"),
        ("blobs", "rename:error=EIO:when=3"),
        ("database", "fsync:error=EIO:when=20"),
        ("database", "pwrite64:error=EIO:when=200"),
    ],
)
def test_a_failing_disk(tmp_path: Path, what: str, fault: str) -> None:
    ended = run([*tracing(fault), sys.executable, str(SCRIPT), what, str(tmp_path)])
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == f"unavailable{KEPT[what]}"
