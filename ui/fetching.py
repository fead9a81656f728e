"""Web addresses on the command line: which of the arguments are, what is allowed, and that nothing is fetched unless it is asked for."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from typing import TYPE_CHECKING

from index import AddReport, AssayError, Reach, Web, is_web_address, parse_date

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Sequence

#: Options that say something of addresses alone.
_OF_ADDRESSES = {"ports": "--allow-port", "most": "--most", "since": "--since", "as_listed": "--as-listed"}


def add_options(parser: ArgumentParser) -> None:
    """Add what may be said of web addresses."""
    group = parser.add_argument_group("web addresses", "Pages, documents, feeds and sitemaps of the public internet; see docs/fetching.md.")
    group.add_argument("--allow-url", action="store_true", help="fetch them; without it nothing is ever fetched")
    ports = "a port besides 80 and 443; may be repeated"
    group.add_argument("--allow-port", dest="ports", metavar="PORT", action="append", type=_port, help=ports)
    most = f"pages to fetch because a feed or a sitemap lists them, newest first; {Web().most} by default"
    group.add_argument("--most", metavar="N", type=_number, help=most)
    since = "only what a feed or a sitemap dates at D or later: 2023, 2023-04 or 2023-04-21"
    group.add_argument("--since", metavar="D", type=_date, help=since)
    listed = "take a feed's entries as they stand in it, and fetch no page for those that are only summaries"
    group.add_argument("--as-listed", action="store_true", help=listed)


def sorted_out(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the web addresses among the arguments, and the others."""
    return [text for text in arguments if is_web_address(text)], [text for text in arguments if not is_web_address(text)]


def web_of(args: Namespace, addresses: Sequence[str]) -> Web | None:
    """Return what may be fetched; None where there is no address. Raises `AssayError` for an address that nobody allowed to be fetched."""
    if addresses and not args.allow_url:
        raise AssayError(f"expected a file or folder, found the web address {addresses[0]}; to fetch it, add --allow-url")
    if not addresses:
        idle = next((option for name, option in _OF_ADDRESSES.items() if getattr(args, name) not in (None, False)), None)
        if idle:
            raise AssayError(f"expected a web address for {idle}, found none; leave it out, or name an address")
        return None
    reach = Reach(ports=Reach().ports | frozenset(args.ports or ()))
    most = Web().most if args.most is None else args.most
    return Web(reach=reach, most=most, since=args.since, pages=not args.as_listed)


def joined(one: AddReport, other: AddReport) -> AddReport:
    """Return two reports as one."""
    return AddReport(**{field.name: getattr(one, field.name) + getattr(other, field.name) for field in fields(AddReport)})


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"expected a port from 1 to 65535, found {text!r}")
    return int(text)


def _number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,6}", text):
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 999999, found {text!r}")
    return int(text)


def _date(text: str) -> str:
    date = parse_date(text)
    if date is None:
        raise argparse.ArgumentTypeError(f"expected a date such as 2023-04-21, found {text!r}")
    return date
