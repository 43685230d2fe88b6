"""Entries: canonical bytes, strict reading, and what they cannot hold."""

import math
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from lookalike.audit import EMPTY_HEAD, Entry, JsonValue, leaf_hash, root, seal
from lookalike.audit.verify import canonical
from lookalike.domain.errors import AuditLogBroken, Conflict, InvalidInput
from lookalike.domain.identifiers import Actor, Seq
from lookalike.domain.log import EntryKind

SAFE = 2**53 - 1
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE, SAFE)
    | st.floats(-SAFE, SAFE)
    | st.floats(-1e-3, 1e-3, allow_subnormal=True)
    | text
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12
)
facts = st.dictionaries(text, values, max_size=5)
times = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


def entry(**changed: object) -> Entry:
    fields: dict[str, object] = {
        "seq": Seq(3),
        "kind": EntryKind.CASE_OPENED,
        "at": datetime(2026, 11, 23, 10, 31, 52, 7, tzinfo=UTC),
        "actor": Actor("os:ada"),
        "facts": {"case": "A-2031"},
    }
    return Entry(**{**fields, **changed})  # type: ignore[arg-type]


@given(st.integers(0, SAFE), st.sampled_from(EntryKind), times, text.filter(bool), facts)
def test_what_is_written_is_read_back(
    seq: int, kind: EntryKind, at: datetime, actor: str, some: dict[str, JsonValue]
) -> None:
    written = Entry(Seq(seq), kind, at, Actor(actor), some)
    assert Entry.parse(written.data()) == written
    assert Entry.parse(written.data()).data() == written.data()


@given(values)
def test_the_verifier_writes_json_as_the_library_does(value: JsonValue) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_the_example_of_the_rfc_is_canonical() -> None:
    """RFC 8785, section 3.2.3 (order by UTF-16 code units) and numbers of its appendix B."""
    keys = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\u0080": 6, "ö": 7}
    expected = '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}'
    assert canonical(keys).decode() == rfc8785.dumps(keys).decode() == expected
    assert canonical([5e-324, 0.000001, 1e-7, -0.0, 333333333.3333333, 9007199254740991]) == (
        b"[5e-324,0.000001,1e-7,0,333333333.3333333,9007199254740991]"
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), 1e300])
def test_numbers_on_which_readers_disagree_are_refused(value: float) -> None:
    with pytest.raises(InvalidInput, match=r"facts\.n"):
        entry(facts={"n": value})
    with pytest.raises(ValueError, match="finite"):
        canonical(value)


@pytest.mark.parametrize("value", [b"picture", {1: 2}, {3}, object(), "\ud800", {"\udfff": 1}])
def test_facts_are_json_and_nothing_else(value: object) -> None:
    with pytest.raises(InvalidInput):
        entry(facts={"a": [value]})


def test_facts_nest_so_deep_and_no_deeper() -> None:
    deep: JsonValue = 1
    for _ in range(15):
        deep = [deep]
    assert Entry.parse(entry(facts={"a": deep}).data()).facts == {"a": deep_tuple(deep)}
    with pytest.raises(InvalidInput, match="16 deep"):
        entry(facts={"a": [deep]})


def deep_tuple(value: JsonValue) -> JsonValue:
    return tuple(deep_tuple(item) for item in value) if isinstance(value, list) else value


def test_facts_are_the_entrys_own() -> None:
    given_facts = {"faces": [1, 2]}
    made = entry(facts=given_facts)
    before = made.data()
    given_facts["faces"].append(3)
    assert made.data() == before


def test_words_of_a_closed_set_are_written_as_text() -> None:
    class Word(StrEnum):
        ONE = "one"

    assert b'"facts":{"word":"one"}' in entry(facts={"word": Word.ONE}).data()


@pytest.mark.parametrize(
    "changed",
    [
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))},
        {"actor": ""},
        {"actor": "\ud800"},
        {"seq": -1},
        {"seq": 2**53},
    ],
    ids=["no zone", "not UTC", "nobody", "half a pair", "below 0", "too large"],
)
def test_a_field_of_another_kind_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        entry(**changed)


GOOD = (
    '{"actor":"os:ada","at":"2026-11-23T10:31:52.000007Z","facts":{"case":"A-2031"},"kind":"case.opened","seq":3,"v":1}'
)


def test_the_bytes_are_these() -> None:
    assert entry().data().decode() == GOOD


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"v":1', '"v":2', "version"),
        ('"v":1', '"v":true', "version"),
        ('"v":1', '"v":1.0', "canonical"),
        (',"v":1', "", "version"),
        ("case.opened", "case.reopened", "kind"),
        ('"case.opened"', '["case.opened"]', "kind"),
        ('"seq":3', '"seq":-3', "fields"),
        ('"seq":3', '"seq":"3"', "fields"),
        ('"seq":3', '"seq":true', "fields"),
        ('"seq":3', '"seq":3,"seq":3', "canonical"),
        ('"seq":3', '"seq":3,"note":""', "fields"),
        ('"actor":"os:ada",', "", "fields"),
        ('"os:ada"', '""', "fields"),
        ('"os:ada"', "7", "fields"),
        ('{"case":"A-2031"}', '["A-2031"]', "fields"),
        ('{"case":"A-2031"}', '{"case":NaN}', "fields"),
        ('{"case":"A-2031"}', '{"case":9007199254740992}', "fields"),
        ('{"case":"A-2031"}', '{"case":-0}', "canonical"),
        ('{"case":"A-2031"}', '{"case":1e-07}', "canonical"),
        ('{"case":"A-2031"}', '{"case":1e400}', "fields"),
        ('{"case":"A-2031"}', '{"case":' + "9" * 5000 + "}", "bytes"),
        ('{"case":"A-2031"}', '{"\ufb33":2,"\U0001f600":1}', "canonical"),
        ('{"case":"A-2031"}', '{"case":"\\ud800"}', "fields"),
        ('{"case":"A-2031"}', '{"case": "A-2031"}', "canonical"),
        ('{"case":"A-2031"}', '{"case":"\\u0041-2031"}', "canonical"),
        ('{"case":"A-2031"}', '{"case":1.50}', "canonical"),
        ('{"case":"A-2031"}', '{"b":1,"a":2}', "canonical"),
        ('{"case":"A-2031"}', '{"a":' + "[" * 9000 + "]" * 9000 + "}", "bytes"),
        ("000007Z", "000007+00:00", "canonical"),
        ("000007Z", "000007z", "fields"),
        ("52.000007Z", "52Z", "canonical"),
        ("10:31:52.000007Z", "11:31:52.000007+01:00", "canonical"),
        ("2026-11-23T", "2026-13-23T", "fields"),
        ('"2026-11-23T10:31:52.000007Z"', "7", "fields"),
        (GOOD, f"[{GOOD}]", "fields"),
        (GOOD, f" {GOOD}", "canonical"),
        (GOOD, "", "bytes"),
    ],
)
def test_bytes_that_were_never_written_are_refused(old: str, new: str, reason: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(AuditLogBroken) as refusal:
        Entry.parse(GOOD.replace(old, new).encode())
    assert refusal.value.values["reason"] == reason


def test_facts_too_deep_to_have_been_written_are_refused() -> None:
    with pytest.raises(AuditLogBroken, match="16 deep"):
        Entry.parse(GOOD.replace('"A-2031"', "[" * 40 + "]" * 40).encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32"])
def test_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(AuditLogBroken):
        Entry.parse(GOOD.encode(encoding))


def test_sealing_gives_the_leaf_and_the_next_head() -> None:
    first = entry(seq=Seq(0))
    stored, head = seal(first, EMPTY_HEAD)
    assert (stored.seq, stored.kind, stored.data) == (0, "case.opened", first.data())
    assert stored.leaf == leaf_hash(first.data()) == root(head)
    assert head.size == 1


def test_an_entry_for_another_position_is_not_sealed() -> None:
    with pytest.raises(Conflict) as refusal:
        seal(entry(seq=Seq(3)), EMPTY_HEAD)
    assert refusal.value.values == {"position": 3, "next": 0}
