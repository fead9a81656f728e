"""The verb `serve`: where it listens, whom it lets in, how it ends, and what it says of all that."""

import json
import os
import signal
import socket
import stat
import subprocess
import urllib.request

import bcrypt
import pytest

from index import AssayError
from ui.arguments import UsageError, parse
from ui.serving import settings_of

HASH = bcrypt.hashpw(b"right", b"$2b$04$abcdefghijklmnopqrstuu").decode()  # the same in every process that collects the tests


@pytest.fixture
def articles(assay, tmp_path):
    """An index with an article in it."""
    article = tmp_path / "plan.txt"
    article.write_text("Chile presented a lithium plan in April 2023.")
    assay("add", article)


@pytest.fixture
def serve(articles, process):  # noqa: ARG001  # which the server serves
    """`serve(*options) -> (process, url)`, once it listens; ended when the test is."""
    started = []

    def serve(*options):
        one = process("serve", "--port", "0", "--json", *options, text=True)
        started.append(one)
        line = one.stdout.readline()
        assert line, one.stderr.read()
        return one, json.loads(line)["url"]

    yield serve
    for one in started:
        one.terminate()
        one.communicate(timeout=30)


def opened(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:  # noqa: S310  # our own server
        return answer.read()


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_it_serves_until_it_is_told_to_stop(serve, number):
    one, url = serve()
    assert b"<gradio-app" in opened(url)
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as stream:
        stream.sendall(f"GET /gradio_api/heartbeat/x HTTP/1.1\r\nhost: {host}\r\n\r\n".encode())
        assert b"ALIVE" in stream.recv(4_096) + stream.recv(4_096)
        one.send_signal(number)
        out, err = one.communicate(timeout=30)
    assert (one.returncode, out) == (0, "")
    assert err == f"Serving at {url} – open it in a browser; Ctrl-C ends it.\n"


def test_it_says_in_one_line_why_it_cannot_listen(articles, process):  # noqa: ARG001  # which would be served
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for options, said in (
            (
                ["--port", port],
                f"expected a free port, found {port} in use on 127.0.0.1; name another with --port, or any free one with --port 0",
            ),
            (
                ["--host", "203.0.113.7", "--open-to-all"],
                "expected an address of this machine for --host, such as 127.0.0.1, found 203.0.113.7",
            ),
            (
                ["--host", "no such host", "--open-to-all"],
                "expected an address of this machine for --host, such as 127.0.0.1, found no such host",
            ),
        ):
            out, err = process("serve", *options, text=True).communicate(timeout=60)
            assert (out, err) == ("", f"assay: {said}\n")


def test_without_an_index_there_is_nothing_to_serve(process):
    one = process("serve", "--port", "0", text=True, stdin=subprocess.DEVNULL)
    out, err = one.communicate(timeout=60)
    assert (one.returncode, out, err.count("\n")) == (2, "", 1)


# --- who is let in -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """`settings(*options)`: what the command line makes of them, with a file of passwords, and of keys, to name."""
    for name, content in (("passwords", f"anna:{HASH}\n# nobody\n\nbo:{HASH}\n"), ("keys", "alpha\nbeta\n")):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_API_KEYS", raising=False)
    return lambda *options: settings_of(parse(["serve", *options]))


def test_it_is_for_this_machine_alone_unless_somebody_says_otherwise(settings):
    assert (settings().host, settings().local, settings().passwords, settings().keys) == ("127.0.0.1", True, {}, ())
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):  # noqa: S104  # refused
        with pytest.raises(AssayError, match="expected --auth FILE to serve on"):
            settings("--host", host)
        with pytest.raises(AssayError, match="expected --auth FILE to serve on"):
            settings("--host", host, "--keys", "keys")
        assert settings("--host", host, "--auth", "passwords").passwords == {"anna": HASH, "bo": HASH}
        assert settings("--host", host, "--open-to-all").open_to_all
        with pytest.raises(AssayError, match="expected --auth FILE for --allow-upload"):
            settings("--host", host, "--open-to-all", "--allow-upload")
        assert settings("--host", host, "--auth", "passwords", "--allow-upload").writable
    for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"):
        assert settings("--host", host, "--allow-upload").writable


def test_names_under_which_it_may_be_reached(settings):
    assert settings("--allow-host", "Assay.Example.org").allowed_hosts == ("localhost", "127.0.0.1", "[::1]", "assay.example.org")
    assert "[fd00::1]" in settings("--host", "fd00::1", "--open-to-all").allowed_hosts
    assert "0.0.0.0" not in settings("--host", "0.0.0.0", "--open-to-all").allowed_hosts  # noqa: S104


def test_keys_come_from_a_file_or_the_environment(settings, monkeypatch):
    assert settings("--keys", "keys").keys == ("alpha", "beta")
    monkeypatch.setenv("ASSAY_API_KEYS", " gamma, delta ,,")
    assert settings().keys == ("gamma", "delta")
    assert settings("--keys", "keys").keys == ("alpha", "beta")


def test_keys_that_were_meant_to_be_and_are_not_let_nobody_in(settings, monkeypatch, tmp_path):
    for content in ("", "\n \n", "# alpha\n"):
        (tmp_path / "keys").write_text(content)
        with pytest.raises(AssayError, match=r"^expected a key in keys, found none; without any, every program would be let in$"):
            settings("--keys", "keys")
    with pytest.raises(AssayError, match="expected a text file for --keys"):
        settings("--keys", "")
    for said in (" ", ",,", " , "):
        monkeypatch.setenv("ASSAY_API_KEYS", said)
        with pytest.raises(AssayError, match=r"^expected a key in \$ASSAY_API_KEYS, found none"):
            settings()
    monkeypatch.setenv("ASSAY_API_KEYS", "")
    assert settings().keys == ()


@pytest.mark.parametrize(
    ("given", "url", "host"),
    [
        ("https://assay.example.org", "https://assay.example.org", "assay.example.org"),
        ("HTTPS://Assay.Example.org:443/", "https://assay.example.org", "assay.example.org"),
        ("http://[FD00::1]:8080", "http://[fd00::1]:8080", "[fd00::1]"),
    ],
)
def test_the_address_that_people_open_is_a_name_of_ours(settings, given, url, host):
    made = settings("--url", given)
    assert (made.url, made.allowed_hosts[-1]) == (url, host)


@pytest.mark.parametrize(
    "given", ["assay.example.org", "ftp://x", "https://", "https://x/path", "https://x?q", "https://a@x", "https://x:99999", ""]
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(UsageError, match="expected an address without a path"):
        parse(["serve", "--url", given])


@pytest.mark.parametrize("name", ["passwords", "keys"])
def test_secrets_that_everybody_can_read_are_warned_of(settings, name, tmp_path, capsys):
    option = {"passwords": "--auth", "keys": "--keys"}[name]
    settings(option, name)
    assert capsys.readouterr().err == ""
    (tmp_path / name).chmod(0o644)
    settings(option, name)
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"warning: everybody on this machine can read {name}; `chmod 600 {name}` keeps it to yourself\n")
    assert stat.S_IMODE(os.stat(name).st_mode) == 0o644  # noqa: PTH116  # said, not changed


@pytest.mark.parametrize(
    "content", ["", "# nobody\n", "anna:secret\n", f"anna:{HASH}\nbo\n", f":{HASH}\n", f"anna:{HASH}x\n", "anna:$apr1$x$y\n"]
)
def test_passwords_that_are_not_hashed_are_refused(settings, content, tmp_path):
    (tmp_path / "passwords").write_text(content)
    with pytest.raises(AssayError, match=r"^expected (NAME:HASH with a bcrypt hash in line [12]|a line of NAME:HASH)") as refused:
        settings("--auth", "passwords")
    assert "secret" not in str(refused.value)


def test_a_login_is_asked_for_and_let_in(serve, tmp_path):
    (tmp_path / "passwords").write_text(f"anna:{HASH}\n")
    (tmp_path / "passwords").chmod(0o600)
    (tmp_path / "keys").write_text("alpha\n")
    (tmp_path / "keys").chmod(0o600)
    _, url = serve("--auth", str(tmp_path / "passwords"), "--keys", str(tmp_path / "keys"))
    assert b'name="password"' in opened(url)  # which leads to the login
    assert b"<gradio-app" in opened(url, authorization="Bearer alpha")
