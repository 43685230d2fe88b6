"""Names of things: thin types, so that one id is never taken for another."""

from typing import NewType

GalleryId = NewType("GalleryId", int)
"""A gallery's row; positive, below 2**31."""
ReferenceId = NewType("ReferenceId", int)
"""An enrolled picture with its provenance; it may show several faces."""
FaceId = NewType("FaceId", int)
"""One enrolled face and its template: the unit that a search compares and ranks."""
CaseId = NewType("CaseId", str)
ExhibitId = NewType("ExhibitId", str)
SearchId = NewType("SearchId", str)
Digest = NewType("Digest", str)
"""A SHA-256 in 64 lower-case hexadecimal digits."""
Fingerprint = NewType("Fingerprint", str)
"""A model pack's SHA-256 over weights, preprocessing and unpacker version."""
Seq = NewType("Seq", int)
"""A position in the audit log, from 0. A gallery "as of" *n* is what stood once entry *n* was written."""
Actor = NewType("Actor", str)
"""Who acts, for example ``os:ada``."""
