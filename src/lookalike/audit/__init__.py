"""The audit log: entries as canonical JSON in a Merkle tree (RFC 6962), and their stand-alone verifier."""

from lookalike.audit.entries import Entry, JsonValue, seal
from lookalike.audit.merkle import (
    EMPTY_HEAD,
    appended,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from lookalike.audit.verify import LogReport, verify_entries

__all__ = [
    "EMPTY_HEAD",
    "Entry",
    "JsonValue",
    "LogReport",
    "appended",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root",
    "seal",
    "verify_consistency",
    "verify_entries",
    "verify_inclusion",
]
