"""Tokenizers that accept any text, built from a handful of words.

Each takes keyword arguments of its class, such as ``model_max_length``.
"""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import transformers

from gremio.checking.tiny.chatglm import chatglm_tokenizer
from gremio.checking.tiny.vocabulary import LETTERS, WORDS, byte_symbols, joins, numbered

_SPACE = "\u2581"
_BYTE_SPACE = "\u0120"
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def clip_tokenizer(**options: Any) -> Any:
    """Byte-level BPE with marked ends of words, 77 tokens."""
    symbols = byte_symbols()
    merges = [pair for word in WORDS for pair in joins((*word[:-1], word[-1] + "</w>"))]
    merges = list(dict.fromkeys(merges))
    tokens = [*symbols, *(symbol + "</w>" for symbol in symbols), *map("".join, merges)]
    # The real numbers, which some pipelines know by heart.
    vocabulary = numbered(tokens) | {"<|startoftext|>": 49406, "<|endoftext|>": 49407}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=merges, **{"model_max_length": 77} | options)


def t5_tokenizer(**options: Any) -> Any:
    """Unigram, 512 tokens."""
    pieces = _unigram([("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)])
    return transformers.T5Tokenizer(vocab=pieces, extra_ids=0, **{"model_max_length": 512} | options)


def bert_tokenizer(**options: Any) -> Any:
    """WordPiece, 512 tokens."""
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = numbered([*specials, *WORDS, *LETTERS, *("##" + letter for letter in LETTERS)])
    return transformers.BertTokenizer(vocab=vocabulary, **{"model_max_length": 512} | options)


def llama_tokenizer(**options: Any) -> Any:
    """BPE over characters with bytes to fall back on, 512 tokens."""
    specials = ["<unk>", "<s>", "</s>", *_byte_names()]
    vocabulary, merges = _character_bpe(specials)
    settings = {"model_max_length": 512, "pad_token": "</s>", "padding_side": "right"}
    return transformers.LlamaTokenizerFast(vocab=vocabulary, merges=merges, **settings | options)


def gemma_tokenizer(**options: Any) -> Any:
    """The same with Gemma's special tokens."""
    vocabulary, merges = _character_bpe(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *_byte_names()])
    settings = {"model_max_length": 512, "padding_side": "right"}
    return transformers.GemmaTokenizerFast(vocab=vocabulary, merges=merges, **settings | options)


def qwen2_tokenizer(**options: Any) -> Any:
    """Byte-level BPE with a chat template, 512 tokens."""
    vocabulary, merges = _byte_bpe(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer = transformers.Qwen2Tokenizer(vocab=vocabulary, merges=merges, **{"model_max_length": 512} | options)
    tokenizer.add_special_tokens({"extra_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = _CHAT
    return tokenizer


def mbart50_tokenizer(**options: Any) -> Any:
    """Unigram with codes of languages, from Spanish to English."""
    pieces = _unigram([("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)])
    settings = {"model_max_length": 512, "src_lang": "es_XX", "tgt_lang": "en_XX"}
    return transformers.MBart50Tokenizer(vocab=pieces, **settings | options)


def whisper_tokenizer(**options: Any) -> Any:
    """Byte-level BPE with Whisper's marks."""
    marks = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]
    vocabulary, merges = _byte_bpe(marks)
    tokenizer = transformers.WhisperTokenizer(vocab=vocabulary, merges=merges, **options)
    tokenizer.add_special_tokens({"extra_special_tokens": marks[1:]})
    # British spellings, of which it would need a file.
    tokenizer.english_spelling_normalizer = {}
    return tokenizer


def own_tokenizer(cls: Any, **options: Any) -> Any:
    """One of a class that none of the libraries' is, loaded from files as it would be, with these few words."""
    folder = tempfile.mkdtemp(prefix="gremio-tokenizer-")
    # It may read them again, or copy them where it is saved.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bases = [each for each in cls.__mro__[1:] if each.__module__.startswith("transformers.")]
    base = next((name for name in map(_plain, bases) if name in TOKENIZERS), None)
    if base is not None:
        TOKENIZERS[base](**options).save_pretrained(folder)
        return cls.from_pretrained(folder)
    file = Path(folder, "tokenizer.model")
    file.write_bytes(_sentence_pieces())
    return cls(vocab_file=str(file), **options)


def _plain(cls: type) -> str:
    return cls.__name__.removesuffix("Fast")


def _sentence_pieces() -> bytes:
    """A model of SentencePiece, for which that package is needed."""
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*WORDS, *LETTERS] * 2),
        model_writer=written,
        vocab_size=len(WORDS) + len(LETTERS) + 8,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return written.getvalue()


def _unigram(specials: list[tuple[str, float]]) -> list[tuple[str, float]]:
    letters = [(letter, -8.0) for letter in (_SPACE, *LETTERS)]
    return specials + letters + [(_SPACE + word, -2.0) for word in WORDS]


def _character_bpe(specials: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    merges = list(dict.fromkeys(pair for word in WORDS for pair in joins((_SPACE, *word))))
    return numbered([*specials, _SPACE, *LETTERS, "\n", *map("".join, merges)]), merges


def _byte_bpe(specials: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    spellings = [(*word,) for word in WORDS] + [(_BYTE_SPACE, *word) for word in WORDS]
    merges = list(dict.fromkeys(pair for spelling in spellings for pair in joins(spelling)))
    return numbered([*specials, *byte_symbols(), *map("".join, merges)]), merges


def _byte_names() -> list[str]:
    return [f"<0x{byte:02X}>" for byte in range(256)]


TOKENIZERS: dict[str, Callable[..., Any]] = {
    "BertTokenizer": bert_tokenizer,
    "CLIPTokenizer": clip_tokenizer,
    "ChatGLMTokenizer": chatglm_tokenizer,
    "GemmaTokenizer": gemma_tokenizer,
    "LlamaTokenizer": llama_tokenizer,
    "MBart50Tokenizer": mbart50_tokenizer,
    "Qwen2Tokenizer": qwen2_tokenizer,
    "T5Tokenizer": t5_tokenizer,
    "WhisperTokenizer": whisper_tokenizer,
}
