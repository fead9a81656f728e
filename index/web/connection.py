"""One request to one machine, pinned: the connection goes to the IP addresses that were checked, whatever the host's name leads to by now.

The name stays the name: in the header `Host`, in TLS (SNI), and where the certificate is held against it. No cookies, no proxies, no
redirects, nothing from the environment but where the system keeps its certificate authorities. The only importer of httpcore and ssl.
Knows nothing of which addresses may be asked, or of what the answer is for.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ArticleError
from .deadline import NotNowError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import httpcore

    from .addresses import Address, IPAddress
    from .deadline import Deadline

#: A host may have hundreds of addresses; a connection is tried at so many of them.
_TRIED_ADDRESSES = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: its status, its headers by lower-case name, and the body as it comes."""

    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes]


def system_tls() -> ssl.SSLContext:
    """Return what verifies certificates: the system's authorities; certifi's where the system has none."""
    places = ssl.get_default_verify_paths()
    if places.cafile or places.capath:
        return ssl.create_default_context()
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


@contextmanager
def get(
    address: Address, pinned: Sequence[IPAddress], headers: Mapping[str, str], *, deadline: Deadline, patience: float, tls: ssl.SSLContext
) -> Iterator[Answer]:
    """Ask for `address` at the first of `pinned` that lets itself be reached, and close the connection after the `with` block.

    Args:
        address: What is asked for.
        pinned: Where its host is; nothing else is connected to.
        headers: Sent besides `Host`.
        deadline: When the answer must be here whole.
        patience: The longest wait for a connection, and for the next bytes, in seconds.
        tls: What verifies the certificate of an https address.

    Raises:
        NotNowError: There is no connection, it ends early or takes too long, or what comes is not HTTP.
        ArticleError: The certificate does not hold.
    """
    import httpcore

    scheme, host, target = address.scheme.encode(), address.host.encode(), address.target.encode()
    url = httpcore.URL(scheme=scheme, host=host, port=address.port, target=target)
    sent = {"Host": address.authority, "Connection": "close", **headers}
    backend = _backend(pinned, deadline, patience)
    with _translated(address, deadline), httpcore.HTTPConnection(url.origin, ssl_context=tls, network_backend=backend) as connection:
        answer = connection.handle_request(httpcore.Request("GET", url, headers=list(sent.items())))
        said: dict[str, str] = {}
        for name, value in answer.headers:
            said.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())
        yield Answer(answer.status, said, answer.iter_stream())


def _backend(pinned: Sequence[IPAddress], deadline: Deadline, patience: float) -> httpcore.NetworkBackend:
    """Return what makes connections: to `pinned` alone, each wait as long as `patience` and `deadline` allow."""
    import httpcore

    class Bounded(httpcore.NetworkStream):
        """A connection on which nothing is waited for beyond the deadline, whatever httpcore would wait."""

        def __init__(self, inner: httpcore.NetworkStream) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  # ours is the tighter
            return self._inner.read(max_bytes, min(patience, deadline.left()))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  # as above
            self._inner.write(buffer, min(patience, deadline.left()))

        def start_tls(
            self,
            ssl_context: ssl.SSLContext,
            server_hostname: str | None = None,
            timeout: float | None = None,  # noqa: ARG002  # as above
        ) -> httpcore.NetworkStream:
            return Bounded(self._inner.start_tls(ssl_context, server_hostname, min(patience, deadline.left())))

        def close(self) -> None:
            self._inner.close()

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class Pinned(httpcore.NetworkBackend):
        """Connects to the addresses that were checked; the host's name is not looked up again."""

        def connect_tcp(
            self,
            host: str,  # noqa: ARG002  # where it is has been settled
            port: int,
            timeout: float | None = None,  # noqa: ARG002  # as above
            local_address: str | None = None,
            socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
        ) -> httpcore.NetworkStream:
            failed: Exception = httpcore.ConnectError("no address to connect to")
            for ip in pinned[:_TRIED_ADDRESSES]:
                try:
                    wait = min(patience, deadline.left())
                    return Bounded(httpcore.SyncBackend().connect_tcp(str(ip), port, wait, local_address, socket_options))
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
            raise failed

    return Pinned()


@contextmanager
def _translated(address: Address, deadline: Deadline) -> Iterator[None]:
    """Turn the errors of connections into ours."""
    import httpcore

    try:
        yield
    except httpcore.TimeoutException as error:
        deadline.left()
        raise NotNowError("too slow: nothing came for a while; try again later") from error
    except httpcore.NetworkError as error:
        raise _explained(address, error) from error
    except httpcore.ProtocolError as error:
        raise NotNowError(f"{address.authority} does not answer as a web server does, or broke off: {str(error)[:120]}") from error


def _explained(address: Address, error: Exception) -> ArticleError:
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for found in causes:
        if isinstance(found, ssl.SSLCertVerificationError):
            return ArticleError(f"the certificate of {address.host} does not hold: {found.verify_message}")
        if isinstance(found, ssl.SSLError):
            return ArticleError(f"no encrypted connection to {address.authority}: {found.reason or 'the handshake failed'}")
    said = next((found.strerror for found in causes if isinstance(found, OSError) and found.strerror), None)
    return NotNowError(f"no connection to {address.authority}: {said or 'it ended early'}")
