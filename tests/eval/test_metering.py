"""What a model reports of its use stands in the row of the question that it was used for."""

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from eval import Example, Target
from eval.evaluation import answered
from eval.grading import grade
from eval.metering import metered
from eval.run import Run
from index import Article
from rag import Pipeline


class Counting(BaseChatModel):
    """A model that counts words."""

    @property
    def _llm_type(self):
        return "counting"

    def _generate(self, messages, *_, **__):
        used = len(messages[-1].content.split())
        usage = {"input_tokens": used, "output_tokens": 2, "total_tokens": used + 2}
        message = AIMessage("so it is", usage_metadata=usage, response_metadata={"model_name": "counting"})
        return ChatResult(generations=[ChatGeneration(message=message)])


def test_what_models_report_is_added_up():
    model = Counting()
    with metered() as used:
        model.invoke("one two three")
        model.invoke("four")
    assert used == {"input_tokens": 4, "output_tokens": 4}
    with metered() as nothing:
        pass
    assert nothing == {}


@pytest.mark.parametrize("talks", [True, False])
def test_the_row_of_a_question_has_its_tokens(make_library, talks):
    library = make_library([Article(id="a", title="Tin", text="Ruritania made 3 tonnes of tin in 2023.")])
    pipeline, target = Pipeline(library), Target.of(library, reader=None)

    def system(question, only):
        if talks:
            Counting().invoke(question.text)
        return pipeline.ask(question, only=only)

    example = Example(id="q", question="How much tin did Ruritania make?")
    row = answered(example, Target(library=library, system=system, retriever=target.retriever))
    assert row.usage == ({"input_tokens": 6, "output_tokens": 2} if talks else {})
    assert ("input_tokens" in grade(Run("run", (row,))).names) is talks
