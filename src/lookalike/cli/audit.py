"""`lookalike audit`: the record, verified."""

from typing import Annotated

import typer

from lookalike.cli.opening import open_home
from lookalike.cli.options import HomeOption, JsonOption
from lookalike.cli.terminal import emphasise, facts, print_json, progress


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help="The audit log: verify.", no_args_is_help=True)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def verify(
    against: Annotated[
        str | None,
        typer.Option(
            help="Size and root noted earlier, elsewhere: the log must begin with that tree.", metavar="SIZE:ROOT"
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Re-derive every entry, the tree and every fact that the log tells of; name the first that differs."""
    from lookalike.services.checking import KeptRoot

    kept = None if against is None else KeptRoot.parse(against)
    with open_home(home) as application, progress(quiet=as_json) as shown:
        task = shown.add_task("Entries", total=None, rate="")
        report = application.checks.log(kept=kept, progress=lambda done: shown.update(task, completed=done))
    if as_json:
        print_json(
            {
                "size": report.size,
                "root": report.root,
                "first_at": report.first_at.isoformat() if report.first_at else None,
                "last_at": report.last_at.isoformat() if report.last_at else None,
                "kinds": dict(report.counts),
            }
        )
        return
    emphasise(f"The log re-derives: {report.size:,} entries, and every row they tell of agrees.")
    if kept is not None:
        emphasise(f"It begins with the {kept.size:,} entries whose root was kept.")
    facts((("keep", f"{report.size}:{report.root}"), ("first", report.first_at), ("last", report.last_at)))
    facts(sorted(report.counts.items()))
