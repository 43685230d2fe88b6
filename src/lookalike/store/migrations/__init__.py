"""The history of the schema, one revision a file; run by `lookalike.store.revisions`, from an installed wheel too."""
