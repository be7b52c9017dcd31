"""The environment, tokens, and what tells whose machine it is."""

from __future__ import annotations

import ast

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule

_READERS = ("os.getenv", "os.environ.get", "os.environ[]", "os.environ.pop", "os.environ.setdefault", "os.getenvb",
            "os.environb.get", "os.environb[]", "os.environ.__getitem__", "posix.environ[]", "posix.environ.get",
            "os.environ.__contains__")  # fmt: skip
_SECRET = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY",
           "AUTH", "SESSION_KEY", "CONNECTION_STRING", "DATABASE_URL", "WEBHOOK", "AWS_", "AZURE_", "_KEY",
           "SSH_")  # fmt: skip
_NO_SECRET = ("TOKENIZERS_", "TOKENIZER_", "MAX_TOKEN", "NUM_TOKEN", "_TOKENS")
_STEERING = (
    "PYTHON", "LD_", "DYLD_", "PATH", "HOME", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_", "CURL_CA",
    "REQUESTS_CA", "HF_ENDPOINT", "HF_TOKEN", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "GREMIO_",
    "DIFFUSERS_DISABLE",
    "TRUST_REMOTE", "TORCH_FORCE", "TORCH_EXTENSIONS", "GIT_", "SHELL", "EDITOR", "BROWSER", "PIP_", "BASH_ENV", "ENV",
    "TRITON_CACHE", "CUDA_INJECTION", "NVIDIA_", "GLIBC",
)  # fmt: skip


def _names(use: Use) -> tuple[str, ...] | None:
    """The variables that are meant; None where the code doesn't say."""
    key = use.node.slice if isinstance(use.node, ast.Subscript) else use.given(0, "key")
    found = use.constants(key)
    if found is None:
        return None
    return tuple(each.decode("latin-1") if isinstance(each, bytes) else str(each) for each in found)


def is_secret(name: str) -> bool:
    """Whether a variable's name is that of something to keep."""
    upper = name.upper()
    return any(each in upper for each in _SECRET) and not any(each in upper for each in _NO_SECRET)


class ReadsEnvironment(Rule):
    """Reading variables."""

    code = "environment/read"
    severity = "low"
    names = _READERS
    what = "reads the environment: {name}"
    why = "It holds settings, and often tokens and keys."
    benign = "A setting of this very code."
    bad = ("import os\nx = os.environ.get('MY_SETTING')\n", "import os\n\ndef f(name):\n    return os.getenv(name)\n")
    good = ("import os\nos.environ['MY_SETTING'] = '1'\n", "import os\nos.getcwd()\n")

    def judge(self, use: Use) -> Severity | None:
        """A name that isn't written out may be that of a token."""
        if use.kind in ("store", "delete", "import"):
            return None
        names = _names(use)
        if names is None:
            return "medium"
        return None if any(map(is_secret, names)) else self.severity


class ReadsToken(Rule):
    """Reading tokens and passwords."""

    code = "environment/token"
    severity = "high"
    names = (
        *_READERS, "huggingface_hub.get_token", "huggingface_hub.HfFolder*", "huggingface_hub.hf_api.HfFolder*",
        "huggingface_hub.utils.get_token*", "huggingface_hub.utils._auth.*", "huggingface_hub.utils._hf_folder.*",
        "huggingface_hub.constants.HF_TOKEN*", "huggingface_hub.login", "huggingface_hub.notebook_login",
        "huggingface_hub.interpreter_login", "huggingface_hub.whoami", "huggingface_hub.auth_list", "keyring.*",
        "getpass.getpass", "netrc.*", "google.colab.userdata.*", "google.auth.*", "browser_cookie3.*",
        "pycookiecheat.*", "kaggle_secrets.*", "dotenv.*", "decouple.*", "boto3.session.*", "botocore.credentials.*",
        "secretstorage.*", "huggingface_hub.HfApi().whoami", "huggingface_hub._login.*",
        "huggingface_hub.get_token_to_send",
        "huggingface_hub.utils.build_hf_headers", "huggingface_hub.utils._headers.*",
        "huggingface_hub.utils.get_session*",
        "?.get_token", "?.HfFolder", "?.whoami", "?.build_hf_headers", "streamlit.secrets*", "?.HF_TOKEN_PATH",
        "transformers.utils.hub.HfFolder*", "diffusers.utils.hub_utils.HfFolder*",
    )  # fmt: skip
    what = "reads a token or password: {name}"
    why = "With it somebody else is you."
    benign = "Passing `token=` on, which is done without reading it."
    bad = (
        "import os\nx = os.environ['HF_TOKEN']\n",
        "from huggingface_hub import get_token\nx = get_token()\n",
        "from huggingface_hub import HfFolder\nHfFolder.get_token()\n",
        "import os\nx = os.getenv('AWS_' + 'SECRET_ACCESS_KEY')\n",
    )
    good = (
        "import os\nos.environ['TOKENIZERS_PARALLELISM'] = 'false'\nx = os.environ.get('TOKENIZERS_PARALLELISM')\n",
        "def f(model, token=None):\n    return load(model, token=token)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """Of variables, by their name."""
        if use.name in _READERS:
            names = _names(use) if use.kind not in ("store", "delete", "import") else None
            return self.severity if names is not None and any(map(is_secret, names)) else None
        if use.name.startswith("?.") and use.call is None:
            return None
        return self.severity


class TakesEnvironment(Rule):
    """All variables at once."""

    code = "environment/all"
    severity = "high"
    names = ("os.environ", "os.environ.*", "os.environb", "os.environb.*", "posix.environ", "nt.environ", "?.environ")
    what = "takes the whole environment: {name}"
    why = "Tokens and keys are among its variables."
    benign = "Passing it on to another program, which is a matter of its own."
    bad = (
        "import os\nx = dict(os.environ)\n",
        "import os\nx = [k for k in os.environ]\n",
        "import os\nx = {**os.environ}\n",
        "import os\nx = os.environ.copy()\n",
    )
    good = (
        "import os\nx = os.environ.get('A')\n",
        "import os\nx = 'A' in os.environ\n",
        "import os\nos.environ['A'] = '1'\nos.environ.update(A='1')\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """As a whole only; whether a variable is there may be asked."""
        last = use.name.rpartition(".")[2]
        if use.kind in ("item", "alias", "import", "store", "delete", "keyword"):
            return None
        if last in ("environ", "environb"):
            return None if use.name.startswith("?.") and use.call is None else self.severity
        return (
            self.severity
            if last in ("items", "values", "copy", "keys", "__iter__", "popitem", "__dict__", "_data")
            else None
        )


class WritesEnvironment(Rule):
    """Setting variables."""

    code = "environment/write"
    severity = "low"
    names = ("os.environ[]", "os.environ.update", "os.environ.setdefault", "os.putenv", "os.unsetenv",
             "os.environ.clear",
             "os.environ", "os.environ.pop", "os.environ.__setitem__")  # fmt: skip
    what = "sets variables of the environment: {name}"
    why = "Libraries and other programs go by them, from then on and for everything in the process."
    benign = "Quieting a library."
    bad = (
        "import os\nos.environ['TOKENIZERS_PARALLELISM'] = 'false'\n",
        "import os\nos.environ['LD_PRELOAD'] = 'a.so'\n",
        "import os\nos.environ.update(x)\n",
    )
    good = ("import os\nx = os.environ['A']\n",)

    def judge(self, use: Use) -> Severity | None:
        """Some steer what is loaded, or where requests go."""
        if use.name == "os.environ[]" or use.name == "os.environ":
            if use.kind not in ("store", "delete"):
                return None
        elif use.call is None:
            return None
        names = _names(use)
        if use.call is not None and use.call.keywords:
            names = (*(names or ()), *(each.arg or "" for each in use.call.keywords))
        if not names:
            return "medium"
        return "high" if any(each.upper().startswith(_STEERING) or is_secret(each) for each in names) else self.severity


class KnowsMachine(Rule):
    """Who and where you are."""

    code = "environment/machine"
    severity = "medium"
    at_import = "high"
    names = (
        "platform.node", "platform.uname", "socket.gethostname", "socket.getfqdn", "os.getlogin", "os.uname", "pwd.*",
        "grp.*", "uuid.getnode", "uuid.uuid1", "getpass.getuser", "os.getuid", "os.geteuid", "psutil.net_*",
        "psutil.users", "netifaces.*", "cpuinfo.*", "machineid.*", "spwd.*", "pynput.*", "pyautogui.*", "mss.*",
        "PIL.ImageGrab.*", "pyperclip.*", "tkinter.*", "keyboard.*", "sounddevice.*", "pyaudio.*", "pyscreenshot.*",
        "cv2.VideoCapture",
    )  # fmt: skip
    what = "finds out about you or your machine: {name}"
    why = "It tells whose machine this is, or what happens at it."
    benign = "A film that is read with `cv2.VideoCapture(path)`; a name for a folder of results."
    bad = ("import platform\nx = platform.node()\n", "import getpass\n\ndef f():\n    return getpass.getuser()\n",
           "import cv2\nc = cv2.VideoCapture(0)\n")  # fmt: skip
    good = ("import platform\nx = platform.system(), platform.python_version()\n",
            "import cv2\n\ndef f(path):\n    return cv2.VideoCapture(path)\n")  # fmt: skip

    def judge(self, use: Use) -> Severity | None:
        """A camera has a number, a film a path."""
        if use.name == "cv2.VideoCapture":
            found = use.constants(use.given(0, "index")) if use.call is not None else None
            return self.severity if found and isinstance(found[0], int) else None
        return None if use.kind == "import" else self.severity


class AsksPerson(Rule):
    """Asking whoever sits there."""

    code = "environment/ask"
    severity = "medium"
    names = ("builtins.input", "sys.stdin*", "click.prompt", "click.confirm", "tkinter.simpledialog.*", "os.read",
             "prompt_toolkit.*", "questionary.*", "inquirer.*")  # fmt: skip
    what = "asks at the terminal: {name}"
    why = "It can ask for what it should not know, and it stops a program that nobody watches."
    benign = "A script for trying things out."
    bad = ("def f():\n    return input('token? ')\n",)
    good = ("def f(input):\n    return input(1)\n", "x = layer.input\n")


RULES: tuple[Rule, ...] = (
    ReadsEnvironment(),
    ReadsToken(),
    TakesEnvironment(),
    WritesEnvironment(),
    KnowsMachine(),
    AsksPerson(),
)
