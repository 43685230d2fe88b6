"""The main job with its records on a real PostgreSQL server: the same acts, the same answers."""

from pathlib import Path

import pytest
from sqlalchemy import text

from conftest import KEY
from conftest_store import PostgreSQL, postgresql  # noqa: F401  # a fixture
from lookalike.bootstrap import Application, create_home
from lookalike.domain.errors import AuditLogBroken
from lookalike.services.replaying import Verdict
from lookalike.settings import read_settings
from services.conftest import Portraits, World

pytestmark = pytest.mark.faces


@pytest.fixture
def elsewhere(postgresql: PostgreSQL, model_carrier: Path, tmp_path: Path) -> World:  # noqa: F811
    settings = read_settings(home=tmp_path / "home", key=KEY, database=postgresql.empty())
    create_home(settings)
    application = Application(read_settings(home=tmp_path / "home", key=KEY))
    application.packs.add(application.packs.propose(model_carrier), accepted=True, actor=application.actor)
    return World(application)


def test_the_main_job(elsewhere: World, portraits: Portraits) -> None:
    assert elsewhere.application.database.dialect == "postgresql"
    elsewhere.gallery()
    pictures = portraits("gallery", "mated", 8)
    assert elsewhere.enrol(pictures).enrolled == 8
    assert elsewhere.enrol(pictures).unchanged == 8
    elsewhere.case()
    elsewhere.exhibit(portraits("probe", "mated", 1)[0])
    record = elsewhere.search()
    assert record.candidates[0].external_id == pictures[0].stem
    elsewhere.application.galleries.remove(
        "archive", pictures[0].stem, reason="withdrawn", actor=elsewhere.application.actor
    )
    assert elsewhere.application.replays.run(record.id, actor=elsewhere.application.actor).verdict is Verdict.IDENTICAL
    assert pictures[0].stem not in {candidate.external_id for candidate in elsewhere.search().candidates}
    assert elsewhere.application.checks.log().size == len(elsewhere.entries())
    with elsewhere.application.database._engine.begin() as connection:
        connection.execute(text("UPDATE candidate SET score = score + 0.1 WHERE rank = 1"))
    with pytest.raises(AuditLogBroken):
        elsewhere.application.checks.log()
    elsewhere.application.close()
