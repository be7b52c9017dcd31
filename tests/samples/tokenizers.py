"""Tokenizers built from a handful of words."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from transformers import CLIPTokenizer, T5Tokenizer

WORDS = (
    *("a", "an", "the", "of", "on", "in", "with", "red", "blue", "green", "cat", "dog", "fish"),
    *("house", "tree", "star", "moon", "photo", "painting", "make", "it", "snow"),
)


def _byte_symbols() -> list[str]:
    """The printable characters by which byte-level BPE names the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(others))]


def _merges(word: str) -> list[tuple[str, str]]:
    """The pairs that join a word's letters from left to right, its last letter carrying the end-of-word mark."""
    letters = [*word[:-1], word[-1] + "</w>"]
    return [("".join(letters[:count]), letters[count]) for count in range(1, len(letters))]


def clip_tokenizer(max_length: int = 77) -> CLIPTokenizer:
    """A CLIP tokenizer that accepts any text: known words are one token each, the rest falls back to bytes."""
    symbols = _byte_symbols()
    merges = list(dict.fromkeys(pair for word in WORDS for pair in _merges(word)))
    tokens = [*symbols, *(symbol + "</w>" for symbol in symbols), *map("".join, merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    with TemporaryDirectory() as folder:
        Path(folder, "vocab.json").write_text(json.dumps(vocabulary))
        Path(folder, "merges.txt").write_text("\n".join(["#version: 0.2", *map(" ".join, merges)]))
        Path(folder, "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": "CLIPTokenizer", "model_max_length": max_length})
        )
        return CLIPTokenizer.from_pretrained(folder)


def t5_tokenizer(max_length: int = 32) -> T5Tokenizer:
    """A T5 tokenizer over the same words, with single letters for the rest."""
    specials = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    letters = [(letter, -8.0) for letter in ["▁", *map(chr, range(33, 127))]]
    words = [("▁" + word, -2.0) for word in WORDS]
    return T5Tokenizer(vocab=specials + letters + words, extra_ids=0, model_max_length=max_length)
