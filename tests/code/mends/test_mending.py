"""Every mend repairs what it says, leaves the rest, and costs nothing where it isn't needed."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.code.libraries import packages
from gremio.code.mends import MENDS, mend, mended


def repaired(source, path="a.py"):
    """The source after all mends, and the names of those that did something."""
    data = source.encode()
    done = mended(ast.parse(data), data, path)
    return ast.unparse(done.module), [repair.mend for repair in done.repairs]


METHOD = "class P(Base):\n    def __call__(self, prompt, pipe=None, device=None):\n        "


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "x = self.text_encoder.text_model.final(y)",
            "getattr(self.text_encoder, 'text_model', self.text_encoder).final",
        ),
        ("x = pipe.text_encoder.text_model", "getattr(pipe.text_encoder, 'text_model', pipe.text_encoder)"),
        ("x = encoder.vision_model(y)", "getattr(encoder, 'vision_model', encoder)(y)"),
        ("x = self.clip.get_image_features(y)", "(lambda found: getattr(found, 'pooler_output', found))"),
        ("x = x.to('cuda')", "x.to(getattr(self, '_execution_device',"),
        ("x = f(x).y.to('cuda')", "f(x).y.to(getattr(self, '_execution_device',"),
        ("x = x.cuda()", "x.to(getattr(self, '_execution_device',"),
        ("x = f(device='cuda:0')", "f(device=getattr(self, '_execution_device',"),
        ("self.enable_model_cpu_offload()", "if __import__('torch').accelerator.is_available() else None"),
        ("super()._init_()", "super().__init__()"),
        ("a = () if USE_PEFT_BACKEND else (scale,)", "a = ()"),
        ("a = (scale,) if not USE_PEFT_BACKEND else ()", "a = ()"),
        ("x = torch.from_numpy(got['pixel_values'][0])", "torch.as_tensor(got['pixel_values'][0])"),
        (
            "self.unet.config.in_channels = 4  # OnnxRuntimeModel",
            "__import__('types').SimpleNamespace()))(self.unet).in",
        ),
        ("return StableDiffusionPipelineOutput(x)", "StableDiffusionPipelineOutput(x, nsfw_content_detected=None)"),
        ("q = attn.to_q(x, scale=scale)", "q = attn.to_q(x)"),
        ("q = attn.to_out[0](x, scale)", "q = attn.to_out[0](x)"),
        ("deprecate('a', '0.1.0', text)", "__import__('warnings').warn(text, FutureWarning)"),
        ("utils.deprecate('a', '0.1', text, standard_warn=False)", ".warn(text, FutureWarning)"),
        ("device = 'cuda'", "device = getattr(self, '_execution_device',"),
        ("with torch.autocast('cuda'): pass", "torch.autocast(str(getattr(self, '_execution_device',"),
        ("g = torch.Generator('cuda')", "torch.Generator(getattr(self, '_execution_device',"),
    ],
)
def test_what_is_mended(line, expected):
    """An expression that no longer works is replaced by one that works with the old and the new library."""
    text, names = repaired(METHOD + line)
    assert expected in text
    assert len(names) == 1


@pytest.mark.parametrize(
    "line",
    [
        "self.text_model = y",
        "x = self.text_model(y)",
        "x = self.clip.get_image_features(y).pooler_output",
        "out = self.clip.get_image_features(y); x = out.pooler_output",
        "x = device == 'cuda'",
        "d = x.type in ('cuda', 'mps')",
        "x = torch.cuda.is_available()",
        "name = 'cuda'",
        "x = f(device='cuda' if torch.cuda.is_available() else 'cpu')",
        "x = f'cuda:{device}'",
        "'cuda'",
        "x: 'cuda' = 1",
        "x.cuda(non_blocking=True)",
        "if not USE_PEFT_BACKEND: pass",
        "q = attn.to_q(x)",
        "q = attn.to_q(x, y)",
        "q = attn.other(x, scale=scale)",
        "return StableDiffusionPipelineOutput(x, y)",
        "return StableDiffusionPipelineOutput(images=x, nsfw_content_detected=y)",
        "return StableDiffusionPipelineOutput(*x)",
        "return StableDiffusionPipelineOutput(**x)",
        "self.unet.config.in_channels = 4",
        "x = other.unet.config  # OnnxRuntimeModel",
        "x = torch.from_numpy(y['values']); pixel_values = x",
        "deprecate('a', '99.0.0', text)",
        "x = deprecate('a', '0.1.0', text, take_from=kwargs)",
        "deprecate('a', 'soon', text)",
        "deprecate('a', version, text)",
        "self.forward = types.MethodType(unknown, self)",
    ],
)
def test_what_is_left_alone(line):
    """What still works, compares, or is a model's own part stays, and so does the tree itself."""
    source = METHOD + line
    module = ast.parse(source)
    done = mended(module, source.encode(), "a.py")
    assert done.module is module
    assert not done.repairs


def test_outside_of_methods_cuda_is_what_there_is():
    """A default and a function have no pipeline to ask; a script's own part never runs here."""
    text, names = repaired(
        "import torch\nclass P(B):\n    def f(self, device='cuda'): pass\n"
        "    @staticmethod\n    def g(x): return x.cuda()\n"
        "def h(x): return x.to('cuda')\nif __name__ == '__main__':\n    h('cuda').to('cuda')\n"
    )
    assert names == ["cuda"] * 3
    assert "getattr(" not in text
    assert text.count("is_available() else 'cpu'") == 3
    assert text.endswith("h('cuda').to('cuda')")


FORWARD = "import types\ndef own(self, x{more}): pass\nclass P(B):\n    def f(self, block):\n        {line}\n"


@pytest.mark.parametrize(
    ("more", "line", "expected"),
    [
        ("", "block.forward = types.MethodType(own, block)", ["forwards"]),
        (", **more", "block.forward = types.MethodType(own, block)", []),
        (", *more", "block.forward = types.MethodType(own, block)", []),
        ("", "block.other = types.MethodType(own, block)", []),
        ("", "block.forward = own", []),
    ],
)
def test_a_forward_is_fitted_where_it_takes_no_more(more, line, expected):
    """A function of the file with nothing open in its parameters, put in the place of a block's forward."""
    assert repaired(FORWARD.format(more=more, line=line))[1] == expected


CHECKER = """
class P(B):
    def __call__(self):
        image = {made}
        image, found = self.run_safety_checker(image)
    def run_safety_checker(self, image):
        {asks}
        return self.numpy_to_pil(image), None
"""


@pytest.mark.parametrize(
    ("made", "asks", "expected"),
    [
        ("self.vae.decode(x)[0]", "pass", ["decoded-pictures"]),
        ("self.decode_latents(x)", "pass", []),
        ("self.vae.decode(x)[0]", "if torch.is_tensor(image): image = image.numpy()", []),
    ],
)
def test_a_checker_is_mended_that_gets_what_is_decoded(made, asks, expected):
    """And not one that gets arrays, or that looks what it got."""
    assert repaired(CHECKER.format(made=made, asks=asks))[1] == expected


ENCODED = """
class P(B):
    def prepare(self, image, batch_size):
        x = [self.vae.encode(image[{part}]).sample() for i in range({count})]
        return x{after}
"""


@pytest.mark.parametrize(
    ("part", "count", "after", "expected"),
    [
        ("i : i + 1", "batch_size", ".repeat_interleave(batch_size, dim=0)", ["empty-batches"]),
        ("i : i + 1", "batch_size", ".repeat_interleave(2, dim=0)", []),
        ("i : i + 2", "batch_size", ".repeat_interleave(batch_size)", []),
        ("i : i + 1", "1, batch_size", ".repeat_interleave(batch_size)", []),
    ],
)
def test_what_is_encoded_for_a_batch_and_then_repeated(part, count, after, expected):
    """Only there can fewer pictures be meant."""
    assert repaired(ENCODED.format(part=part, count=count, after=after))[1] == expected


def test_a_repair_tells_where_and_what():
    """Line numbers are the author's, also in the tree that runs."""
    source = "import torch\n\ndef f(x):\n    return x.cuda()\n"
    done = mended(ast.parse(source), source.encode(), "dir/a.py")
    (repair,) = done.repairs
    assert (repair.file, repair.line, repair.old) == ("dir/a.py", 4, "x.cuda()")
    assert "(dir/a.py:4)" in str(repair)
    lines = {node.lineno for node in ast.walk(done.module.body[1].body[0]) if hasattr(node, "lineno")}
    assert lines == {4}
    compile(done.module, "a.py", "exec")


def test_a_mend_stops_where_the_change_is_not(monkeypatch):
    """With transformers 4 nothing of transformers 5 is mended."""
    source = METHOD + "x = self.text_encoder.text_model; y = self.clip.get_image_features(x)"
    assert repaired(source)[1] == ["clip-models", "features"]
    monkeypatch.setattr(mend, "version_of", lambda name: "4.57.6")
    mend._has.cache_clear()
    try:
        assert repaired(source)[1] == []
    finally:
        monkeypatch.undo()
        mend._has.cache_clear()
    assert packages.version_of("transformers") != "4.57.6"


def test_every_mend_says_what_it_is_for():
    """Name, reason and marks are there, and names are told apart."""
    assert len({each.name for each in MENDS}) == len(MENDS)
    for each in MENDS:
        assert len(each.reason.split()) > 5
        assert each.words
        assert each.marks


NAMES = st.sampled_from(["self.text_encoder", "x", "pipe.clip", "'cuda'", "f(device='cuda')", "y.cuda()", "z"])


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6))
def test_mending_twice_is_mending_once(pairs):
    """What was mended needs no mend, and the tree that was given is never changed."""
    source = METHOD + "; ".join(f"{a}.text_model; g({b}.get_text_features({a}), device='cuda')" for a, b in pairs)
    module = ast.parse(source)
    before = ast.dump(module)
    once = ast.unparse(mended(module, source.encode(), "a.py").module)
    assert ast.dump(module) == before
    assert "clip-models" not in repaired(once)[1]
