"""Revisions, oldest first by their links."""
