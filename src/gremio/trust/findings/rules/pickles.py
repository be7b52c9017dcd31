"""Pickles, which are programs."""

from __future__ import annotations

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.reading.values import references
from gremio.trust.findings.rules.rule import Rule

_WHY = "A pickle is a program: whoever wrote the file decides what runs when it is loaded."


class Unpickles(Rule):
    """Loading pickles."""

    code = "pickles/load"
    severity = "high"
    names = (
        *(f"{module}.{name}" for module in ("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "six.moves.cPickle",
          "torch.serialization.pickle", "compress_pickle", "pickle5") for name in ("load", "loads", "Unpickler*",
          "_load", "_loads", "_Unpickler*", "load_session", "load_module")),
        "joblib.load", "joblib.numpy_pickle.*", "sklearn.externals.joblib.*", "shelve.*", "pandas.read_pickle",
        "pandas.read_hdf", "jsonpickle.*", "klepto.*", "torch.package.*", "torch.hub.load_state_dict_from_url",
        "torch.utils.model_zoo.*", "torch.serialization.legacy_load", "torch.serialization._legacy_load",
        "torch.serialization._load", "torch.storage._load_from_bytes", "tensorflow.keras.models.load_model",
        "keras.models.load_model", "hickle.*",
        "srsly.pickle*", "skops.io.load", "mlflow.pyfunc.*", "numpy.lib.format.read_array", "pickletools.*",
        "?.Unpickler", "?.read_pickle", "?.persistent_load", "fickling.*", "timm.models.helpers.load_checkpoint",
    )  # fmt: skip
    what = "loads a pickle: {name}"
    why = _WHY
    benign = "Reading a file that the author wrote; safetensors or JSON do it without running anything."
    bad = (
        "import pickle\n\ndef f(x):\n    return pickle.loads(x)\n",
        "from joblib import load as l\n",
        "import torch\ntorch.hub.load_state_dict_from_url('https://example.org/a.pt')\n",
    )
    good = (
        "import json\n\ndef f(x):\n    return json.loads(x)\n",
        "import pickle\n\ndef f(x):\n    return pickle.dumps(x)\n",
        "import torch\ntorch.hub.load_state_dict_from_url('https://example.org/a.pt', weights_only=True)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Where only weights are asked for, nothing runs."""
        if use.call is not None and use.constants(use.given(9, "weights_only")) == (True,):
            return None
        return None if use.name == "pickletools.dis" else self.severity


class LoadsTorch(Rule):
    """``torch.load`` with other than weights."""

    code = "pickles/torch"
    severity = "high"
    names = ("torch.load", "torch.serialization.load", "keyword:weights_only", "keyword:pickle_module")
    what = "loads a pickle: {name}"
    why = _WHY
    benign = "A checkpoint of the author's; `weights_only=True` loads its tensors alone."
    bad = (
        "import torch\n\ndef f(p):\n    return torch.load(p, weights_only=False)\n",
        "import torch\n\ndef f(p, **k):\n    return torch.load(p, **k)\n",
        "import torch, pickle\n\ndef f(p):\n    return torch.load(p, pickle_module=pickle)\n",
        "def f(p, load):\n    return load(p, weights_only=False)\n",
        "from torch import load\nx = list(map(load, y))\n",
    )
    good = (
        "import torch\n\ndef f(p):\n    return torch.load(p, weights_only=True)\n",
        "import torch\n\ndef f(p):\n    return torch.load(p, map_location='cpu', weights_only=True)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """By the argument that decides; since torch 2.6 it is the safe one where none is written."""
        if use.kind == "keyword":
            return self._argument(use)
        if use.call is None:
            return "medium" if use.kind == "value" else None
        if any(each.arg is None for each in use.call.keywords):
            return "medium"
        return "medium" if use.given(9, "weights_only") is None else None

    def tell(self, use: Use) -> str:
        """With what is said of the argument."""
        said = {
            "keyword:weights_only": "torch.load without weights_only=True",
            "keyword:pickle_module": "pickle_module",
        }
        return self.what.format(name=said.get(use.name, use.name))

    def _argument(self, use: Use) -> Severity | None:
        found = use.constants(use.node)
        if use.name == "keyword:pickle_module":
            return None if found == (None,) else self.severity
        if found is None:
            return "medium"
        return None if all(each is True or each is None for each in found) else self.severity


class LoadsArrays(Rule):
    """NumPy files with objects in them."""

    code = "pickles/numpy"
    severity = "high"
    names = ("keyword:allow_pickle", "numpy.load", "numpy.lib.npyio.load")
    what = "allows pickles: {name}"
    why = _WHY
    benign = "An old file of arrays; saved as plain arrays it needs no pickle."
    bad = (
        "import numpy as np\n\ndef f(p):\n    return np.load(p, allow_pickle=True)\n",
        "import numpy as np\n\ndef f(p):\n    return np.load(p, None, True)\n",
    )
    good = (
        "import numpy as np\n\ndef f(p):\n    return np.load(p)\n",
        "import numpy as np\n\ndef f(p):\n    return np.load(p, allow_pickle=False)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Only where it is allowed."""
        given = use.node if use.kind == "keyword" else use.call.args[2] if use.call and len(use.call.args) > 2 else None
        if given is None:
            return None
        found = use.constants(given)
        if found is None or len(found) > 1:
            return "medium"
        return self.severity if found[0] else None


class LoadsYaml(Rule):
    """YAML that makes objects."""

    code = "pickles/yaml"
    severity = "high"
    names = ("yaml.load", "yaml.load_all", "yaml.unsafe_load*", "yaml.UnsafeLoader", "yaml.Loader", "yaml.CLoader",
             "yaml.unsafe_*", "ruamel.yaml.load", "ruamel.yaml.YAML", "oyaml.load", "yaml.loader.*")  # fmt: skip
    what = "loads YAML that can make any object: {name}"
    why = "Such a file can call any function."
    benign = "A config; `yaml.safe_load` reads it."
    bad = (
        "import yaml\n\ndef f(x):\n    return yaml.load(x)\n",
        "import yaml\n\ndef f(x):\n    return yaml.load(x, Loader=yaml.UnsafeLoader)\n",
    )
    good = (
        "import yaml\n\ndef f(x):\n    return yaml.safe_load(x)\n",
        "import yaml\n\ndef f(x):\n    return yaml.load(x, Loader=yaml.SafeLoader)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """By the loader."""
        last = use.name.rpartition(".")[2]
        if last in ("load", "load_all"):
            loaders = {each.rpartition(".")[2] for each in references(use.value(use.given(1, "Loader")))}
            safe = loaders and loaders <= {"SafeLoader", "CSafeLoader", "FullLoader", "CFullLoader", "BaseLoader"}
            return None if safe or use.kind in ("import", "alias") else self.severity
        if last == "YAML":
            kinds = use.constants(use.given(0, "typ"))
            return self.severity if kinds and "unsafe" in kinds else None
        return None if last in ("SafeLoader", "FullLoader", "BaseLoader") else self.severity


class WidensPickles(Rule):
    """Letting more through where only weights are loaded, and changing what is pickled."""

    code = "pickles/allow"
    severity = "high"
    names = (
        "torch.serialization.add_safe_globals", "torch.serialization.safe_globals",
        "torch.serialization.register_package", "torch._weights_only_unpickler.*", "copyreg.*", "copy_reg.*",
        "torch.serialization.set_default*", "torch.multiprocessing.reductions.*", "multiprocessing.reduction.*",
    )  # fmt: skip
    what = "lets more be unpickled: {name}"
    why = "It weakens what keeps other files from running code, for the whole process."
    benign = "A plain data class of the author's in a checkpoint."
    bad = (
        "import torch\ntorch.serialization.add_safe_globals([eval])\n",
        "import copyreg\ncopyreg.pickle(int, print)\n",
    )
    good = ("import torch\ntorch.serialization.get_safe_globals()\n",)


class PrefersPickles(Rule):
    """Weights in pickles where there are safetensors."""

    code = "pickles/weights"
    severity = "medium"
    names = ("keyword:use_safetensors", "keyword:safe_serialization")
    what = "takes weights in pickles: {name}=False"
    why = _WHY
    benign = "A model that has nothing else."
    bad = ("def f(load):\n    load('a/b', use_safetensors=False)\n",)
    good = ("def f(load, s=None):\n    load('a/b', use_safetensors=True)\n    load('a/b', use_safetensors=s)\n",)

    def judge(self, use: Use) -> Severity | None:
        """Only where it is said."""
        found = use.constants(use.node)
        return self.severity if found is not None and False in found else None


RULES: tuple[Rule, ...] = (Unpickles(), LoadsTorch(), LoadsArrays(), LoadsYaml(), WidensPickles(), PrefersPickles())
