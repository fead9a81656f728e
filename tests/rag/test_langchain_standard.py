"""The standard tests of LangChain, which prove that what we call a retriever, a vector store or embeddings is one of theirs."""

import importlib.util
from pathlib import Path

import pytest
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests, ToolsIntegrationTests
from langchain_tests.integration_tests.vectorstores import VectorStoreIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests, ToolsUnitTests

from index import Article
from rag import AssayEmbeddings, AssayRetriever, AssayVectorStore, LangChainEmbedder

AGENT = Path(__file__).parents[2] / "docs" / "examples" / "agent.py"
ARTICLES = [
    Article(id=name, text=f"{country} mines {metal} in its {place}.", title=metal)
    for name, country, metal, place in [
        ("a", "Chile", "lithium", "desert"),
        ("b", "Congo", "cobalt", "south"),
        ("c", "Indonesia", "nickel", "islands"),
        ("d", "China", "gallium", "smelters"),
    ]
]


class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, make_library):
        return AssayVectorStore(make_library(model=LangChainEmbedder(self.get_embeddings())))


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _library(self, make_library):
        self.library = make_library(ARTICLES)

    @property
    def retriever_constructor(self):
        return AssayRetriever

    @property
    def retriever_constructor_params(self):
        return {"library": self.library}

    @property
    def retriever_query_example(self):
        return "Who mines cobalt?"


class TestEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self):
        return AssayEmbeddings


class TestEmbeddings(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return AssayEmbeddings


class OnTheExamplesTool:
    """The tool that docs/examples/agent.py makes of our retriever."""

    @pytest.fixture(autouse=True)
    def _tool(self, make_library):
        spec = importlib.util.spec_from_file_location("agent_example", AGENT)
        example = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(example)
        self.made = example.search_tool(make_library(ARTICLES))

    @property
    def tool_constructor(self):
        return self.made

    @property
    def tool_invoke_params_example(self):
        return {"query": "Who mines cobalt?"}


class TestToolUnit(OnTheExamplesTool, ToolsUnitTests):
    pass


class TestTool(OnTheExamplesTool, ToolsIntegrationTests):
    pass
