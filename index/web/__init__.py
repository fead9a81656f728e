"""Addresses into articles, only when asked: pages, feeds and sitemaps from machines on the public internet, politely and within limits."""

from .fetch import Limits, Reach
from .gather import Gathering, Web

__all__ = ["Gathering", "Limits", "Reach", "Web"]
