"""Fixtures of the store's contract suite."""

from conftest_store import database, dialect, empty_url, migrated_file, postgresql, url

__all__ = ["database", "dialect", "empty_url", "migrated_file", "postgresql", "url"]
