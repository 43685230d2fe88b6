"""The master key and what is derived from it."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.domain.errors import InvalidInput
from lookalike.store import MasterKey

keys = st.binary(min_size=32, max_size=32)


@given(keys)
def test_every_form_is_read(raw: bytes) -> None:
    key = MasterKey(raw)
    forms = [
        key.text(),
        raw.hex().upper(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
        base64.b64encode(raw).decode().rstrip("="),
        f"  {key.text()}\n",
    ]
    assert {MasterKey.from_text(form) for form in forms} == {key}


@pytest.mark.parametrize("text", ["", "00", "00" * 31, "00" * 33, "zz" * 32, "é" * 64, "A" * 42, "A" * 45, "a secret!"])
def test_other_text_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        MasterKey.from_text(text)
    assert not text or text not in str(caught.value.diagnostics())


def test_a_key_is_not_shown() -> None:
    key = MasterKey(bytes(range(32)))
    assert repr(key) == str(key) == "MasterKey()"


def test_derived_keys_are_those_of_rfc_5869() -> None:
    """Computed apart from this project: HMAC-SHA256 twice, as section 2 of the RFC says."""
    raw = bytes(range(32))
    extracted = hmac.digest(bytes(32), raw, hashlib.sha256)
    expanded = hmac.digest(extracted, b"lookalike/v1/database\x01", hashlib.sha256)
    assert MasterKey(raw).derive(b"database") == expanded


def test_each_purpose_has_its_own_key() -> None:
    key = MasterKey(bytes(32))
    purposes = (b"database", b"key check", b"templates", b"blob names", b"blob keys")
    assert len({key.derive(purpose) for purpose in purposes}) == len(purposes)
    assert key.derive(b"database") != MasterKey(bytes([1]) * 32).derive(b"database")
