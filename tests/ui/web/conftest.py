"""What the tests of the page share: something to serve, on the small embedder."""

import pytest

from rag import Pipeline, Retriever
from ui.web.service import Service


@pytest.fixture
def make_service(make_library):
    """`make_service(articles=(), may_write=False, **options) -> Service` on a library of its own."""

    def make(articles=(), *, may_write=False, **options):
        library = make_library(articles, **options)
        return Service(library, Pipeline(library), Retriever(library), may_write=may_write)

    return make
