"""Module sizes, names, package docstrings, and that the project speaks of itself alone."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src" / "lookalike").rglob("*.py"))
LONGEST = 600
VAGUE = {"core", "common", "utils", "util", "helpers", "base", "manager", "misc", "shared"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_no_longer_than_one_can_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_module_has_a_vague_name() -> None:
    vague = [path for path in MODULES if path.stem in VAGUE or path.parent.name in VAGUE]
    assert not vague


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def _swallows_anything(path: Path) -> bool:
    """Say whether a module catches anything at all and does not raise it again at once."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {"Exception"}
        goes_on = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        if caught & {"Exception", "BaseException"} and not goes_on:
            return True
    return False


def test_anything_is_caught_in_one_place_only() -> None:
    catching = [str(path.relative_to(ROOT)) for path in MODULES if _swallows_anything(path)]
    assert catching == ["src/lookalike/cli/main.py"]


def _public(tree: ast.Module) -> list[ast.FunctionDef | ast.ClassDef]:
    found: list[ast.FunctionDef | ast.ClassDef] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += [
                    inner
                    for inner in node.body
                    if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
                ]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_public_name_has_a_docstring(path: Path) -> None:
    bare = []
    for node in _public(ast.parse(path.read_text(encoding="utf-8"))):
        is_override = any(isinstance(d, ast.Name) and d.id == "override" for d in node.decorator_list)
        if ast.get_docstring(node) is None and not is_override and not _is_stub(node):
            bare.append(node.name)
    assert not bare


def _is_stub(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """A protocol's method whose body is three dots is described by its class."""
    last = node.body[-1]
    return isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant) and last.value.value is ...


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    elsewhere = re.compile(r"/work/|/root/|\bsubagent|\bhelper-\d|find-links|index-url = |extra-index")
    allowed = {"tests/house/test_modules.py", "Makefile", ".ci/run"}
    found = [
        name
        for name in listed
        if name not in allowed
        and (ROOT / name).suffix in {".py", ".md", ".toml", ".txt", ".html", ".css", ".json", ".yml", ".csv", ""}
        and (ROOT / name).is_file()
        and elsewhere.search((ROOT / name).read_text(encoding="utf-8", errors="replace"))
    ]
    assert not found
