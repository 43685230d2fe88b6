"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="The home folder.", show_default="platform's data folder", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
SheetOption = Annotated[
    Path | None, typer.Option("--sheet", help="Also write a self-contained HTML sheet.", metavar="OUT.html")
]
