"""What Alembic runs: every pending revision, in the transaction of the connection that it was handed."""

from alembic import context

from lookalike.store.schema import METADATA


def migrate() -> None:
    """Run the pending revisions."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads this file; anybody else only looks at it
    migrate()
