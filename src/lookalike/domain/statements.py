"""Sentences that leave with every answer. They cannot be turned off (behaviour O10)."""

LEAD_STATEMENT = (
    "This is a list of lookalikes, made by software. It is an investigative lead at most: not evidence of who anybody "
    "is, not a ground for arrest, charge or public naming. A person may be named only on independent evidence that is "
    "neither this search nor a line-up fed by it."
)

FACES_STATEMENT = (
    "These faces were found by software, and nothing was searched. Nobody is named here. What a search of them returns "
    "are lookalikes: an investigative lead at most, not evidence of who anybody is."
)
