"""If the docs do not say it, the build does not pass."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.domain.log import EntryKind

ROOT = Path(__file__).parents[2]


def _page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_generated_pages_are_as_the_program_is() -> None:
    ended = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_of_audit_entry_has_its_heading(kind: EntryKind) -> None:
    assert f"## `{kind.value}`" in _page("docs/reference/audit-entries.md")


def test_every_dependency_has_its_line() -> None:
    declared = re.findall(r'^  "([a-z0-9-]+)(?:\[\w+\])?[><=]', _page("pyproject.toml"), re.MULTILINE)
    listed = _page("docs/dependencies.md")
    assert declared
    missing = [name for name in declared if f"| {name} |" not in listed]
    assert not missing


def test_the_architecture_page_names_every_package() -> None:
    page = _page("ARCHITECTURE.md")
    packages = [path.name for path in (ROOT / "src" / "lookalike").iterdir() if path.is_dir() and path.name[0] != "_"]
    assert [name for name in packages if name not in page] == []


def test_every_decision_says_what_would_change_our_mind() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("0*.md"))
    assert records
    silent = [path.name for path in records if "what would change our mind" not in path.read_text("utf-8").lower()]
    assert not silent


def test_links_between_pages_lead_somewhere() -> None:
    pages = (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    ]
    assert links
    assert [
        f"{page.relative_to(ROOT)} -> {target}" for page, target in links if not (page.parent / target).exists()
    ] == []
