"""Web addresses on the command line: nothing is fetched that was not asked for, and what comes of it is told as for files."""

import json
import re

import pytest
from sample_pages import article

from index import Web
from index.web.addresses import is_public
from ui import fetching


@pytest.fixture
def web(net, monkeypatch):
    """The command line as it is, but that the net behind it is the small one; no option and no variable could do that."""
    monkeypatch.setattr(fetching, "Reach", lambda ports=frozenset({80, 443}): net.reach(ports=ports))
    monkeypatch.setattr(fetching, "Web", lambda **options: Web(pause=0.0, **options))
    return net


@pytest.fixture
def at(site):
    return lambda path="": f"http://news.test:{site.port}{path}"


@pytest.fixture
def port(site):
    return ("--allow-port", str(site.port))


def rss(*links):
    items = "".join(f"<item><title>T</title><link>{link}</link><pubDate>2024-01-0{n}</pubDate></item>" for n, link in enumerate(links, 1))
    return (200, {"Content-Type": "application/rss+xml"}, f'<rss version="2.0"><channel>{items}</channel></rss>'.encode())


@pytest.mark.parametrize("verb", ["add", "sync"])
def test_an_address_is_refused_in_one_line_that_names_the_flag(assay, contacts, verb, tmp_path):
    (tmp_path / "a.txt").write_text("words")
    for argv in ([verb, "https://example.org/a"], ["add", tmp_path / "a.txt", "HTTP://example.org/"]):
        out, err = assay(*argv, code=2)
        assert out == ""
        assert err.count("\n") == 1
        assert "--allow-url" in err
    assert contacts == []
    assert "found none" in assay("list", code=2)[1]  # nothing was begun


def test_files_and_pages_are_added_together(assay, site, web, at, port, tmp_path, contacts):  # noqa: ARG001
    site.pages["/a"] = article("Smelter closes")
    (tmp_path / "b.txt").write_text("Some words of a file.")
    out, _ = assay("add", at("/a"), tmp_path / "b.txt", at("/none"), "--allow-url", *port, "--json", code=1)
    report = json.loads(out)
    assert report["added"] == ["b.txt", at("/a")]
    assert [refusal["path"] for refusal in report["refused"]] == [at("/none")]
    assert json.loads(assay("add", at("/a"), "--allow-url", *port, "--json")[0])["unchanged"] == [at("/a")]
    shown = json.loads(assay("show", at("/a"), "--json")[0])
    assert shown["url"] == at("/a")
    assert shown["metadata"]["retrieved"].startswith("20")
    out, _ = assay("add", at("/none"), "--allow-url", *port, code=1)
    assert f"refused {at('/none')}: there is nothing at this address (status 404)" in out


def test_a_port_is_asked_only_when_it_is_named(assay, site, web, at):  # noqa: ARG001
    out, _ = assay("add", at("/a"), "--allow-url", code=1)
    assert f"allow it with --allow-port {site.port}" in out
    assert site.asked == []


def test_a_feed_is_followed_run_by_run(assay, site, web, at, port):  # noqa: ARG001
    site.pages |= {f"/{number}": article(f"Number {number}") for number in range(3)}
    site.pages["/feed"] = rss("/0", "/1", "/2")
    follow = ("sync", at("/feed"), "--allow-url", *port)
    assert "1 more are listed and were left" in assay(*follow, "--most", "2")[0]
    report = json.loads(assay(*follow, "--json")[0])
    assert (report["added"], len(report["unchanged"]), "left" in report) == ([at("/0")], 2, False)
    assert json.loads(assay(*follow, "--since", "2030", "--json")[0])["unchanged"] == []
    out, _ = assay("sync", at("/0"), "--allow-url", *port, code=1)
    assert "expected a feed or a sitemap" in out


def test_a_feed_is_taken_as_it_stands_when_that_is_asked_for(assay, site, web, at, port):  # noqa: ARG001
    words = "The council voted to close the smelter. " * 3
    content = f"<rss><channel><item><title>T</title><link>/0</link><description>{words}</description></item></channel></rss>"
    site.pages["/feed"] = (200, {}, content.encode())
    assay("add", at("/feed"), "--allow-url", *port, "--as-listed")
    assert site.asked == ["/feed"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["add", ".", "--since", "2024"], "expected a web address for --since"),
        (["add", ".", "--most", "3"], "expected a web address for --most"),
        (["sync", ".", "--as-listed"], "expected a web address for --as-listed"),
        (["add", ".", "--allow-port", "8080"], "expected a web address for --allow-port"),
        (["add", "https://a/", "--allow-url", "--allow-port", "0"], "expected a port from 1 to 65535"),
        (["add", "https://a/", "--allow-url", "--most", "-1"], "expected a number|expected one argument"),
        (["add", "https://a/", "--allow-url", "--since", "soon"], "expected a date such as 2023-04-21, found 'soon'"),
        (["add", "file:///etc/passwd", "--allow-url"], "expected a file or folder to add, found none at file:///etc/passwd"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(assay, contacts, argv, said):
    _, err = assay(*argv, code=2)
    assert re.search(said, err)
    assert err.count("\n") == 1
    assert contacts == []


def test_no_variable_and_no_option_opens_the_way_to_this_machine(assay, site, monkeypatch, contacts):
    """The real resolver and the real rule; the site must hear of nothing."""
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy", "ASSAY_ALLOW_LOOPBACK"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{site.port}")
    for host in ("127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]"):
        out, _ = assay("add", f"http://{host}:{site.port}/", "--allow-url", "--allow-port", site.port, code=1)
        assert "no address on the public internet" in out
    assert site.asked == []
    assert [contact for contact in contacts if contact[0] == "connect"] == []
    assert Web().reach.allowed is is_public
