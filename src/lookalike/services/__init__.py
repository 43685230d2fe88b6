"""Use cases: the only place that opens a transaction. A fact and its audit entry commit together."""
