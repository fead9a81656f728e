"""Texts, and pairs of texts, into the token ids that a model reads, with the characters that each token stands for.

Knows nothing of models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Encoding, Tokenizer

#: Texts are counted so many at a time: an encoding takes many times the memory of its text.
_COUNTED_AT_ONCE = 2_048


class TextTokenizer:
    """A tokenizer that cuts at `max_tokens`. Offsets count Unicode code points. Safe to share between threads."""

    def __init__(self, source: str, max_tokens: int) -> None:
        """Take a tokenizer as `tokenizers` JSON; its own limits and padding do not count."""
        self.max_tokens = max_tokens
        self._tokenizer = _loaded(source)
        self._tokenizer.enable_truncation(max_tokens)
        self._pair_tokenizers: dict[int, Tokenizer] = {}

    def tokenize(self, texts: Sequence[str]) -> list[Encoding]:
        """Return the token ids of each text, special tokens included, cut at `max_tokens`."""
        return self._tokenizer.encode_batch(list(texts))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has by itself, without special tokens and without a limit."""
        counts: list[int] = []
        for start in range(0, len(texts), _COUNTED_AT_ONCE):
            encodings = self._tokenizer.encode_batch_fast(list(texts[start : start + _COUNTED_AT_ONCE]), add_special_tokens=False)
            counts += (len(encoding.ids) + sum(len(rest.ids) for rest in encoding.overflowing) for encoding in encodings)
        return counts

    def tokenize_pairs(self, pairs: Sequence[tuple[str, str]], *, overlap: int) -> list[list[Encoding]]:
        """Return the windows of each pair: the first text whole, the second in runs of at most `max_tokens` in all, special ones included.

        Two runs in a row share `overlap` tokens. Raises ValueError when a first text leaves no room for more than these.
        """
        tokenizer = self._for_pairs(overlap)
        special = tokenizer.num_special_tokens_to_add(is_pair=True)
        longest = max(self.count_tokens(list({first for first, _ in pairs})), default=0)
        if longest + special + overlap >= self.max_tokens:  # the library would panic, which no `except Exception` catches
            room = self.max_tokens - special - overlap - 1
            raise ValueError(f"expected a first text of at most {room} tokens, found one of {longest}")
        return [[encoding, *encoding.overflowing] for encoding in tokenizer.encode_batch(list(pairs))]

    def _for_pairs(self, overlap: int) -> Tokenizer:
        """Return the tokenizer that cuts second texts only; one for each overlap, since how it cuts is a state of it."""
        if overlap not in self._pair_tokenizers:
            tokenizer = _loaded(self._tokenizer.to_str())
            tokenizer.enable_truncation(self.max_tokens, stride=overlap, strategy="only_second")
            self._pair_tokenizers[overlap] = tokenizer
        return self._pair_tokenizers[overlap]


def _loaded(source: str) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(source)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
