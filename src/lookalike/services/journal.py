"""How every act gets its entry: in the same transaction, or not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from lookalike.audit import Entry, JsonValue, seal
from lookalike.domain.errors import PolicyRefusal
from lookalike.domain.identifiers import Actor, Seq
from lookalike.domain.log import EntryKind
from lookalike.domain.policy import Refused
from lookalike.store import Database, Reading, Unit


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes audit entries inside a transaction that somebody else opened.

    Attributes:
        now: The current time, timezone-aware.
    """

    now: Callable[[], datetime]

    def write(self, unit: Unit, kind: EntryKind, actor: Actor, facts: Mapping[str, JsonValue]) -> Seq:
        """Append one entry in *unit*'s transaction; return its position in the log."""
        head = unit.log.head()
        at = self.now().astimezone(UTC)
        entry = Entry(seq=Seq(head.size), kind=kind, at=at, actor=actor, facts=_writable(facts))
        stored, grown = seal(entry, head)
        unit.log.append(stored, at=at, actor=actor, head=grown)
        return stored.seq

    def refuse(
        self,
        database: Database,
        refused: Refused,
        *,
        act: str,
        actor: Actor,
        facts: Mapping[str, JsonValue],
    ) -> NoReturn:
        """Put a refusal on the record, durably, and only then raise it.

        Raises:
            PolicyRefusal: Always.
        """
        with database.begin() as unit:
            seq = self.write(
                unit,
                EntryKind.ACT_REFUSED,
                actor,
                {**facts, "act": act, "rule": refused.rule, "reason": refused.reason},
            )
        raise PolicyRefusal(
            f"{refused.reason} (rule {refused.rule})",
            kept=f"Nothing was changed; the refusal is entry {seq} of the log.",
            remedy=refused.remedy,
            rule=refused.rule,
            seq=seq,
        )


def _writable(facts: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Replace what no text may hold (lone surrogates of an argument that is not UTF-8), so that it can be recorded."""
    return {
        name: value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
        for name, value in facts.items()
    }


def next_seq(reading: Reading) -> Seq:
    """Return the position that the next entry takes; in a write transaction, nobody else can take it."""
    return Seq(reading.log.head().size)
