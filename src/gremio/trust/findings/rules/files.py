"""Files: written, deleted, read outside the folder of the code."""

from __future__ import annotations

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule

_OPENERS = ("builtins.open", "io.open", "io.FileIO", "_io.open", "_io.FileIO", "codecs.open", "os.open", "os.fdopen",
            "gzip.open", "bz2.open", "lzma.open", "tarfile.open", "zipfile.ZipFile", "h5py.File")  # fmt: skip
SECRET_PATHS = (
    ".ssh/", ".ssh\\", "id_rsa", "id_ed25519", "authorized_keys", "known_hosts", ".aws/", ".azure/", ".config/gcloud",
    ".kube/config", ".docker/config", ".netrc", ".git-credentials", ".gitconfig", ".npmrc", ".pypirc", ".gnupg",
    "huggingface/token", "huggingface/stored_tokens", ".huggingface/", ".password-store", "keychain", "login data",
    "cookies.sqlite", "wallet.dat", "/etc/passwd", "/etc/shadow", "/etc/sudoers", "/proc/self", "/proc/1/", "/proc/net",
    "/var/run/docker.sock", "/var/run/secrets", "/run/secrets", "169.254.169.254", "metadata.google.internal",
    "chrome/user data", ".mozilla/", ".bash_history", ".zsh_history", ".python_history",
)  # fmt: skip
STARTUP_NAMES = frozenset((
    ".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", ".zshenv", ".zprofile", ".xinitrc", ".xprofile",
    "sitecustomize.py", "usercustomize.py", "site-packages", "dist-packages", "crontab", "launchagents",
    "launchdaemons", "autostart", "jupyter_notebook_config.py", "ipython_config.py", "ld.so.preload",
))  # fmt: skip
STARTUP_PATHS = ("/etc/cron", "/etc/ld.so", "/etc/profile", "/etc/hosts", "/etc/init", "systemd/", ".git/hooks",
                 ".ipython/profile", "currentversion\\run")  # fmt: skip


def _is_path(text: str) -> bool:
    """Whether it may be a path, and is no sentence about one."""
    return len(text) < 300 and text.count(" ") < 3


def _mode(use: Use) -> tuple[str, ...] | None:
    """The modes in which a file may be opened; None where the code doesn't say."""
    given = use.given(1, "mode")
    if given is None:
        return ("r",)
    found = use.constants(given)
    return tuple(map(str, found)) if found else None


def _writes(mode: str) -> bool:
    return bool(set("wax+") & set(mode)) or not mode.isalpha()


def _is_writing(mode: object) -> bool:
    return isinstance(mode, str) and len(mode) < 4 and set(mode) <= set("wraxbt+") and _writes(mode)


class Writes(Rule):
    """Writing and moving files."""

    code = "files/write"
    severity = "medium"
    at_import = "high"
    names = (
        *_OPENERS, "os.rename", "os.renames", "os.replace", "os.link", "os.symlink", "os.chmod", "os.chown",
        "os.lchown",
        "os.truncate", "os.write", "os.pwrite*", "os.sendfile", "os.copy_file_range", "os.memfd_create",
        "tensorflow.io.*", "os.mkfifo", "os.mknod", "shutil.copy*", "shutil.move", "shutil.make_archive",
        "shutil.unpack_archive", "shutil.chown", "zipfile.ZipFile().extract*", "tarfile.open().extract*",
        "sqlite3.connect", "dbm.*", "logging.FileHandler", "fileinput.*", "mmap.mmap", "pathlib.Path().rename",
        "pathlib.Path().replace", "logging.basicConfig", "os.mkdir*", "os.makedirs*",
        *(f"?.{name}" for name in ("write_text", "write_bytes", "open", "symlink_to", "hardlink_to", "link_to",
        "extractall")),
    )  # fmt: skip
    what = "writes or moves files: {name}"
    why = "It changes what lies on your disk, as far as you may."
    benign = "Saving a film into the folder that the caller named."
    bad = (
        "def f(path):\n    open(path, 'w').write('x')\n",
        "def f(path, mode):\n    return open(path, mode)\n",
        "import pathlib\n\ndef f(x):\n    pathlib.Path(x).write_text('x')\n",
        "def f(path):\n    path.open('w')\n",
        "import shutil\nshutil.copy('a', 'b')\n",
    )
    good = (
        "def f(path):\n    return open(path).read()\n",
        "def f(path):\n    return open(path, 'rb').read()\n",
        "from PIL import Image\nimage = Image.open('a.png')\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Of what opens, the mode decides."""
        if use.kind == "import":
            return None
        if use.name.startswith("os.m") and "dir" in use.name:
            return "low" if use.call is not None else None
        if use.name == "logging.basicConfig":
            return self.severity if use.given(9, "filename") is not None else None
        if use.name.endswith(".open") and use.name not in _OPENERS:
            # The mode of a path's own `open` comes first; other things that are opened have other arguments.
            said = use.constants(use.given(0, "mode")) or ()
            return self.severity if any(map(_is_writing, said)) else None
        if use.name in _OPENERS and use.call is not None:
            mode = _mode(use)
            return self.severity if mode is None or any(map(_writes, mode)) else None
        return self.severity if use.name not in _OPENERS or use.kind == "value" else None


class Deletes(Rule):
    """Deleting files."""

    code = "files/delete"
    severity = "medium"
    at_import = "high"
    by_import = False
    names = ("os.remove", "os.unlink", "os.rmdir", "send2trash.*", "?.unlink", "?.rmdir")
    what = "deletes files: {name}"
    why = "What is gone is gone."
    benign = "Removing temporary files that the pipeline made itself."
    bad = ("import os\n\ndef f(path):\n    os.remove(path)\n", "def f(path):\n    path.unlink()\n")
    good = ("import os\nos.path.exists('a')\n", "def f(items):\n    items.remove(1)\n")


class DeletesFolders(Rule):
    """Deleting whole folders."""

    code = "files/delete-folder"
    severity = "high"
    names = ("shutil.rmtree", "os.removedirs", "?.rmtree", "distutils.dir_util.remove_tree")
    what = "deletes whole folders: {name}"
    why = "With a wrong path, or an evil one, it takes everything below."
    benign = "Clearing a temporary folder; `tempfile.TemporaryDirectory` does it without this."
    bad = ("import shutil\n\ndef f(path):\n    shutil.rmtree(path)\n",)
    good = ("import tempfile\n\ndef f():\n    with tempfile.TemporaryDirectory() as t:\n        return t\n",)


class ReadsOutside(Rule):
    """Reading from places that the code itself names, outside its folder."""

    code = "files/outside"
    severity = "medium"
    names = (
        *_OPENERS, "os.path.expanduser", "os.path.expandvars", "pathlib.Path.home", "pathlib.Path().expanduser",
        "os.listdir", "os.scandir", "os.walk", "os.fwalk", "glob.glob", "glob.iglob", "os.getlogin", "os.chdir",
        "?.expanduser", "pathlib.Path",
    )  # fmt: skip
    what = "goes to a place of its own choice on the disk: {name}"
    why = "A pipeline needs the files that the caller names and those beside its code; other places hold other things."
    benign = "A cache folder in the home."
    bad = (
        "def f():\n    return open('/data/list.txt').read()\n",
        "from pathlib import Path\nhome = Path.home()\n",
        "import os\n\ndef f():\n    return os.listdir(os.path.expanduser('~'))\n",
        "def f():\n    return open('../../list.txt').read()\n",
    )
    good = (
        "def f(path):\n    return open(path).read()\n",
        "import os\nhere = open(os.path.join(os.path.dirname(__file__), 'words.txt'))\n",
        "import os\n\ndef f(folder):\n    return os.listdir(folder)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Only where the path is spelled out, or is the home."""
        if use.kind == "import":
            return None
        if use.name.endswith((".expanduser", ".home", ".expandvars", ".chdir", ".getlogin")):
            return self.severity if use.kind != "alias" else None
        path = use.given(0, "file") or use.given(0, "path")
        found = use.some_constants(path)
        outside = any(isinstance(each, str) and each.startswith(("/", "~", "..", "\\\\")) for each in found)
        return self.severity if outside else None


class Saves(Rule):
    """Saving tensors, pictures and models by the functions that are there for it."""

    code = "files/save"
    severity = "low"
    at_import = "high"
    by_import = False
    names = (
        "torch.save", "numpy.save", "numpy.savez*", "numpy.savetxt", "numpy.memmap", "cv2.imwrite", "cv2.VideoWriter",
        "imageio.imwrite", "imageio.imsave", "imageio.mimsave", "imageio.mimwrite", "imageio.get_writer",
        "imageio.v2.*write*", "imageio.v3.imwrite", "safetensors.torch.save_file", "soundfile.write", "json.dump",
        "diffusers.utils.export_to_*", "torchvision.utils.save_image", "torchvision.io.write_*", "?.save_pretrained",
        "?.tofile", "?.to_csv", "?.to_parquet", "?.to_pickle",
        "scipy.io.wavfile.write", "onnx.save*", "torch.jit.save", "torch.onnx.export",
    )  # fmt: skip
    what = "saves results: {name}"
    why = "Where to, the caller should say."
    benign = "Nearly always this."
    bad = ("import torch\n\ndef f(x, path):\n    torch.save(x, path)\n",)
    good = ("import torch\n\ndef f(path):\n    return torch.load(path, weights_only=True)\n",)


class NamesSecretPath(Rule):
    """Paths under which secrets lie, or from which programs are started."""

    code = "files/secret-path"
    severity = "high"
    names = ("text:",)
    what = "spells out a path under which secrets lie"
    why = "Tokens, keys and histories lie there; no pipeline needs them."
    benign = "None that we know."
    bad = (
        "import os\np = os.path.expanduser('~/.ssh/id_rsa')\n",
        "p = '~/.cache/huggingface' + '/token'\n",
        "from pathlib import Path\np = Path.home() / '.cache' / 'huggingface' / 'token'\n",
        "import os\np = os.path.join(home, '.aws', 'credentials')\n",
        "def f():\n    return open('/etc/passwd')\n",
    )
    good = (
        '"""Like /etc/passwd, or ~/.ssh."""\n',
        "names = ['tokenizer/vocab.json', 'token']\n",
        "raise ValueError('There is no token in ~/.huggingface/, please log in.')\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Texts that are prose are no paths."""
        text = use.text.lower()
        return self.severity if _is_path(text) and any(each in f"{text}/" for each in SECRET_PATHS) else None


class NamesStartupPath(Rule):
    """Paths of files that are executed by themselves."""

    code = "files/startup-path"
    severity = "high"
    names = ("text:",)
    what = "spells out a path of files that are executed by themselves"
    why = "What is written there runs later, without anybody starting it."
    benign = "None that we know."
    bad = ("from pathlib import Path\np = Path.home() / '.bashrc'\n", "p = f'{x}/sitecustomize.py'\n")
    good = ("p = 'assets/profile.png'\n", "x = 'torch.profiler.profile'\n")

    def judge(self, use: Use) -> Severity | None:
        """Texts that are prose are no paths."""
        text = use.text.lower()
        named = STARTUP_NAMES & set(text.replace("\\", "/").split("/")) or any(each in text for each in STARTUP_PATHS)
        return self.severity if named and _is_path(text) else None


RULES: tuple[Rule, ...] = (
    Writes(),
    Deletes(),
    DeletesFolders(),
    ReadsOutside(),
    Saves(),
    NamesSecretPath(),
    NamesStartupPath(),
)
