"""How the product is served: where it listens, who may come in, and how much each may ask for. Frozen; reads no files."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a browser on this machine calls it.
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")

#: Addresses that are none, but all of a machine's.
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104  # compared with, not listened on

#: Bytes of the largest file that may be uploaded.
LARGEST_FILE = 20_000_000

#: Bytes of all files that may be uploaded at once; a page sends them in one request.
LARGEST_UPLOAD = 200_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something may be done: `burst` times at once, and `per_second` in the long run."""

    burst: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one may ask for: a user or key by name, everybody else by address, and many people can share an address."""

    asks: Rate = Rate(1_500, 50)
    """Questions, searches and the page's own events: what fifty people behind one address do, with room to spare."""
    writes: Rate = Rate(300, 5)
    """Votes, shares and uploads."""
    logins: Rate = Rate(10, 1 / 60)
    """Attempts on one name from one address, so that nobody can lock another out from elsewhere."""
    logins_of_address: Rate = Rate(200, 1)
    at_once: int = 64
    """Questions that are being answered, or wait for it, at the same time."""
    open_requests: int = 1_000
    """Requests of any kind that are open at the same time: a page holds two or three."""
    largest_body: int = 4 * 2**20
    """Bytes of a request, files aside."""
    patience: float = 15.0
    """Seconds to wait for a body, beyond those that `slowest` allows for what has come."""
    slowest: int = 4_096
    """Bytes a second that a body must come in with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the product is served."""

    host: str = "127.0.0.1"
    port: int = 7860
    hosts: tuple[str, ...] = ()
    """Further names under which it may be reached, as a browser's address bar has them, without the port."""
    url: str = ""
    """The address that people open, without a path, where a proxy stands before it."""
    passwords: Mapping[str, str] = field(default_factory=dict)
    """bcrypt hashes by user name; where there are any, everybody must log in."""
    keys: tuple[str, ...] = ()
    """Bearer keys that let programs in."""
    allow_upload: bool = False
    open_to_all: bool = False
    """Whether somebody has said that others than this machine may come in without a password."""
    limits: Limits = Limits()

    @property
    def local(self) -> bool:
        """Say whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Return every name under which it may be reached: an address that is rebound to another name is none of them."""
        own = () if self.everywhere else (in_brackets(self.host),)
        return tuple(dict.fromkeys(name.lower() for name in (*_LOCAL_NAMES, *own, *self.hosts)))

    @property
    def everywhere(self) -> bool:
        """Say whether it listens on every address of the machine."""
        return self.host in _EVERY_ADDRESS

    @property
    def writable(self) -> bool:
        """Say whether articles may be added and removed by those who are let in: never by strangers from other machines."""
        return self.allow_upload and (self.local or bool(self.passwords))


def in_brackets(host: str) -> str:
    """Return an address as it stands in a URL: one of IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def is_loopback(host: str) -> bool:
    """Say whether an address or name is this machine's own, and reached from nowhere else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
