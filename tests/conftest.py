"""Fixtures for all tests: the real photographs, where they are present."""

import os
from pathlib import Path

import pytest


def _photographs() -> Path | None:
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("LOOKALIKE_DATA", beside))
    return folder if (folder / "portraits" / "manifest.csv").is_file() else None


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Return the folder of real photographs, or skip, visibly."""
    folder = _photographs()
    if folder is None:
        pytest.skip("LOOKALIKE_DATA names no folder with portraits/manifest.csv")
    return folder
