"""Ours and the stock LangChain pipeline, measured side by side: `python -m eval.bench`."""
