"""Pipelines that do what none should, one trick each, harmless when they run: `true`, a file `x`, a port nobody has.

Each has the finding that it must meet, at high severity.
"""

from __future__ import annotations

import base64
import zlib

PIPELINE = '''
from diffusers import DiffusionPipeline


class Painter(DiffusionPipeline):
    """A pipeline like any other."""

    def __init__(self, unet, scheduler):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    def __call__(self, prompt, steps: int = 2):
        return self.unet(prompt)


'''
_BLOB = base64.b64encode(zlib.compress(b"import os\nos.system('true')\n" * 4)).decode()

TRICKS: dict[str, tuple[str, str]] = {
    # Names that are not spelled where they are used.
    "alias of a module": ("process/start", "import os as o\nq = o\nq.system('true')\n"),
    "alias of a function": ("process/start", "from os import system as s\ns('true')\n"),
    "module of a library": ("process/start", "import torch\ntorch.os.system('true')\n"),
    "module imported from a library": (
        "files/delete",
        "from torch import os\n\ndef f(): os.path.exists('x') and os.remove('x')\nf()\n",
    ),
    "deep in a library": ("process/start", "import diffusers\ndiffusers.utils.os.system('true')\n"),
    "private alias in a module": ("process/start", "import random\nrandom._os.system('true')\n"),
    "star import": ("process/start", "from os import *\nsystem('true')\n"),
    "name in pieces": ("obfuscation/hidden-name", "import os\ngetattr(os, 'sys' + 'tem')('true')\n"),
    "name backwards": ("process/start", "import os\ngetattr(os, 'metsys'[::-1])('true')\n"),
    "name in numbers": ("process/start", "m = __import__(''.join(map(chr, [111, 115])))\nm.system('true')\n"),
    "name shifted by a function": (
        "process/start",
        "def d(s): return ''.join(chr(ord(c) - 1) for c in s)\nimport os\ngetattr(os, d('tztufn'))('true')\n",
    ),
    "name in base64": (
        "process/start",
        "import base64, os\ngetattr(os, base64.b64decode('c3lzdGVt').decode())('true')\n",
    ),
    "name from outside": ("dynamic/attribute", "import os\n\ndef f(name): return getattr(os, name)\n"),
    "import by a function": ("process/start", "import importlib\nimportlib.import_module('os').system('true')\n"),
    "import by a computed name": (
        "dynamic/import",
        "import importlib\n\ndef f(n): return importlib.import_module(n)\n",
    ),
    "table of modules": ("process/start", "import sys, os\nsys.modules['os'].system('true')\n"),
    "dictionary of a module": ("process/start", "import os\nos.__dict__['system']('true')\n"),
    "builtins of the globals": ("dynamic/code", "globals()['__builtins__']['eval']('1') if 0 else None\n"),
    "subclasses": ("dynamic/internals", "x = ().__class__.__base__.__subclasses__()\n"),
    "globals of a function": ("dynamic/internals", "def f(): pass\nx = f.__globals__\n"),
    "frame of the caller": ("dynamic/internals", "import inspect\nx = inspect.currentframe().f_back\n"),
    "everything in memory": ("dynamic/internals", "import gc\nx = len(gc.get_objects())\n"),
    "format string": ("dynamic/format", "x = '{0.__init__.__globals__}'.format(Painter)[:1]\n"),
    "getter of operator": ("process/start", "import operator, os\noperator.attrgetter('system')(os)('true')\n"),
    "reduce over names": (
        "process/start",
        "from functools import reduce\nimport random\nreduce(getattr, ['_os', 'system'], random)('true')\n",
    ),
    "getattr of its own": (
        "process/start",
        "import random\ndef g(o, n): return getattr(o, n)\ng(g(random, '_os'), 'system')('true')\n",
    ),
    "pattern": ("process/start", "import os\nmatch os:\n    case object(system=f):\n        f('true')\n"),
    "walrus": ("process/start", "if (m := __import__('os')): m.system('true')\n"),
    "fallback of an import": (
        "process/start",
        "try:\n    import nowhere\nexcept ImportError:\n    import os as nowhere\nnowhere.system('true')\n",
    ),
    "value of a module": ("dynamic/module-value", "import os\nTOOLS = {'files': [os]}\n"),
    "attribute of an object": ("dynamic/module-value", "import os\nPainter.tools = os\n"),
    "names of the function": ("process/start", "def f():\n    import os\n    locals()['os'].execv('true', [])\n"),
    "another package": ("dynamic/search-path", "__package__ = 'os'\nfrom . import getpid\n"),
    "class from outside": (
        "process/start",
        "import os\n\nclass A: ...\n\nA.f = os.getpid\nA.g = os.system\nA.g('true')\n",
    ),
    # Code that is made up.
    "exec": ("dynamic/code", "exec('x = 1')\n"),
    "exec of a decoded text": ("dynamic/code", "import base64\nexec(base64.b64decode('eCA9IDE='))\n"),
    "eval in a list": ("dynamic/code", "x = [f('1') for f in [eval]]\n"),
    "function of code": ("dynamic/code", "import types\nx = types.FunctionType((lambda: 1).__code__, {})()\n"),
    "marshal": ("dynamic/code", "import marshal\nx = marshal.loads(marshal.dumps(1))\n"),
    "code in a text": ("obfuscation/blob", "X = '''import os\nos.system('true')\n'''\n"),
    "code in a blob": ("obfuscation/blob", f"X = '{_BLOB}'\n"),
    "loader of files": ("dynamic/loader", "import importlib.util as u\nu.spec_from_file_location('m', 'x.py')\n"),
    "search path": ("dynamic/search-path", "import sys\nsys.path[:0] = ['/nowhere']\n"),
    "finder": ("dynamic/loader", "import sys\nsys.meta_path += []\n"),
    # What runs by itself.
    "module level": ("files/write", "open('x', 'w').close()\n"),
    "default": ("files/write", "def f(x=open('x', 'w').close()): pass\n"),
    "decorator": ("files/write", "def d(f):\n    open('x', 'w').close()\n    return f\n\n@d\ndef g(): pass\n"),
    "class body": ("process/start", "import subprocess\n\nclass A:\n    x = subprocess.run(['true'])\n"),
    "annotation": ("process/start", "def f(x: __import__('os').system('true')): pass\n"),
    "annotation in a text": ("process/start", "def f(x: \"__import__('os').system('true')\"): pass\n"),
    "metaclass": (
        "files/write",
        "class M(type):\n    def __init__(cls, *a): open('x', 'w').close()\n\nclass A(metaclass=M): pass\n",
    ),
    "decorator that is made": (
        "files/write",
        "def d(x):\n    def inner(f):\n        open('x', 'w').close()\n        return f\n"
        "    return inner\n\n@d(1)\ndef g(): pass\n",
    ),
    "property": ("files/write", "class A:\n    @property\n    def x(self): open('x', 'w').close()\n\nA().x\n"),
    "method of a base": (
        "files/write",
        "class B:\n    def __len__(self): return open('x', 'w').close() or 0\n\nclass A(B): ...\n\nlen(A())\n",
    ),
    "subclass hook": (
        "files/write",
        "class B:\n    def __init_subclass__(cls): open('x', 'w').close()\n\nclass A(B): pass\n",
    ),
    "attribute of the module": (
        "files/write",
        "def __getattr__(name):\n    open('x', 'w').close()\n    raise AttributeError\n",
    ),
    "three calls away": ("files/write", "def a(): b()\ndef b(): c()\ndef c(): open('x', 'w').close()\na()\n"),
    "method of an object": ("files/write", "class K:\n    def go(self): open('x', 'w').close()\n\nk = K()\nk.go()\n"),
    "table of functions": ("files/write", "def e(): open('x', 'w').close()\n[e][0]()\n"),
    "call of something unknown": ("import-time/computed-call", "import json\nf = json.loads('[]')\nif f: f[0]()\n"),
    "f-string": ("process/start", "x = f\"{__import__('os').system('true')}\"\n"),
    "at the end": ("patching/hook", "import atexit\natexit.register(print, end='')\n"),
    "trace": ("patching/hook", "import sys\n\ndef f(): sys.settrace(None)\n"),
    "thread": ("process/thread", "import threading\nthreading.Thread(target=int).start()\n"),
    # What goes out, and what is taken.
    "post": ("network/send", "import requests\n\ndef f(x): requests.post('http://127.0.0.1:9', data=x)\n"),
    "session kept": (
        "network/send",
        "import requests\n\nclass A:\n    def __init__(self): self.s = requests.Session()\n"
        "    def f(self): self.s.post('http://127.0.0.1:9')\n",
    ),
    "socket": ("network/send", "import socket\n\ndef f(): socket.create_connection(('127.0.0.1', 9))\n"),
    "name service": ("network/send", "import socket as s\n\ndef f(d): s.gethostbyname(d + '.invalid')\n"),
    "upload": (
        "network/send",
        "from huggingface_hub import HfApi\n\ndef f(): HfApi().upload_file(path_or_fileobj=b'')\n",
    ),
    "fetch at import": ("network/fetch", "import urllib.request as u\nif 0: u.urlopen('http://127.0.0.1:9')\n"),
    "address of its own": (
        "network/endpoint",
        "from huggingface_hub import HfApi\n\ndef f(): return HfApi(endpoint='http://127.0.0.1:9')\n",
    ),
    "environment": ("environment/all", "import os\nx = {k: 1 for k in os.environ}\n"),
    "token in the environment": ("environment/token", "import os\nx = os.environ.get('HF_' + 'TOKEN')\n"),
    "token of the Hub": ("environment/token", "import huggingface_hub as h\n\ndef f(): return h.get_token()\n"),
    "token file": (
        "files/secret-path",
        "from pathlib import Path\nX = Path.home() / '.cache' / 'huggingface' / 'token'\n",
    ),
    "shell start-up": ("files/startup-path", "import os\nX = os.path.expanduser('~/.bashrc')\n"),
    "folder": ("files/delete-folder", "import shutil\n\ndef f(p): shutil.rmtree(p)\n"),
    # Pickles, machine code, further code, libraries of others.
    "pickle": ("pickles/load", "import pickle\n\ndef f(x): return pickle.loads(x)\n"),
    "torch.load": ("pickles/torch", "import torch\n\ndef f(p): return torch.load(p, **{'weights_only': False})\n"),
    "numpy": ("pickles/numpy", "import numpy as np\n\ndef f(p): return np.load(p, allow_pickle=True)\n"),
    "yaml": ("pickles/yaml", "import yaml\n\ndef f(x): return yaml.load(x, Loader=yaml.Loader)\n"),
    "joblib": ("pickles/load", "def f(p):\n    import joblib\n    return joblib.load(p)\n"),
    "ctypes": ("native/load", "import ctypes\nx = ctypes.CDLL(None)\n"),
    "library of torch": ("native/load", "import torch\n\ndef f(): torch.ops.load_library('x.so')\n"),
    "extension of torch": (
        "native/load",
        "def f():\n    from torch.utils import cpp_extension as c\n    c.load_inline('x', '')\n",
    ),
    "torch hub": ("remote/code", "import torch\n\ndef f(): return torch.hub.load('a/b', 'c')\n"),
    "trust": (
        "remote/trust",
        "def f(load):\n    k = {}\n    k['trust_' 'remote_code'] = 1 == 1\n    return load(**k)\n",
    ),
    "custom pipeline": ("remote/code", "def f(): return Painter.from_pretrained('a/b', custom_pipeline='c/d')\n"),
    "kernel": ("remote/kernel", "def f(load): return load('a/b', attn_implementation='c/d')\n"),
    "patched library": ("patching/library", "import json\njson.loads = json.loads\n"),
    "patched by name": ("patching/library", "import json\nsetattr(json, 'lo' + 'ads', json.loads)\n"),
    "patched through the dictionary": ("patching/library", "import json\nvars(json).update(loads=json.loads)\n"),
    "patched class": ("patching/class", "def f(unet): type(unet).forward = print\n"),
    "replaced module": ("dynamic/namespace", "import sys\nsys.modules['nowhere'] = sys\n"),
    "private module": ("module/private", "import _io\n"),
    # What a reader doesn't see.
    "turned around": ("obfuscation/invisible", "x = 1  # \u202e nothing\n"),
    "escape codes": ("obfuscation/invisible", "x = 1  # \x1b[2K\n"),
    "look-alike": ("obfuscation/look-alike", "\u0455ys = 1\n"),
    "other letters": ("obfuscation/look-alike", "def f(system): return \uff53ystem\n"),
    "far to the right": ("obfuscation/out-of-sight", f"x = 1;{' ' * 200}y = 2\n"),
}

TREES: dict[str, tuple[str, dict[str, bytes]]] = {
    "alias in another file": (
        "process/start",
        {"pipeline.py": b"from .a import o\no.system('true')\n", "a.py": b"import os as o\n"},
    ),
    "re-export of a package": (
        "process/start",
        {
            "pipeline.py": b"from .p import q\n\ndef f(): q.execv('true', [])\n",
            "p/__init__.py": b"from .deep import *\n",
            "p/deep.py": b"import os\nq = os\n",
        },
    ),
    "package nobody imports": (
        "process/start",
        {"pipeline.py": b"", "a/b/__init__.py": b"import os\nos.system('true')\n"},
    ),
    "run by another file": (
        "files/write",
        {"pipeline.py": b"from .a import f\nf()\n", "a.py": b"def f(): open('x', 'w').close()\n"},
    ),
    "own module of a known name": (
        "process/start",
        {"pipeline.py": b"from . import os\n", "os.py": b"import subprocess as s\ns.run(['true'])\n"},
    ),
    "Python in a text file": ("process/start", {"pipeline.py": b"", "words.txt": b"import os\nos.system('true')\n"}),
    "pickle among the data": ("obfuscation/code-in-data", {"pipeline.py": b"", "table.dat": b"\x80\x04K\x01."}),
    "no Python": ("obfuscation/unreadable", {"pipeline.py": b"", "old.py": b"print 'hello'\n"}),
    "other encoding": ("obfuscation/encoding", {"pipeline.py": b"# coding: utf-7\nx = 1\n"}),
    "no text": ("obfuscation/unreadable", {"pipeline.py": b"x = '\xff'\n"}),
    "hidden line end": ("obfuscation/invisible", {"pipeline.py": b"# harmless\rimport os\n"}),
    "nested without end": (
        "obfuscation/tangled",
        {"pipeline.py": b"if a: pass\n" + b"elif a: pass\n" * 900 + b"else:\n    import os\n    os.system('true')\n"},
    ),
    "names in a tangle": (
        "obfuscation/tangled",
        {
            "pipeline.py": b"".join(
                b"def f%d(x): return %s\n" % (i, b" or ".join([b"f%d(x)" % (i + 1)] * 9)) for i in range(9)
            )
            + b"f0(1).a\n"
        },
    ),
}
