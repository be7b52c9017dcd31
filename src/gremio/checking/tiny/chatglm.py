"""The tokenizer of Kolors, without the package sentencepiece."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedTokenizer

from gremio.checking.tiny.vocabulary import LETTERS, WORDS

_MARKS = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop", "<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
_SPACE = "\u2581"


class Pieces:
    """What Kolors' tokenizer asks of a SentencePiece model: known words are one piece each, the rest is spelled."""

    def __init__(self) -> None:
        tokens = ["<unk>", "<s>", "</s>", _SPACE, *LETTERS, *(_SPACE + word for word in WORDS)]
        self.pad_id, self.bos_id, self.eos_id = 0, 1, 2
        self._tokens = [*tokens, *_MARKS]
        self._numbers = {token: number for number, token in enumerate(self._tokens)}
        self.n_words = len(self._tokens)
        self.special_tokens = {mark: self._numbers[mark] for mark in _MARKS}
        self.index_special_tokens = {number: mark for mark, number in self.special_tokens.items()}

    def tokenize(self, text: str, encode_special_tokens: bool = False) -> list[str]:
        """The pieces of a text."""
        pieces: list[str] = []
        for word in text.split():
            known = _SPACE + word in self._numbers
            pieces += [_SPACE + word] if known else [_SPACE, *word]
        return pieces

    def encode(self, text: str, bos: bool = False, eos: bool = False) -> list[int]:
        """The numbers of a text's pieces."""
        numbers = [self.convert_token_to_id(piece) for piece in self.tokenize(text)]
        return [self.bos_id] * bos + numbers + [self.eos_id] * eos

    def decode(self, numbers: list[int]) -> str:
        """The text of these numbers."""
        return self.decode_tokens([self.convert_id_to_token(number) for number in numbers])

    def decode_tokens(self, tokens: list[str]) -> str:
        """The text of these pieces."""
        return "".join(tokens).replace(_SPACE, " ").strip()

    def convert_token_to_id(self, token: str) -> int:
        """The number of a piece, that of ``<unk>`` if there is none."""
        return self._numbers.get(token, self.pad_id)

    def convert_id_to_token(self, number: int) -> str:
        """The piece of a number."""
        return self._tokens[number] if 0 <= number < self.n_words else ""


def chatglm_tokenizer(**options: Any) -> Any:
    """Kolors' tokenizer over ``Pieces``, 256 tokens. It can't be saved: there is no SentencePiece model to write."""
    # Not from `diffusers.pipelines.kolors`, which puts an empty class in its place when sentencepiece is missing.
    from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

    class TinyChatGLMTokenizer(ChatGLMTokenizer):  # type: ignore[misc]
        """Kolors' tokenizer with other pieces."""

        def __init__(self, **options: Any) -> None:
            self.name = "GLMTokenizer"
            self.vocab_file = None
            self.tokenizer = Pieces()
            ids = self.tokenizer
            self.special_tokens = {"<bos>": ids.bos_id, "<eos>": ids.eos_id, "<pad>": ids.pad_id}
            self.encode_special_tokens = False
            PreTrainedTokenizer.__init__(self, padding_side="left", **options)

        def save_vocabulary(self, save_directory: str, filename_prefix: str | None = None) -> tuple[str, ...]:
            """Nothing to save."""
            return ()

    return TinyChatGLMTokenizer(**{"model_max_length": 256} | options)
