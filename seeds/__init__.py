"""The sample articles and the questions asked of them: data, no code."""
