"""Bringing a database's schema to this release's revision."""

from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from lookalike.store.schema import REVISION


def upgrade(connection: Connection) -> None:
    """Run every pending revision in the transaction that is open on *connection*, and commit nothing."""
    with as_file(files("lookalike.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, REVISION)


def newest_revision() -> str | None:
    """Return the newest revision among the migrations of this release."""
    with as_file(files("lookalike.store") / "migrations") as folder:
        return ScriptDirectory(str(folder)).get_current_head()
