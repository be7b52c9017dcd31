"""The parameters of a pipeline's ``__call__``, of a live class or as its code was read."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gremio.code.review import Parameter as ReadParameter
from gremio.code.review.signatures import SignatureReader
from gremio.errors import OptionError
from gremio.running.calls.annotation import Wanted
from gremio.running.calls.docstring import first_sentence, parameter_texts

_BY_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class Parameter:
    """One parameter that can be passed by keyword.

    ``annotation`` is the annotation as text, empty without one; ``default`` means nothing when ``required``;
    ``about`` is what the docstring says of it, empty without one; ``help`` the first sentence of that.
    """

    name: str
    annotation: str
    default: object
    required: bool
    about: str = ""

    @property
    def help(self) -> str:
        """In a sentence."""
        return first_sentence(self.about)

    @cached_property
    def wanted(self) -> Wanted:
        """What values it takes, from the annotation or else from the default."""
        if not self.annotation:
            return Wanted.of_default(self.default)
        wanted = Wanted.parse(self.annotation)
        # `timesteps: list[int] = None` is how most pipelines write an optional parameter.
        return wanted.or_none() if self.default is None and not self.required else wanted


@dataclass(frozen=True)
class CallSignature:
    """What a pipeline class can be called with. ``owner`` is the name of the class."""

    owner: str
    parameters: tuple[Parameter, ...]
    accepts_kwargs: bool

    @classmethod
    def of(cls, target: object) -> CallSignature:
        """The signature of a pipeline class, of an instance of one, or of a function.

        Decorators that keep to ``functools.wraps``, such as ``torch.no_grad()``, are seen through.

        Raises:
            OptionError: the target can't be called, or Python can't tell how.
        """
        call, owner, is_method = _callable_of(target)
        try:
            found = list(inspect.signature(call).parameters.values())
        except (TypeError, ValueError) as error:
            raise OptionError(f"{owner} does not tell what it can be called with") from error
        if is_method and found and found[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            del found[0]
        texts = parameter_texts(inspect.getdoc(inspect.unwrap(call)) or "")
        parameters = tuple(_parameter(each, texts) for each in found if each.kind in _BY_KEYWORD)
        return cls(owner, parameters, any(each.kind is inspect.Parameter.VAR_KEYWORD for each in found))

    @classmethod
    def read(cls, owner: str, parameters: Iterable[ReadParameter], docstring: str) -> CallSignature:
        """The signature as the code of a ``__call__`` has it, for whoever has not loaded the class."""
        texts, found = parameter_texts(docstring), list(parameters)
        named = tuple(_read(each, texts) for each in found if each.kind in ("positional", "keyword_only"))
        return cls(owner, named, any(each.kind == "var_keyword" for each in found))

    @classmethod
    def of_code(cls, reader: SignatureReader, class_name: str) -> CallSignature | None:
        """The signature of a class that is read and not loaded; None where nothing tells of its ``__call__``.

        Raises:
            NoClass: the class is not there to be read.
        """
        call = reader.signature(class_name, "__call__")
        owner = class_name.rpartition(".")[2]
        return cls.read(owner, call, reader.call_docstring(class_name)) if call else None

    @classmethod
    def of_blocks(cls, blocks: Any) -> CallSignature:
        """What a modular pipeline of these blocks can be called with: the inputs that have names.

        Nothing is required of blocks that are made of others: what one of them needs another may make, and diffusers
        calls it required all the same.
        """
        named = [_input(each, alone=not blocks.sub_blocks) for each in blocks.inputs if each.name]
        return cls(type(blocks).__name__, tuple(named), accepts_kwargs=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters' names, in their order."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def is_forwarder(self) -> bool:
        """Whether it is all ``**kwargs``: the names it takes are then not known here."""
        return self.accepts_kwargs and not self.parameters

    def get(self, name: str) -> Parameter | None:
        """The parameter of this name, if there is one."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


def _callable_of(target: object) -> tuple[Callable[..., Any], str, bool]:
    if inspect.isroutine(target):
        return target, target.__qualname__, False
    kind = target if isinstance(target, type) else type(target)
    # `kind.__call__` always exists: without one of its own it is how Python makes instances.
    own = next((vars(each)["__call__"] for each in kind.__mro__ if "__call__" in vars(each)), None)
    if own is None:
        raise OptionError(f"{kind.__name__} has no __call__, so it can't be run")
    return own, kind.__name__, True


def _parameter(found: inspect.Parameter, texts: dict[str, str]) -> Parameter:
    required = found.default is inspect.Parameter.empty
    return Parameter(
        name=found.name,
        annotation=_annotation_text(found.annotation),
        default=None if required else found.default,
        required=required,
        about=texts.get(found.name, ""),
    )


def _read(found: ReadParameter, texts: dict[str, str]) -> Parameter:
    annotation = found.annotation
    try:
        default = None if found.default is None else ast.literal_eval(found.default)
    except ValueError:
        # A name says nothing of what it stands for.
        default, annotation = ..., annotation or "Any"
    return Parameter(found.name, annotation, default, found.required, texts.get(found.name, ""))


def _input(told: Any, *, alone: bool) -> Parameter:
    # An input may be called required and have a default; the default is then what it is.
    required = alone and bool(told.required) and told.default is None
    annotation = "" if told.type_hint is None else _annotation_text(told.type_hint)
    return Parameter(told.name, annotation, told.default, required, told.description or "")


def _annotation_text(annotation: object) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
