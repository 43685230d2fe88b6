"""The command line's root: command groups, error handling, exit codes."""

import errno
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from lookalike.cli import audit, cases, enrol, exhibits, faces, galleries, home, models, searches
from lookalike.cli.terminal import show_error, warn
from lookalike.domain.errors import InvalidInput, LookalikeError, StorageFull

EXIT_INTERRUPTED = 130
EXIT_UNEXPECTED = 70

app = typer.Typer(
    name="lookalike",
    help="Accountable face search: every result is a lookalike until people have shown otherwise.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
home.add_to(app)
models.add_to(app)
faces.add_to(app)
galleries.add_to(app)
enrol.add_to(app)
cases.add_to(app)
exhibits.add_to(app)
searches.add_to(app)
audit.add_to(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code.

    0 done; 2 to 7 by the error tree (`lookalike.domain.errors`); 130 interrupted; 70 an unexpected failure.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `lookalike ... | head` ends quietly
    try:
        status = app(given, standalone_mode=False) or 0
    except LookalikeError as error:
        show_error(error, as_json=as_json)
        sys.exit(error.exit_status)
    except TyperException as error:  # an option or argument that cannot be used
        if as_json:
            show_error(InvalidInput(error.format_message(), remedy="Ask the command's --help."), as_json=True)
        else:
            error.show()  # type: ignore[attr-defined]  # every usage error has it
        sys.exit(InvalidInput.exit_status)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        warn("The disk is full: the output could not be written. What was recorded is kept.")
        sys.exit(StorageFull.exit_status)
    except Exception as error:  # noqa: BLE001  # the one place on the command line where anything is caught
        traceback.print_exception(error)
        warn("This is a defect in Lookalike. Acknowledged work is kept. Please report the lines above.")
        sys.exit(EXIT_UNEXPECTED)
    if status == EXIT_INTERRUPTED:
        warn("Stopped. What was reported as done is kept; running the command again goes on from there.")
    sys.exit(status)


if __name__ == "__main__":
    main()
