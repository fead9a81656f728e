"""Members of a package: what is read is counted, and what is refused says why."""

import io
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.loaders import members as module
from index.loaders.members import Members


def package(*entries, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return stream.getvalue()


def opened(data, **limits):
    return Members(io.BytesIO(data), **limits)


def test_members_come_back_as_they_were_put_in():
    found = opened(package(("a.xml", b"one"), ("b/", b""), ("b/c.xml", b"two" * 1000)))
    assert found.names() == ("a.xml", "b/c.xml")
    assert found.read("b/c.xml", 3000) == b"two" * 1000
    assert "a.xml" in found
    assert "b/" not in found


def test_backslashes_part_folders_as_slashes_do():
    assert opened(package(("word\\document.xml", b"x"))).read("word/document.xml", 1) == b"x"


def test_a_member_over_its_limit_is_refused_and_not_unpacked_whole(monkeypatch):
    data = package(("bomb", b" " * 50_000_000))
    read = []
    inflate = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: read.append(chunk := inflate(self, n)) or chunk)
    with pytest.raises(ArticleError, match="more than 1,000 unpacked bytes of 'bomb'"):
        opened(data).read("bomb", 1000)
    assert sum(map(len, read)) < 1_000_000


def test_the_size_that_the_directory_states_is_not_believed():
    data = bytearray(package(("a", b"x" * 100_000)))
    directory = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, directory + 24, 5)
    with pytest.raises(ArticleError):
        opened(bytes(data)).read("a", 1000)


def test_all_members_together_have_one_budget():
    found = opened(package(("a", b"x" * 600), ("b", b"y" * 600)), total=1000)
    assert len(found.read("a", 600)) == 600
    with pytest.raises(ArticleError, match=r"of the file in all \(1,000\)"):
        found.read("b", 600)


def test_what_cannot_be_unpacked_is_refused(monkeypatch):
    data = package(("a", b"secret"), method=zipfile.ZIP_STORED)
    encrypted = bytearray(data)
    encrypted[data.rfind(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ArticleError, match="password"):
        opened(bytes(encrypted)).read("a", 10)
    with pytest.raises(ArticleError, match="packed in a way"):
        opened(package(("a", b"x" * 100), method=zipfile.ZIP_LZMA)).read("a", 100)
    with pytest.raises(ArticleError, match="incomplete"):
        opened(data).read("b", 10)
    damaged = data.replace(b"secret", b"secreT", 1)
    with pytest.raises(ArticleError, match="damaged"):
        opened(damaged).read("a", 10)
    monkeypatch.setattr(module, "MAX_MEMBERS", 1)
    with pytest.raises(ArticleError, match="too many members: 2"):
        opened(package(("a", b""), ("b", b"")))


@given(st.data())
def test_no_damage_raises_anything_else(data):
    whole = package(("a.xml", b"<a>" + b"text " * 50), ("b.bin", bytes(range(256))))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ArticleError):
        found = opened(bytes(damaged))
        for name in found.names():
            assert len(found.read(name, 10_000)) <= 10_000
