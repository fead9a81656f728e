"""The small web, for these tests."""

from small_web import authority, contacts, net, site, tls  # noqa: F401  # fixtures
