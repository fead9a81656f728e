"""What the tests of all rooms share: a small real embedder, and libraries that are checked when a test is done with them."""

import hashlib
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from index import Library

settings.register_profile(
    "suite",
    deadline=None,  # the machine may be busy
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


class HashedEmbedder:
    """A bag of words hashed into 64 dimensions: an `Embedder` that is real, small and the same everywhere.

    Each word adds or subtracts one in a place that its hash names, so that texts that share words are near each other. The
    last place always holds a half, so that no vector is of zeros. `embedded` counts the documents that were embedded.
    """

    dimension = 64

    def __init__(self, name="hashed words", *, max_tokens=64):
        self.name = name
        self.max_tokens = max_tokens
        self.sha256 = hashlib.sha256(f"{name} {max_tokens} {self.dimension}".encode()).hexdigest()
        self.embedded = 0

    def embed_documents(self, texts, *, done=lambda _: None):
        self.embedded += len(texts)
        vectors = np.array([self._vector(text) for text in texts], np.float32).reshape(-1, self.dimension)
        done(len(texts))
        return vectors

    def embed_query(self, text):
        return self._vector(text)

    def count_tokens(self, texts):
        return [len(self._tokens(text)) for text in texts]

    @staticmethod
    def _tokens(text):
        return re.findall(r"\w+|[^\w\s]", text.lower())

    def _vector(self, text):
        vector = np.zeros(self.dimension, np.float64)
        vector[-1] = 0.5
        for token in self._tokens(text)[: self.max_tokens - 2]:
            digest = hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=4).digest()
            vector[digest[0] % (self.dimension - 1)] += 1 if digest[1] % 2 else -1
        return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def embedder():
    """A `HashedEmbedder`."""
    return HashedEmbedder()


@pytest.fixture
def make_embedder():
    """The class itself, for a test that needs several models or other limits."""
    return HashedEmbedder


@pytest.fixture
def make_library(tmp_path, embedder):
    """`make_library(articles) -> Library` on the small embedder; `doctor` must find nothing when the test is done.

    Further keywords: `folder` (each call makes a new one otherwise), `model`, `damaged` (the test breaks it: no check), and
    those of `Library.open`.
    """
    made = []

    def make(articles=(), *, folder=None, model=None, damaged=False, **options):
        folder = folder or tmp_path / f"{len(made)}.assay"
        model = model or embedder
        library = Library.open(folder, model=model, **options)
        made.append((library, model, damaged))
        if articles:
            library.add(articles)
        return library

    yield make
    for library, _, _ in made:
        library.close()
    broken = {library.folder for library, _, damaged in made if damaged}
    for folder, model in {library.folder: model for library, model, _ in made if library.folder not in broken}.items():
        with Library.open(folder, model=model, create=False) as library:
            assert library.doctor().faults == ()
