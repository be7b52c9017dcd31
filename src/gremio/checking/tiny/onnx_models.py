"""The four models of an ONNX pipeline, as graphs of a few nodes. They need the packages onnx and onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch

from gremio.checking.tiny.defaults import WIDTH
from gremio.checking.tiny.tokenizers import clip_tokenizer
from gremio.errors import OptionError

_LATENT = 4


def onnx_installed() -> bool:
    """Whether models can be written and run."""
    return find_spec("onnx") is not None and find_spec("onnxruntime") is not None


def onnx_model(role: str = "unet", control: bool = False) -> Any:
    """The model for the slot ``role``, with random weights of torch's current generator.

    Images are (batch, 3, height, width), latents (batch, 4, height / 8, width / 8), texts (batch, length, 32), all
    float32; the numbers of tokens are int32. With ``control`` the UNet also takes ``controlnet_conds`` of five
    dimensions and ``conditioning_scales`` of two.

    Raises:
        OptionError: no such role.
    """
    from diffusers import OnnxRuntimeModel

    onnx, onnxruntime = import_module("onnx"), import_module("onnxruntime")

    if role not in _GRAPHS:
        raise OptionError(f"no ONNX model is known for {role!r}", next_step=f"Known: {', '.join(_GRAPHS)}.")
    graph = _Graph()
    _GRAPHS[role](graph, control)
    # Versions that every onnxruntime of the last years reads.
    model = onnx.helper.make_model(graph.finished(role), opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return OnnxRuntimeModel(model=session)


class _Graph:
    """A graph that grows node by node; values are known by name."""

    def __init__(self) -> None:
        self._onnx = import_module("onnx")
        self._inputs: list[Any] = []
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def input(self, name: str, dimensions: int, *, integer: bool = False) -> str:
        """A value that the caller gives."""
        kind = self._onnx.TensorProto.INT32 if integer else self._onnx.TensorProto.FLOAT
        self._inputs.append(self._onnx.helper.make_tensor_value_info(name, kind, [None] * dimensions))
        return name

    def constant(self, values: torch.Tensor) -> str:
        """A weight."""
        name = f"weight_{len(self._weights)}"
        self._weights.append(self._onnx.numpy_helper.from_array(values.numpy(), name))
        return name

    def random(self, *shape: int) -> str:
        """A weight to be drawn."""
        return self.constant(torch.randn(shape) * 0.3)

    def node(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """What an operation makes of these."""
        name = f"value_{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def finished(self, name: str) -> Any:
        """The graph; the last value is what it gives."""
        last = self._nodes[-1].output[0]
        output = self._onnx.helper.make_tensor_value_info(last, self._onnx.TensorProto.FLOAT, None)
        return self._onnx.helper.make_graph(self._nodes, name, self._inputs, [output], self._weights)


def _text_encoder(graph: _Graph, control: bool) -> None:
    tokens = graph.input("input_ids", 2, integer=True)
    graph.node("Gather", graph.random(max(clip_tokenizer().get_vocab().values()) + 1, WIDTH), tokens)


def _vae_encoder(graph: _Graph, control: bool) -> None:
    small = graph.node("AveragePool", graph.input("sample", 4), kernel_shape=[8, 8], strides=[8, 8])
    graph.node("Conv", small, graph.random(_LATENT, 3, 1, 1))


def _vae_decoder(graph: _Graph, control: bool) -> None:
    picture = graph.node("Conv", graph.input("latent_sample", 4), graph.random(3, _LATENT, 1, 1))
    graph.node("Resize", picture, "", graph.constant(torch.tensor([1.0, 1.0, 8.0, 8.0])), mode="nearest")


def _unet(graph: _Graph, control: bool) -> None:
    noise = graph.node("Conv", graph.input("sample", 4), graph.random(_LATENT, _LATENT, 1, 1))
    time = graph.node("Mul", graph.input("timestep", 1), graph.constant(torch.tensor([1e-3])))
    text = graph.node("ReduceMean", graph.input("encoder_hidden_states", 3), axes=[1], keepdims=0)
    text = graph.node("MatMul", text, graph.random(WIDTH, _LATENT))
    text = graph.node("Unsqueeze", text, graph.constant(torch.tensor([2, 3])))
    noise = graph.node("Add", graph.node("Add", noise, time), text)
    if control:
        images = graph.node("ReduceMean", graph.input("controlnet_conds", 5), keepdims=0)
        scales = graph.node("ReduceMean", graph.input("conditioning_scales", 2), keepdims=0)
        graph.node("Add", noise, graph.node("Mul", images, scales))


_GRAPHS: dict[str, Callable[[_Graph, bool], None]] = {
    "text_encoder": _text_encoder,
    "vae_encoder": _vae_encoder,
    "vae_decoder": _vae_decoder,
    "unet": _unet,
}
