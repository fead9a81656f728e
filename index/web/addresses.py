"""Web addresses: which strings are one, and which machines may be asked.

An address is read once, here, into an `Address`; connections are made from its parts, so that nothing can be read as one host when it
is checked and as another when it is used. Knows nothing of connections or names' addresses: it resolves and contacts nothing.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import quote, urljoin

from ..errors import ArticleError

IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

#: An article's address is kept up to this length.
MAX_CHARACTERS = 2_000

_PORTS = {"http": 80, "https": 443}

_PARTS = re.compile(r"(https?):/{2}([^/?#]*)([^#]*)", re.IGNORECASE | re.DOTALL)

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")

#: How systems read a name that ends like this: as a number of 32 bits, in one of a dozen spellings.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

#: Kept as they are in a path or query: RFC 3986's delimiters, and encodings that are there already.
_KEPT = "!$%&'()*+,-./:;=?@_~[]"

#: What the registry of special-purpose addresses sets apart, whatever the version of Python knows of it; the address of Azure's own
#: machines, public by its number alone; and the relays of 6to4, to which no site belongs.
_SPECIAL_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    """.split()
)

#: All that is given to sites; addresses that carry an IPv4 address in them (mapped, translated, NAT64) lie outside.
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")

#: Protocols' own addresses (Teredo among them), documentation, and 6to4.
_SPECIAL_6 = tuple(ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


@dataclass(frozen=True, slots=True)
class Address:
    """An http or https address, in parts that need no further reading."""

    scheme: str
    host: str
    """A name in ASCII and lower case, or an IP address, that of IPv6 without brackets."""
    port: int
    target: str
    """Path and query, in ASCII; at least `/`."""

    def __str__(self) -> str:
        """Return the address as it is written; without the port where that goes without saying."""
        return self.origin + self.target

    @property
    def origin(self) -> str:
        """Return the address of the site: without path and query."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Return host and port as the header `Host` names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def path(self) -> str:
        """Return the target without its query."""
        return self.target.partition("?")[0]

    def sibling(self, target: str) -> Address:
        """Return the address of something else on the same site."""
        return replace(self, target=target)

    @property
    def literal(self) -> IPAddress | None:
        """Return the IP address that stands in place of a name, if one does."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None


def is_web_address(text: str) -> bool:
    """Say whether `text` is meant as a web address rather than as a path, whatever comes of it."""
    return text.strip(" \t\r\n").lower().startswith(("http:", "https:"))


def parse_address(text: str) -> Address:
    """Read an address; letters beyond ASCII are written as they travel.

    Raises:
        ArticleError: It is none that is ever fetched; the message says why.
    """
    text = text.strip(" \t\r\n")
    if len(text) > MAX_CHARACTERS:
        raise ArticleError(f"expected an address of at most {MAX_CHARACTERS:,} characters, found {len(text):,}")
    if re.search(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]", text):
        raise ArticleError("expected an address, found a backslash, a control character or a lone surrogate in it")
    parts = _PARTS.fullmatch(text.partition("#")[0])
    if parts is None:
        raise ArticleError("expected an address that begins with http:// or https://; no other is fetched")
    scheme, (host, port) = parts[1].lower(), _host_and_port(parts[2])
    target = parts[3] if parts[3].startswith("/") else f"/{parts[3]}"
    return Address(scheme, host, _PORTS[scheme] if port is None else port, quote(target, safe=_KEPT))


def joined(base: Address, reference: str) -> Address:
    """Read an address that stands in a document or an answer from `base`, and may be relative to it.

    Raises:
        ArticleError: It is none that is ever fetched.
    """
    reference = reference.strip(" \t\r\n")
    if len(reference) > MAX_CHARACTERS:
        raise ArticleError(f"expected an address of at most {MAX_CHARACTERS:,} characters, found {len(reference):,}")
    try:
        absolute = urljoin(str(base), reference)
    except ValueError as error:
        raise ArticleError("expected an address, found what cannot be read as one") from error
    return parse_address(absolute)


def is_public(address: IPAddress) -> bool:
    """Say whether `address` is that of a machine on the public internet: no private, local, special or translated one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in _SPECIAL_4)
    if address.scope_id is not None or address not in _UNICAST_6:
        return False
    return address.is_global and not any(address in network for network in _SPECIAL_6)


def same_site(host: str, of: str) -> bool:
    """Say whether `host` is the site `of` or lies under it: `news.example.org` under `example.org` and `www.example.org`."""
    site = of.removeprefix("www.")
    return host.removeprefix("www.") == site or (host.endswith(f".{site}") and "." in site)


def _host_and_port(authority: str) -> tuple[str, int | None]:
    """Split `host:port`; the host is checked."""
    if "@" in authority:
        raise ArticleError("expected an address without a name and password before the host; they would be sent to it")
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::(.*))?", authority)
    host, port = (bracketed[1], bracketed[2]) if bracketed else (authority.partition(":")[0], authority.partition(":")[2] or None)
    if port is not None and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise ArticleError(f"expected a port from 1 to 65535, found {port[:20]!r}")
    return _literal_6(host) if bracketed else _named(host), int(port) if port else None


def _literal_6(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError as error:
        raise ArticleError(f"expected an IPv6 address in brackets, found {host[:60]!r}") from error
    if address.scope_id is not None:
        raise ArticleError("expected an address on the internet, found one of a link of this machine")
    return str(address)


def _named(host: str) -> str:
    """Return a host's name as names are looked up; raises `ArticleError` for what systems read as a number in disguise."""
    name = _in_ascii(host).lower().removesuffix(".")
    labels = name.split(".")
    if not name or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ArticleError(f"expected the name of a host, found {host[:60]!r}")
    if not _NUMBER.fullmatch(labels[-1]):
        return name
    try:
        return str(ipaddress.IPv4Address(name))
    except ValueError as error:
        raise ArticleError(f"expected the name of a host or four numbers from 0 to 255, found {host[:60]!r}") from error


def _in_ascii(host: str) -> str:
    if host.isascii():
        return host
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ArticleError(f"expected the name of a host, found {host[:60]!r}") from error
