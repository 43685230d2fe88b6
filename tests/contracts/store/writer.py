"""A process that writes: units of one entry and three actors each, told on standard output once committed.

Usage: python writer.py ADDRESS NAME UNITS
"""

import sys

from conftest_store import KEY, NOW, append
from lookalike.domain.identifiers import Actor
from lookalike.store import open_database

ACTORS = 3


def write(url: str, name: str, units: int) -> None:
    """Write *units* units under *name*."""
    database = open_database(url, KEY)
    for number in range(units):
        with database.begin() as unit:
            seq = append(unit, f"{name} {number}".encode())
            for part in range(ACTORS):
                unit.actors.add(Actor(f"{name}-{number}-{part}"), at=NOW, seq=seq)
        sys.stdout.write(f"{number} {seq}\n")
        sys.stdout.flush()
    database.close()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]))
