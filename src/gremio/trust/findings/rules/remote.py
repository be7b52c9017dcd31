"""Loading more: other code, other models, packages."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.source import Source
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import FileRule, Place, Rule


class TrustsFurther(Rule):
    """Saying yes, in your name, to code that was never reviewed."""

    code = "remote/trust"
    severity = "high"
    names = ("keyword:trust_remote_code", "keyword:trust_repo", "?.trust_remote_code")
    what = "lets code of others run, in your name: {name}"
    why = "What is loaded so is not part of this code, was reviewed by nobody, and can change."
    benign = "A model of the author's own with code; a person should read that as well."
    bad = (
        "from transformers import AutoModel as A\n\ndef f():\n    A.from_pretrained('a/b', trust_remote_code=True)\n",
        "options = {'trust_remote_code': True}\n",
        "yes = not False\n\ndef f(load):\n    load(trust_remote_code=yes)\n",
        "def f(load, **k):\n    k['trust_remote_code'] = True\n    load(**k)\n",
        "def f(load, **k):\n    k.setdefault('trust_' + 'remote_code', True)\n    load(**k)\n",
    )
    good = (
        "def f(load):\n    load('a/b', trust_remote_code=False)\n",
        "def f(load, trust_remote_code=False):\n    return load('a/b')\n",
        "def f(load, **k):\n    return load(k.pop('trust_remote_code', False))\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """The caller's own word may be passed on."""
        if use.kind != "keyword":
            return self.severity if use.kind == "store" else None
        if any(use.some_constants(use.node)):
            return self.severity
        if use.constants(use.node) is not None:
            return None
        return "medium" if isinstance(use.node, ast.Name | ast.Attribute) else self.severity

    def tell(self, use: Use) -> str:
        """With the name of the argument."""
        return self.what.format(name="trust_repo" if use.name.endswith("trust_repo") else "trust_remote_code")


class LoadsCode(Rule):
    """Fetching and executing other code."""

    code = "remote/code"
    severity = "high"
    names = (
        "torch.hub.load", "torch.hub._*", "torch.hub.list", "torch.hub.help", "torch.hub.set_dir",
        "keyword:custom_pipeline",
        "?.get_class_from_dynamic_module", "?.get_cached_module_file", "?.get_class_in_module", "?.get_imports",
        "transformers.dynamic_module_utils.*", "diffusers.utils.dynamic_modules_utils.*",
        "transformers.get_class_from_dynamic_module", "diffusers.utils.get_class_from_dynamic_module", "kernels.*",
        "gremio.*", "evaluate.load", "datasets.load_metric", "modelscope.pipelines.*", "huggingface_hub.Space*",
        "transformers.tools.*", "transformers.load_tool", "smolagents.*", "langchain*", "pip.*", "pip._internal.*",
        "ensurepip.*", "conda.*", "micropip.*", "git.*", "dulwich.*", "keyword:custom_block", "gradio.load",
        "gradio_client.*", "tensorflow_hub.*", "paddlehub.*",
    )  # fmt: skip
    what = "fetches or executes other code: {name}"
    why = "What is loaded so is not part of this code, was reviewed by nobody, and can change."
    benign = "Loading a second pipeline whose code the caller named and granted."
    bad = (
        "import torch\nmodel = torch.hub.load('a/b', 'c')\n",
        "import diffusers as d\n\ndef f():\n    d.DiffusionPipeline.from_pretrained('a/b', custom_pipeline='c/d')\n",
        "from transformers.dynamic_module_utils import get_class_from_dynamic_module\n",
    )
    good = (
        "import diffusers as d\n\ndef f():\n    d.DiffusionPipeline.from_pretrained('a/b', custom_pipeline=None)\n",
        "import torch\ntorch.hub.get_dir()\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """No pipeline named is no code."""
        if use.kind == "keyword":
            found = use.constants(use.node)
            if found is None:
                return "medium" if isinstance(use.node, ast.Name | ast.Attribute) else self.severity
            return "medium" if _plain_name(found) else self.severity if any(found) else None
        return None if use.kind == "import" and "." not in use.name else self.severity


def _plain_name(found: tuple[object, ...]) -> bool:
    """Whether they are names of Diffusers' own community folder."""
    return bool(found) and all(isinstance(each, str) and each.isidentifier() for each in found)


class FetchesKernel(Rule):
    """Attention that is fetched as a kernel."""

    code = "remote/kernel"
    severity = "high"
    names = ("keyword:attn_implementation", "keyword:_attn_implementation", "keyword:use_kernels",
             "?.set_attention_backend",
             "?.set_attn_implementation")  # fmt: skip
    what = "has machine code fetched: {name}"
    why = "An attention that names a repository is downloaded from there and executed."
    benign = "The name of one that is installed: `sdpa`, `eager`, `flash_attention_2`."
    bad = ("def f(load):\n    load('a/b', attn_implementation='evil/kernel')\n",)
    good = (
        "def f(load):\n    load('a/b', attn_implementation='sdpa')\n",
        "def f(load, a):\n    load('a/b', attn_implementation=a)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Only where a repository is named."""
        given = use.node if use.kind == "keyword" else use.given(0, "backend")
        found = use.some_constants(given)
        named = any(isinstance(each, str) and ("/" in each or "hub" in each) for each in found)
        asked = use.name == "keyword:use_kernels" and any(found)
        return self.severity if named or asked else None


class Downloads(Rule):
    """Downloads from the Hub."""

    code = "remote/download"
    severity = "medium"
    at_import = "high"
    names = (
        "huggingface_hub.hf_hub_download", "huggingface_hub.snapshot_download", "huggingface_hub.cached_download",
        "huggingface_hub.HfFileSystem*", "huggingface_hub.HfApi*", "huggingface_hub.Repository*",
        "huggingface_hub.file_download.*", "huggingface_hub.hf_hub_url", "huggingface_hub.list_*",
        "huggingface_hub.get_hf_file_metadata", "huggingface_hub.model_info", "huggingface_hub.repo_info",
        "huggingface_hub.ModelCard*", "huggingface_hub.RepoCard*", "transformers.utils.cached_file",
        "transformers.utils.hub.cached_file", "diffusers.utils._get_model_file",
        "diffusers.utils.hub_utils._get_model_file",
        "?.hf_hub_download", "?.snapshot_download", "?.cached_file", "keyword:load_connected_pipeline",
    )  # fmt: skip
    what = "downloads from the Hub: {name}"
    why = "What comes is not part of this code, and without a commit it can change."
    benign = "Weights of an adapter, at the first use."
    bad = (
        "from huggingface_hub import hf_hub_download\n\ndef f():\n    return hf_hub_download('a/b', 'c')\n",
        "def f(load):\n    load('a/b', load_connected_pipeline=True)\n",
    )
    good = ("from huggingface_hub.utils import validate_hf_hub_args\n", "from huggingface_hub import hf_hub_download\n")

    def judge(self, use: Use) -> Severity | None:
        """An import alone fetches nothing."""
        if use.kind == "keyword":
            found = use.constants(use.node)
            return None if found is not None and not any(found) else self.severity
        return None if use.kind == "import" else self.severity


class LoadsModel(Rule):
    """Models that the code itself names."""

    code = "remote/model"
    severity = "low"
    at_import = "medium"
    names = ("*.from_pretrained", "*.from_single_file", "*.load_lora_weights", "*.load_ip_adapter",
             "*.load_textual_inversion", "transformers.pipeline", "*.load_config")  # fmt: skip
    what = "loads a model that it names itself: {name}"
    why = "It comes from a repository that the caller did not name, and without a commit it can change."
    benign = "A safety checker, a tokenizer, a depth model."
    bad = ("from transformers import CLIPModel\n\ndef f():\n    return CLIPModel.from_pretrained('openai/clip')\n",)
    good = ("def f(cls, path):\n    return cls.from_pretrained(path, subfolder='unet')\n",)

    def judge(self, use: Use) -> Severity | None:
        """Only where a repository is spelled out."""
        first = use.call.args[0] if use.call is not None and use.call.args else None
        found = use.some_constants(first or use.given(0, "pretrained_model_name_or_path"))
        return self.severity if any(isinstance(each, str) and "/" in each for each in found) else None


class NamesConnected(FileRule):
    """A model card that connects the model with another."""

    code = "remote/connected"
    severity = "medium"
    why = (
        "Diffusers downloads what a card names as `prior` together with the model, from a repository that nobody named."
    )
    benign = "The two halves of Kandinsky or Stable Cascade."
    bad = ({"pipeline.py": b"", "README.md": b"---\nprior:\n- evil/model\n---\n# Model\n"},)
    good = ({"pipeline.py": b"", "README.md": b"---\nlicense: mit\n---\nprior: art\n"},)

    def read(self, source: Source) -> Iterator[Place]:
        """The keys of the card's front matter."""
        if source.path.rpartition("/")[2].lower() != "readme.md" or not source.lines[0].startswith("---"):
            return
        for number, line in enumerate(source.lines[1:], 2):
            if line.startswith("---"):
                return
            if line.lstrip("\"' ").startswith("prior"):
                yield Place(number, "connects the model with another repository")


RULES: tuple[Rule, ...] = (TrustsFurther(), LoadsCode(), FetchesKernel(), Downloads(), LoadsModel())
FILE_RULES: tuple[FileRule, ...] = (NamesConnected(),)
