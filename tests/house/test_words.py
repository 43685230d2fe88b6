"""The field's words, and none of the others, in code, docs, templates and pages."""

import io
import keyword
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEVER = re.compile(
    r"\b(match(?:es|ed|ing)?|hits?|identified|confidence|suspects?|watch-?lists?|faceprints?|doppelgangers?)\b",
    re.IGNORECASE,
)
ALLOWED = re.compile(
    r"false[- ](?:non-)?match rates?|cumulative match characteristic|re\.match|`match`|match-case"
    # pages that say which words are never used
    r"|never (?:the words )?\*match\*.*",
    re.IGNORECASE,
)
PAGES = ("*.md", "*.html", "*.j2", "*.css", "*.toml")
MAY_NAME_THEM = {"docs/glossary.md", "tests/house/test_words.py"}


def _python_words(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each name, comment and string of a module, without the language's own keywords."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.NAME and not keyword.iskeyword(token.string):
            if token.string == "match" and re.search(r"^\s*match\s.*:\s*(#.*)?$|\bmatch=|\bre\.match\(", token.line):
                continue  # the statement, pytest's own keyword, the standard library's function
            yield token.start[0], token.string.replace("_", " ")
        elif token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.start[0], token.string


def _lines() -> Iterator[tuple[str, int, str]]:
    for folder in ("src", "scripts", "benchmarks", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for line, text in _python_words(path):
                yield str(path.relative_to(ROOT)), line, text
    for pattern in PAGES:
        for tree in (ROOT / "docs", ROOT / "src"):
            for path in sorted(tree.rglob(pattern)):
                for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    yield str(path.relative_to(ROOT)), line, text
    for path in sorted(ROOT.glob("*.md")):
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            yield path.name, line, text


def test_no_banned_word_stands_anywhere() -> None:
    found = [
        f"{name}:{line}: {text.strip()[:100]}"
        for name, line, text in _lines()
        if name not in MAY_NAME_THEM and NEVER.search(ALLOWED.sub("", text))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["a match", "Identified", "best hits", "watchlist", "suspect"])
def test_the_check_sees_a_banned_word(text: str) -> None:
    assert NEVER.search(ALLOWED.sub("", text))


@pytest.mark.parametrize("text", ["the false match rate FMR", "a hitherto matchless suspicion"])
def test_the_check_lets_the_fields_own_words_pass(text: str) -> None:
    assert not NEVER.search(ALLOWED.sub("", text))
