"""Files made to harm, for the tests of reading: public sets of them, and good documents damaged at random from a seed."""

import gzip
import io
import random
import re
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

#: Documents larger than this are not damaged: the many small ones have the same parts.
LARGEST = 400_000

#: Kinds of files that are damaged.
DAMAGED = (
    ".pdf",
    ".docx",
    ".odt",
    ".ods",
    ".odp",
    ".epub",
    ".pptx",
    ".xlsx",
    ".rtf",
    ".html",
    ".htm",
    ".eml",
    ".mbox",
    ".mhtml",
    ".xml",
    ".csv",
    ".json",
    ".md",
)


def public(data):
    """Yield the name and bytes of every file of the public sets of malformed documents."""
    for archive in sorted((Path(data) / "hostile").glob("*.tar.gz")):
        with tarfile.open(archive) as members:
            for number, member in enumerate(members):
                if member.isfile():
                    suffix = PurePosixPath(member.name).suffix.lower()
                    yield f"{archive.name.partition('.')[0]}-{number:04}{suffix}", members.extractfile(member).read()


def documents(data):
    """Yield the suffix and bytes of good documents of every kind."""
    for file in sorted((Path(data) / "documents").rglob("*")):
        if file.is_file() and file.suffix.lower() in DAMAGED and 0 < file.stat().st_size <= LARGEST:
            yield file.suffix.lower(), file.read_bytes()
    for file in sorted((Path(data) / "html_articles" / "html").glob("*.gz"))[:20]:
        yield ".html", gzip.decompress(file.read_bytes())


def damaged(data, count, seed):
    """Yield the name and bytes of `count` damaged documents, each kind as often as any other."""
    chance = random.Random(seed)
    kinds = {}
    for suffix, content in documents(data):
        kinds.setdefault(suffix, []).append(content)
    names = sorted(kinds)
    for number in range(count):
        suffix = names[number % len(names)]
        yield f"damaged-{seed}-{number:05}{suffix}", damage(chance.choice(kinds[suffix]), chance)


def damage(content, chance):
    """Return `content` with one to four injuries; those of packages mostly within a member, else only checksums would be tried."""
    if content.startswith(b"PK") and chance.random() < 0.7:
        return _repacked(content, chance)
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(INJURIES)(bytearray(content), chance)
    return bytes(content)


def _repacked(content, chance):
    """Injure one member of a package, and pack all of them anew."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as anew:
        names = package.namelist()
        parts = [name for name in names if name.endswith((".xml", ".xhtml", ".html", ".rels", ".opf", "mimetype"))]
        victim = chance.choice(parts or names)
        for name in names:
            member = package.read(name)
            anew.writestr(name, damage(member, chance) if name == victim else member)
    return written.getvalue()


def _flip(content, chance):
    for _ in range(chance.choice((1, 3, 20))):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _cut(content, chance):
    return content[: chance.randrange(len(content) + 1)]


def _without(content, chance):
    begin, end = _stretch(content, chance)
    return content[:begin] + content[end:]


def _zeroed(content, chance):
    begin, end = _stretch(content, chance)
    return content[:begin] + bytes(end - begin) + content[end:]


def _twice(content, chance):
    begin, end = _stretch(content, chance)
    return content[:end] + content[begin:end] * chance.choice((1, 2, 50)) + content[end:]


def _noise(content, chance):
    begin, _ = _stretch(content, chance)
    return content[:begin] + chance.randbytes(chance.choice((1, 4, 100))) + content[begin:]


def _large_number(content, chance):
    numbers = list(re.finditer(rb"[0-9]+", bytes(content[:200_000])))
    if not numbers:
        return content
    found = chance.choice(numbers)
    return (
        content[: found.start()] + chance.choice((b"0", b"-1", b"65536", b"2147483647", b"99999999999999999999")) + content[found.end() :]
    )


def _stretch(content, chance):
    begin = chance.randrange(len(content) + 1)
    return begin, min(len(content), begin + chance.choice((1, 16, 256, 4096)))


INJURIES = (_flip, _cut, _without, _zeroed, _twice, _noise, _large_number)
