"""A host's name into the IP addresses that may be asked: all of them public, or none."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from typing import TYPE_CHECKING, TypeAlias

from ..errors import ArticleError
from .addresses import is_public
from .deadline import NotNowError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .addresses import Address, IPAddress
    from .deadline import Deadline

    #: What looks up a name; raises OSError where there is no such name.
    Resolver: TypeAlias = Callable[[str], Sequence[str]]


def system_resolver(host: str) -> list[str]:
    """Return the IP addresses of `host` as this machine knows them, in the order in which they are best tried."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def resolved(
    address: Address, *, resolver: Resolver, deadline: Deadline, allowed: Callable[[IPAddress], bool] = is_public
) -> list[IPAddress]:
    """Return where `address` is; looked up once, for the connection to go nowhere else.

    Raises:
        NotNowError: The name leads nowhere, or takes too long.
        ArticleError: Any of its addresses is not `allowed`: who names a private one among public ones wants it to be asked.
    """
    found = [address.literal] if address.literal else _looked_up(address.host, resolver, deadline)
    if not found:
        raise NotNowError(f"no such host: {address.host}")
    refused = next((ip for ip in found if not allowed(ip)), None)
    if refused is not None:
        said = "" if address.literal else f" ({address.host} leads to it)"
        raise ArticleError(f"{refused} is no address on the public internet{said}; only such are fetched")
    return found


def _looked_up(host: str, resolver: Resolver, deadline: Deadline) -> list[IPAddress]:
    """Ask `resolver` in a thread: the system's has no time limit of its own."""
    answers: queue.SimpleQueue[Sequence[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        deadline.left()
        raise NotNowError(f"too slow: nobody said where {host} is; try again later") from None
    if isinstance(answer, OSError | UnicodeError):
        raise NotNowError(f"no such host: {host}") from answer
    return [ipaddress.ip_address(ip) for ip in answer]
