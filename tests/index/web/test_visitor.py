"""Politeness: robots.txt of every kind, pauses, and hosts that ask to be left alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import ArticleError
from index.web import Limits
from index.web.addresses import parse_address
from index.web.deadline import NotNowError
from index.web.fetch import Fetcher
from index.web.robots import LONGEST_PAUSE, MAX_BYTES, Rules
from index.web.visitor import Visitor

LIMITS = Limits(seconds=1.0, patience=0.5)


class Slept(list):
    def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def slept():
    return Slept()


@pytest.fixture
def visit(net, site, slept):
    visitor = Visitor(Fetcher(net.reach(), LIMITS), pause=1.0, sleep=slept)

    def visit(path, *, host="site.test", followed=True):
        return visitor.visit(parse_address(f"http://{host}:{site.port}{path}"), followed=followed)

    return visit


def allows(content, path="/a"):
    return Rules(content if isinstance(content, bytes) else content.encode(), "Assay").allow(parse_address(f"https://h.org{path}"))


# --- what a robots.txt says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /\nAllow: /news/", "/news/a", True),  # the longest rule counts, not the first
        ("User-agent: *\nAllow: /\nDisallow: /private", "/private/a", False),
        ("User-agent: *\nDisallow: /x\nAllow: /x", "/x", True),  # of equal ones the milder
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?x", True),
        ("User-agent: *\nDisallow: /*?session=", "/a?session=1", False),
        ("User-agent: *\nDisallow: /café", "/caf%c3%a9", False),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/café", False),
        ("User-agent: assay\nAllow: /\n\nUser-agent: *\nDisallow: /", "/a", True),  # our own group alone
        ("User-agent: *\nAllow: /\n\nUser-agent: ASSAY/2.0\nDisallow: /a", "/a", False),
        ("User-agent: other\nUser-agent: Assay\nDisallow: /a", "/a", False),
        ("User-agent: other\nDisallow: /a", "/a", True),
        ("User-agent: assayer\nDisallow: /a", "/a", True),
        ("User-agent: *\n\nDisallow: /a", "/a", False),  # blank lines end no group
        ("User-agent: *\nDisallow: /b\n\nUser-agent: x\nDisallow: /\n\nUser-agent: *\nDisallow: /a", "/a", False),  # groups are joined
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\rDisallow: /a\r", "/a", False),
        ("User-agent: * # all\nDisallow: /a # this", "/a", False),
        ("user-agent:*\ndisallow:/a", "/a", False),
        ("<!doctype html><html><body>Not found</body></html>", "/a", True),
        (b"\xff\xfe\x00" * 99, "/a", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
    ],
)
def test_a_robots_txt_is_read_as_the_standard_says(content, path, allowed):
    assert allows(content, path) is allowed


@pytest.mark.parametrize(
    ("line", "pause"),
    [
        ("Crawl-delay: 5", 5),
        ("Crawl-delay: 0.5", 0.5),
        ("Crawl-delay: 86400", LONGEST_PAUSE),
        ("Crawl-delay: -1", 0),
        ("Crawl-delay: x", 0),
    ],
)
def test_a_pause_is_kept_up_to_a_length(line, pause):
    assert Rules(f"User-agent: *\n{line}\n".encode(), "Assay").pause == pause


def test_a_hostile_robots_txt_is_read_quickly():
    """Sixteen thousand agents of sixteen thousand rules each would fill the memory; so would rules of stars the time."""
    agents = b"".join(b"user-agent: a%d\n" % number for number in range(16_000))
    rules = b"".join(b"disallow: /*%x*$\n" % number for number in range(16_000))
    began = time.monotonic()
    for content in (agents + rules, agents * 2, b"user-agent: *\ndisallow: /" + b"*a" * 240_000, b"user-agent:" + b" " * 500_000):
        allows(content[:MAX_BYTES], "/" + "a" * 1_900)
    assert time.monotonic() - began < 4


AGENTS = st.sampled_from(["*", "Assay", "assay/1.0", "Other", "bot"])
RULES = st.lists(
    st.tuples(st.sampled_from(["Allow", "Disallow"]), st.text("abc/", min_size=1, max_size=4).map(lambda text: f"/{text}")), max_size=4
)


@given(st.lists(st.tuples(st.lists(AGENTS, min_size=1, max_size=3), RULES), max_size=4), st.text("abc/", max_size=5))
def test_plain_rules_are_those_of_a_reader_of_few_lines(groups, rest):
    """The oracle: of the groups that name us, else those for all, the longest prefix; of equal ones the milder."""
    content = "\n\n".join(
        "\n".join([*(f"User-agent: {agent}" for agent in agents), *(f"{k}: {v}" for k, v in rules)]) for agents, rules in groups
    )
    ours = [rule for agents, rules in groups if any(agent.lower().startswith("assay") for agent in agents) for rule in rules]
    named = any(agent.lower().startswith("assay") for agents, _ in groups for agent in agents)
    for_all = [rule for agents, rules in groups if "*" in agents for rule in rules]
    path = f"/{rest}"
    fitting = [(len(prefix), kind == "Allow") for kind, prefix in (ours if named else for_all) if path.startswith(prefix)]
    if any(not rules for _, rules in groups):
        return  # whether a group without rules joins the next one is nowhere said
    assert allows(content, path) is (max(fitting)[1] if fitting else True)


# --- who asks when ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {}, b""), None),
        ((403, {}, b""), None),
        ((410, {}, b""), None),
        ((200, {}, b"User-agent: *\nAllow: /"), None),
        ((200, {}, b"User-agent: *\nDisallow: /"), "asks programs to leave this address alone"),
        ((200, {}, b"User-agent: *\nDisallow: /a" + b"\n#" * 400_000), "asks programs to leave this address alone"),
        ((500, {}, b""), r"cannot be had now \(status 500\)"),
        ((503, {}, b""), r"cannot be had now \(status 503\)"),
        ((429, {}, b""), r"cannot be had now \(status 429\)"),
        ((302, {"Location": "http://127.0.0.9/robots.txt"}, b""), "no address on the public internet"),
        ((302, {"Location": "/rules"}, b""), "asks programs to leave this address alone"),
    ],
)
def test_a_link_is_followed_only_where_the_site_lets_programs_in(site, visit, answer, said):
    site.pages |= {"/robots.txt": answer, "/a": b"here", "/rules": (200, {}, b"User-agent: *\nDisallow: /a")}
    if said is None:
        assert visit("/a").data == b"here"
    else:
        with pytest.raises(ArticleError, match=said):
            visit("/a")
        assert "/a" not in site.asked
    assert visit("/a", followed=False).data == b"here"  # what the user names is asked for as by a browser


def test_a_robots_txt_is_fetched_once_a_run_and_for_each_site(site, visit):
    site.pages |= {"/a": b"here", "/b": b"here"}
    for host in ("site.test", "site.test", "other.test"):
        visit("/a", host=host)
        visit("/b", host=host)
    assert site.asked.count("/robots.txt") == 2


def test_the_robots_txt_of_where_a_redirect_leads_counts_too(net, site):
    other = net.site()
    site.pages["/a"] = (302, {"Location": f"http://other.test:{other.port}/b"}, b"")
    other.pages |= {"/robots.txt": (200, {}, b"User-agent: *\nDisallow: /b"), "/b": b"here"}
    visitor = Visitor(Fetcher(net.reach(), LIMITS), pause=0)
    with pytest.raises(ArticleError, match=f"robots.txt of other.test:{other.port} asks programs"):
        visitor.visit(parse_address(f"http://site.test:{site.port}/a"), followed=True)
    assert other.asked == ["/robots.txt"]


def test_one_host_is_given_pauses_and_another_is_not_waited_for(site, visit, slept):
    site.pages |= {"/a": b"here", "/b": b"here"}
    visit("/a")
    assert slept == []
    visit("/b")
    assert len(slept) == 1
    assert 0.5 < slept[0] <= 1.0
    visit("/a", host="other.test")
    assert len(slept) == 1


def test_a_site_may_ask_for_longer_pauses(site, visit, slept):
    site.pages |= {"/robots.txt": (200, {}, b"User-agent: *\nCrawl-delay: 7"), "/a": b"here"}
    visit("/a")
    visit("/a")
    assert len(slept) == 1
    assert 6 < slept[0] <= 7


def test_pauses_do_not_count_as_slowness(net, site):
    site.pages |= {"/a": b"here"}
    visitor = Visitor(Fetcher(net.reach(), Limits(seconds=0.4, patience=0.4)), pause=0.6)
    address = parse_address(f"http://site.test:{site.port}/a")
    assert [visitor.visit(address, followed=False).data for _ in range(2)] == [b"here"] * 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_to_be_left_alone_is_left_alone(site, visit, status):
    site.pages |= {"/a": (status, {"Retry-After": "60"}, b""), "/b": b"here"}
    with pytest.raises(NotNowError, match=f"status {status}"):
        visit("/a")
    with pytest.raises(NotNowError, match=r"site\.test asks to be left alone"):
        visit("/b")
    assert "/b" not in site.asked
    assert visit("/b", host="other.test").data == b"here"


def test_what_may_pass_is_told_from_what_stays(site, visit):
    site.pages |= {"/later": (500, {}, b""), "/never": (404, {}, b"")}
    with pytest.raises(NotNowError):
        visit("/later")
    with pytest.raises(ArticleError) as caught:
        visit("/never")
    assert not isinstance(caught.value, NotNowError)
