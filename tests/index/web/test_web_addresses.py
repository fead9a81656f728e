"""Which strings are addresses and which machines may be asked, against the registries' own lists and a list of known tricks."""

import ipaddress
import json
import os
import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.web import Limits, Reach, Web
from index.web.addresses import Address, is_public, is_web_address, joined, parse_address, same_site
from index.web.fetch import Fetcher

DATA = os.environ.get("ASSAY_DATA")

#: IANA's registry of special-purpose IPv4 addresses (and multicast, class E), as first and last: written out by hand, not by `ipaddress`.
SPECIAL = [
    ("0.0.0.0", "0.255.255.255"),  # noqa: S104  # nobody listens
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "255.255.255.255"),
]


def number(dotted):
    first, second, third, fourth = map(int, dotted.split("."))
    return first << 24 | second << 16 | third << 8 | fourth


RANGES = [(number(first), number(last)) for first, last in SPECIAL]
EDGES = sorted({edge for first, last in RANGES for edge in (first - 1, first, last, last + 1) if 0 <= edge < 1 << 32})


def open_4(value):
    return not any(first <= value <= last for first, last in RANGES)


def open_6(value):
    """Global unicast is 2000::/3; within it 2001::/23, 2001:db8::/32, 2002::/16 and 3fff::/20 are for something else."""
    if value >> 125 != 1:
        return False
    return value >> 105 != 0x20010000 >> 9 and value >> 96 != 0x20010DB8 and value >> 112 != 0x2002 and value >> 108 != 0x3FFF0


@given(st.one_of(st.integers(0, (1 << 32) - 1), st.sampled_from(EDGES)))
def test_public_ipv4_is_what_the_registry_leaves_open(value):
    assert is_public(ipaddress.IPv4Address(value)) == open_4(value)


@given(
    st.one_of(
        st.integers(0, (1 << 128) - 1),
        st.integers(1 << 125, (1 << 126) - 1),
        st.builds(lambda prefix, rest: prefix << 96 | rest, st.integers(0x2001_0000, 0x2002_FFFF), st.integers(0, (1 << 96) - 1)),
    )
)
@example(0x2001_0200 << 96)
@example(0x2001_01FF << 96)
@example(0x3FFF_0FFF << 96)
@example(0x3FFF_1000 << 96)
def test_public_ipv6_is_unicast_that_is_for_nothing_else(value):
    address = ipaddress.IPv6Address(value)
    if open_6(value) != is_public(address):  # Python may know of more that is not global, never of less
        assert not address.is_global
        assert not is_public(address)


@given(st.integers(0, (1 << 32) - 1))
def test_no_ipv4_address_hides_in_an_ipv6_one(value):
    dotted = ipaddress.IPv4Address(value)
    hidden = [
        value,  # ::a.b.c.d
        0xFFFF << 32 | value,  # mapped
        0xFFFF_0000 << 32 | value,  # translated
        0x64_FF9B << 96 | value,  # NAT64
        0x64_FF9B_0001 << 80 | value,  # NAT64 of a network's own
        0x2002 << 112 | value << 80,  # 6to4
        0x2001_0000 << 96 | 0x4136_E378 << 64 | value ^ 0xFFFF_FFFF,  # Teredo
    ]
    assert not [str(ipaddress.IPv6Address(address)) for address in hidden if is_public(ipaddress.IPv6Address(address))], dotted


@pytest.mark.parametrize("text", ["fe80::1%lo", "2600::1%eth0", "::1", "::", "ff02::1", "fec0::1", "fd00:ec2::254", "5f00::1", "100::1"])
def test_addresses_of_links_and_of_nobody_are_not_public(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_the_public_internet_is_public(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("text", "written", "host", "port", "target"),
    [
        ("https://Example.ORG", "https://example.org/", "example.org", 443, "/"),
        (" http://example.org:80/a?b=c#d\n", "http://example.org/a?b=c", "example.org", 80, "/a?b=c"),
        ("HTTPS://example.org.:8443?x", "https://example.org:8443/?x", "example.org", 8443, "/?x"),
        ("https://münchen.de/straße?q=ü b", "https://xn--mnchen-3ya.de/stra%C3%9Fe?q=%C3%BC%20b", "xn--mnchen-3ya.de", 443, None),
        ("http://[2606:4700::1111]:8080/", "http://[2606:4700::1111]:8080/", "2606:4700::1111", 8080, "/"),
        ("https://example.org/a%20b%zz", "https://example.org/a%20b%zz", "example.org", 443, "/a%20b%zz"),
        ("https://example.org/<\"'>^`{|}", "https://example.org/%3C%22'%3E%5E%60%7B%7C%7D", "example.org", 443, None),
    ],
)
def test_an_address_is_read_once_into_its_parts(text, written, host, port, target):
    address = parse_address(text)
    assert (str(address), address.host, address.port) == (written, host, port)
    assert target is None or address.target == target
    assert parse_address(written) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ftp://example.org/", "begins with http"),
        ("http:/example.org", "begins with http"),
        ("javascript:alert(1)", "begins with http"),
        ("http://", "the name of a host"),
        ("http://a b.org/", "the name of a host"),
        ("http://exa%6dple.org/", "the name of a host"),
        ("http://-a.org/", "the name of a host"),
        ("http://a..org/", "the name of a host"),
        ("http://" + "a" * 64 + ".org/", "the name of a host"),
        ("http://1.2.3/", "four numbers"),
        ("http://example.0x7f/", "four numbers"),
        ("http://01.2.3.4/", "four numbers"),
        ("http://1.2.3.256/", "four numbers"),
        ("http://[::1/", "a port from"),
        ("http://[fe80::1%25eth0]/", "a link of this machine"),
        ("http://[1.2.3.4]/", "in brackets"),
        ("http://me:secret@example.org/", "without a name and password"),
        ("http://example.org:0/", "a port from"),
        ("http://example.org:99999/", "a port from"),
        ("http://example.org:8o/", "a port from"),
        ("http://example.org\\@evil.org/", "a backslash"),
        ("http://example.org/a\nHost: evil", "a control character"),
        ("http://example.org/\ud800", "a lone surrogate"),
        ("http://example.org/" + "a" * 2000, "at most 2,000 characters"),
    ],
)
def test_what_is_no_address_is_refused_with_its_reason(text, said):
    with pytest.raises(ArticleError, match=said) as caught:
        parse_address(text)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.text(alphabet=string.printable + "\u2460\u3002\u0660é\x00\ud800", max_size=40))
def test_whatever_is_read_as_an_address_holds_nothing_but_what_travels(text):
    for scheme in ("http://", "https://h/", ""):
        try:
            address = parse_address(scheme + text)
        except ArticleError:
            continue
        written = str(address)
        assert written.isascii()
        assert written.isprintable()
        assert " " not in written
        assert "@" not in address.host
        assert parse_address(written) == address


def test_relative_addresses_are_read_where_they_stand():
    base = parse_address("https://example.org/news/today?x=1")
    assert str(joined(base, "../a?b")) == "https://example.org/a?b"
    assert str(joined(base, "//other.org/")) == "https://other.org/"
    assert str(joined(base, "")) == str(base)
    for reference in ("file:///etc/passwd", "//user@other.org/", "http://[", "/\\evil.org", "x" * 3000):
        with pytest.raises(ArticleError):
            joined(base, reference)


def test_what_is_meant_as_a_web_address():
    assert all(is_web_address(text) for text in ("http://a", "HTTPS://a", " https:a", "http:"))
    assert not any(is_web_address(text) for text in ("", "a.txt", "file:///a", "httpx://a", "./https://a", "ftp://a"))


@pytest.mark.parametrize(
    ("host", "of", "same"),
    [
        ("example.org", "www.example.org", True),
        ("www.example.org", "example.org", True),
        ("news.example.org", "www.example.org", True),
        ("example.org", "news.example.org", False),
        ("notexample.org", "example.org", False),
        ("example.org", "org", False),
        ("a.github.io", "b.github.io", False),
    ],
)
def test_a_site_is_a_host_and_what_is_under_it(host, of, same):
    assert same_site(host, of) is same


def test_how_an_address_is_written_depends_on_its_port_alone():
    assert str(Address("https", "h.org", 80, "/")) == "https://h.org:80/"
    assert Address("http", "::1", 80, "/").authority == "[::1]"


@pytest.mark.skipif(not DATA, reason="ASSAY_DATA names no folder of public data sets")
def test_nobody_is_asked_at_any_address_of_a_list_of_tricks(net, site, contacts, make_library):
    """Each as it stands and with the port of a server that must never hear of it; names lead where they would in the wild."""
    private = {
        "127.0.0.1.nip.io": ["127.0.0.1"],
        "localhost": ["127.0.0.1", "::1"],
        "localhost.localdomain": ["127.0.0.1"],
        "ip6-localhost": ["::1"],
        "metadata.google.internal": ["169.254.169.254"],
        "rebind.invalid": [["93.184.216.34"], ["127.0.0.1"]],
        "redirect.invalid": ["93.184.216.35"],
    }
    net.names.update(private)
    net.machines["93.184.216.35"] = elsewhere = net.site()
    elsewhere.pages = dict.fromkeys(["/"], (302, {"Location": f"http://127.0.0.1:{site.port}/"}, b""))
    lines = (Path(DATA) / "hostile" / "ssrf_urls.jsonl").read_text(encoding="utf-8").splitlines()
    tricks = [json.loads(line)["url"].partition(" (")[0] for line in lines]
    assert len(tricks) == 47
    tricks = [trick.replace("%d", str(site.port)) for trick in tricks]
    tricks += [trick.replace("127.0.0.1/", f"127.0.0.1:{site.port}/") for trick in tricks]
    reach = Reach(resolver=net.resolver, ports=frozenset(range(1, 65536)))
    web = Web(reach=reach, limits=Limits(seconds=3, patience=1), pause=0)
    report = make_library().fetch(*tricks, web=web)
    assert (report.added, report.updated, report.unchanged) == ([], [], [])
    assert len(report.refused) == len(tricks)
    assert site.asked == []
    assert set(net.dialled) == {"93.184.216.34", "93.184.216.35"}
    assert {contact for contact in contacts if contact[0] == "connect"} == {("connect", "127.0.0.1", elsewhere.port)}
    assert all(refusal.reason.isprintable() for refusal in report.refused)


def test_a_name_is_looked_up_once_and_the_connection_goes_where_it_led(net, contacts):  # noqa: ARG001
    """DNS rebinding: the second answer would be this machine."""
    net.names["rebind.test"] = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    net.machines["93.184.216.34"] = site = net.site()
    site.pages["/"] = b"<!doctype html><p>here"
    page = Fetcher(Reach(resolver=net.resolver, ports=frozenset({80}))).fetch(parse_address("http://rebind.test/"))
    assert page.data.endswith(b"here")
    assert net.looked_up == ["rebind.test"]
    assert net.dialled == ["93.184.216.34"]
    assert site.heads[0]["Host"] == "rebind.test"


@pytest.mark.parametrize("answers", [["93.184.216.34", "10.0.0.1"], ["2606:4700::1", "fd00::1"], ["127.0.0.1", "1.1.1.1"], []])
def test_a_host_with_one_private_address_is_not_asked_at_any(net, contacts, answers):
    net.names["mixed.test"] = answers
    with pytest.raises(ArticleError, match=r"no address on the public internet|no such host"):
        Fetcher(Reach(resolver=net.resolver)).fetch(parse_address("http://mixed.test/"))
    assert net.dialled == []
    assert contacts == []
