"""Measure it: question sets, runs, measures, comparisons, gates, reports.

The face of this room. Names load on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .comparison import Comparison, compare
    from .corpora import indexed
    from .dataset import Corpus, Dataset, Evidence, Example
    from .evaluation import Evaluation, Target, description, evaluate, load_evaluation, ungraded
    from .feedback import Feedback, feedback_of, import_feedback
    from .formats import load_dataset
    from .gating import Bound, Check, Demand, demanded, expect_baseline, fails, gate
    from .generating import Generated, StoppedError, generate, save
    from .grades import Grades, load_grades
    from .grading import CURVES, DEFAULT_RETRIEVAL, load_measure, measures_of
    from .headlines import Glance, glance
    from .journal import free_folder
    from .junit_xml import junit
    from .measure import Family, Grade, Kind, Measure
    from .report import panels_of, report_of
    from .run import Row, Run
    from .significance import Method
    from .statistics import Figure
    from .summary import checks_markdown, checks_text, comparison_text, figures_markdown

__all__ = [
    "CURVES",
    "DEFAULT_RETRIEVAL",
    "Bound",
    "Check",
    "Comparison",
    "Corpus",
    "Dataset",
    "Demand",
    "Evaluation",
    "Evidence",
    "Example",
    "Family",
    "Feedback",
    "Figure",
    "Generated",
    "Glance",
    "Grade",
    "Grades",
    "Kind",
    "Measure",
    "Method",
    "Row",
    "Run",
    "StoppedError",
    "Target",
    "checks_markdown",
    "checks_text",
    "compare",
    "comparison_text",
    "demanded",
    "description",
    "evaluate",
    "expect_baseline",
    "fails",
    "feedback_of",
    "figures_markdown",
    "free_folder",
    "gate",
    "generate",
    "glance",
    "import_feedback",
    "indexed",
    "junit",
    "load_dataset",
    "load_evaluation",
    "load_grades",
    "load_measure",
    "measures_of",
    "panels_of",
    "report_of",
    "save",
    "ungraded",
]

_HOMES = {
    "comparison": ("Comparison", "compare"),
    "corpora": ("indexed",),
    "dataset": ("Corpus", "Dataset", "Evidence", "Example"),
    "evaluation": ("Evaluation", "Target", "description", "evaluate", "load_evaluation", "ungraded"),
    "feedback": ("Feedback", "feedback_of", "import_feedback"),
    "formats": ("load_dataset",),
    "gating": ("Bound", "Check", "Demand", "demanded", "expect_baseline", "fails", "gate"),
    "headlines": ("Glance", "glance"),
    "generating": ("Generated", "StoppedError", "generate", "save"),
    "grades": ("Grades", "load_grades"),
    "grading": ("CURVES", "DEFAULT_RETRIEVAL", "load_measure", "measures_of"),
    "journal": ("free_folder",),
    "junit_xml": ("junit",),
    "measure": ("Family", "Grade", "Kind", "Measure"),
    "report": ("panels_of", "report_of"),
    "run": ("Row", "Run"),
    "significance": ("Method",),
    "statistics": ("Figure",),
    "summary": ("checks_markdown", "checks_text", "comparison_text", "figures_markdown"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name of the face from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
