"""Sources read in a stable order: folders, files, and manifests over them."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from lookalike.domain.errors import InvalidInput, NotFound
from lookalike.sources.files import Bounds, file_item, folder_items, has_pictures
from lookalike.sources.items import PICTURE_SUFFIXES, BadItem, Item, printable
from lookalike.sources.manifests import Row, manifest_rows, row_item


def items(sources: Sequence[Path], *, manifest: Path | None = None, limit: int | None = None) -> Iterator[Item]:
    """Return everything that *sources* give, in an order that depends on names alone, one item at a time.

    Without a manifest, each source's pictures come by path, and a picture's external id is its file's stem. With one,
    its rows come in their order, looked for below each source folder in turn and then beside the manifest; after them,
    as `BadItem`, every picture of *sources* that no row names.

    Args:
        sources: Folders and files. A file is taken whatever its ending, for a person has named it.
        manifest: A ``.csv`` or ``.jsonl`` file; with one, *sources* may be empty.
        limit: Largest size of a file in bytes; larger ones become a `BadItem`.

    Raises:
        NotFound: A source or the manifest does not exist.
        InvalidInput: A folder holds no picture, the manifest has no usable header or no row, or nothing was given.
            Raised before the first item, never half-way.
    """
    for source in sources:
        _check_source(source)
    if manifest is not None:
        if not manifest.is_file():
            raise NotFound(f"There is no manifest {printable(str(manifest))}.", remedy="Check the path.")
        return _manifest_items(sources, manifest, limit, _first_and_rest(manifest))
    if not sources:
        raise InvalidInput("No source was given.", remedy="Name a folder, a file or a manifest.")
    return chain.from_iterable(_source_items(source, limit) for source in sources)


def _check_source(source: Path) -> None:
    try:
        is_there = source.exists()
    except (OSError, ValueError):  # a name too long, or with a NUL
        is_there = False
    if not is_there:
        raise NotFound(f"There is no file or folder {printable(str(source))}.", remedy="Check the path.")
    if source.is_dir() and not has_pictures(source):
        endings = ", ".join(sorted(suffix[1:] for suffix in PICTURE_SUFFIXES))
        raise InvalidInput(
            f"The folder {printable(str(source))} holds no picture.",
            remedy=f"Pictures are files ending in {endings}; hidden files are passed over.",
        )


def _source_items(source: Path, limit: int | None, *, apart: Path | None = None) -> Iterator[Item]:
    if source.is_dir():
        yield from folder_items(source, limit=limit, apart=apart)
    else:
        yield file_item(source, source.name, Bounds(None, limit))


def _first_and_rest(manifest: Path) -> Iterator[Row]:
    rows = manifest_rows(manifest)
    first = next(rows, None)
    if first is None:
        raise InvalidInput(f"The manifest {printable(manifest.name)} names no picture.", remedy="Add a row a picture.")
    return chain((first,), rows)


def _manifest_items(sources: Sequence[Path], manifest: Path, limit: int | None, rows: Iterator[Row]) -> Iterator[Item]:
    folders = [source.resolve() for source in sources if source.is_dir()]
    folders += [source.resolve().parent for source in sources if not source.is_dir()]
    folders.append(manifest.resolve().parent)
    named: dict[Path, int] = {}
    for row in rows:
        item, path = row_item(row, manifest, folders, limit=limit)
        earlier = row[0] if path is None else named.setdefault(path, row[0])
        if earlier != row[0]:
            yield BadItem(f"{printable(manifest.name)}:{row[0]}", f"names the file of line {earlier} again")
        else:
            yield item
    for source in sources:
        for item in _source_items(source, limit, apart=manifest.resolve()):
            if isinstance(item, BadItem):
                yield item
            elif item.path not in named:
                yield BadItem(printable(item.key), "not named in the manifest")
