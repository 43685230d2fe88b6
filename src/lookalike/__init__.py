"""Lookalike: accountable face search for investigations."""
