"""Write the generated reference pages, or check that they are as the program is.

python scripts/reference.py            writes docs/reference/cli.md, settings.md, errors.md
python scripts/reference.py --check    fails where a page differs
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from lookalike.cli.main import app
from lookalike.domain import errors
from lookalike.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
NOTE = "<!-- Written by scripts/reference.py: `make fix`. -->\n"


def cli() -> str:
    """Return the command reference."""
    lines = [
        "# Commands\n",
        NOTE,
        "Every command takes `--home DIR` (else `LOOKALIKE_HOME`, else the platform's data folder) and `--json`.",
        "Exit codes: 0 done, 2 to 7 by [errors](errors.md), 130 interrupted, 70 a defect.\n",
    ]
    for path, command in commands():
        arguments = " ".join(
            _argument(parameter) for parameter in command.params if parameter.param_type_name == "argument"
        )
        lines += [f"## `lookalike {' '.join(path)}`\n", f"{command.help}\n"]
        if arguments:
            lines.append(f"    lookalike {' '.join(path)} {arguments}\n")
        rows = [row for parameter in command.params for row in _row(parameter)]
        if rows:
            lines += ["| parameter | meaning |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def commands() -> Iterator[tuple[tuple[str, ...], "typer.core.TyperCommand"]]:
    """Yield every command with its words, in the order of the help."""
    root = typer.main.get_command(app)
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            for inner, child in command.commands.items():
                yield (name, inner), child
        else:
            yield (name,), command


def _argument(parameter: "typer.core.TyperArgument") -> str:
    return parameter.metavar or str(parameter.name).upper()


def _row(parameter: "typer.core.TyperOption | typer.core.TyperArgument") -> Iterator[str]:
    if parameter.name in {"home", "as_json", "help"}:
        return
    is_option = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if is_option else _argument(parameter)
    shown = parameter.default
    default = f" Default: {shown}." if is_option and isinstance(shown, int) and not isinstance(shown, bool) else ""
    needed = " Required." if is_option and parameter.required else ""
    yield f"| `{name}` | {parameter.help or ''}{default}{needed} |"


def settings() -> str:
    """Return the settings reference."""
    lines = [
        "# Settings\n",
        NOTE,
        "Read once, from the environment. `lookalike settings show` says what is in force.\n",
    ]
    for name, field in Settings.model_fields.items():
        default = "the platform's data folder" if name == "home" else field.default
        lines += [f"## `LOOKALIKE_{name.upper()}`\n", f"{field.description} Default: {default}.\n"]
    return "\n".join(lines)


def error_codes() -> str:
    """Return the error reference."""
    lines = [
        "# Errors\n",
        NOTE,
        "With `--json`, a failure is one object on standard error: `error`, with `code`, `happened`, `kept`,",
        "`remedy` and `values`.\n",
        "| code | exit | HTTP | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{kind.code}` | {kind.exit_status} | {kind.http_status} | {(kind.__doc__ or '').strip().splitlines()[0]} |"
        for kind in error_kinds(errors.LookalikeError)
    ]
    return "\n".join(lines) + "\n"


def error_kinds(root: type[errors.LookalikeError]) -> Iterator[type[errors.LookalikeError]]:
    """Yield the error classes below *root*, parents first."""
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from error_kinds(kind)


def main() -> int:
    """Write or check; return the exit code."""
    pages = {"cli.md": cli(), "settings.md": settings(), "errors.md": error_codes()}
    stale = [name for name, text in pages.items() if not _is_current(name, text)]
    if "--check" in sys.argv:
        for name in stale:
            print(f"docs/reference/{name} is not as the program is; run: make fix")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(pages[name], encoding="utf-8")
        print(f"wrote docs/reference/{name}")
    return 0


def _is_current(name: str, text: str) -> bool:
    path = FOLDER / name
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
