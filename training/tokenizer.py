"""Learns a small byte-level BPE in the format of CLIP, so that any text can be tokenised.

The words of the captions become one token each; all other text falls back to smaller pieces and
in the end to single bytes.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, TypeAlias

from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

Pieces: TypeAlias = tuple[str, ...]
Merge: TypeAlias = tuple[str, str]

MAX_LENGTH: Final = 77
END_OF_WORD: Final = "</w>"
START: Final = "<|startoftext|>"
END: Final = "<|endoftext|>"


def _best_pair(words: Counter[Pieces]) -> Merge | None:
    """The most frequent neighbours; among equals the alphabet decides, to be reproducible."""
    pairs: Counter[Merge] = Counter()
    for pieces, count in words.items():
        for pair in pairwise(pieces):
            pairs[pair] += count
    return max(pairs, key=lambda pair: (pairs[pair], pair)) if pairs else None


def _merged(pieces: Pieces, pair: Merge) -> Pieces:
    made: list[str] = []
    for piece in pieces:
        if made and (made[-1], piece) == pair:
            made[-1] += piece
        else:
            made.append(piece)
    return tuple(made)


def learn_merges(texts: Iterable[str]) -> list[Merge]:
    """Byte-pair encoding until every word of the texts is one piece."""
    counts = Counter(word for text in texts for word in text.lower().split() if word.isalpha())
    words = Counter({(*word[:-1], word[-1] + END_OF_WORD): n for word, n in counts.items()})
    merges: list[Merge] = []
    while pair := _best_pair(words):
        merges.append(pair)
        words = Counter({_merged(pieces, pair): n for pieces, n in words.items()})
    return merges


def new_tokenizer(texts: Iterable[str]) -> CLIPTokenizer:
    """A CLIPTokenizer whose vocabulary is all bytes, the words of the texts and their parts."""
    merges = learn_merges(texts)
    letters = sorted(ByteLevel.alphabet())
    tokens = [
        *letters,
        *(letter + END_OF_WORD for letter in letters),
        *dict.fromkeys("".join(pair) for pair in merges),
        START,
        END,
    ]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_LENGTH)
