"""How the product is served: where it listens, who may come in, and how much each may ask for. Frozen; reads no files."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a browser on this machine calls it.
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the product is served."""

    host: str = "127.0.0.1"
    port: int = 7860
    hosts: tuple[str, ...] = ()
    """Further names under which it may be reached, as a browser's address bar has them, without the port."""
    passwords: Mapping[str, str] = field(default_factory=dict)
    """bcrypt hashes by user name; where there are any, everybody must log in."""
    keys: tuple[str, ...] = ()
    """Bearer keys that let programs in."""
    allow_upload: bool = False
    open_to_all: bool = False
    """Whether somebody has said that others than this machine may come in without a password."""

    @property
    def local(self) -> bool:
        """Say whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        """Return every name under which it may be reached: an address that is rebound to another name is none of them."""
        own = () if self.host in {"0.0.0.0", "::"} else (self.host,)  # noqa: S104  # those are not names, but all of them
        return tuple(dict.fromkeys((*_LOCAL_NAMES, *own, *self.hosts)))


def is_loopback(host: str) -> bool:
    """Say whether an address or name is this machine's own, and reached from nowhere else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
