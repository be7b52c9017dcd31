"""The network."""

from __future__ import annotations

import ast

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule

_CLIENTS = ("requests", "httpx", "niquests", "curl_cffi.requests")
_SENDING = ("post", "put", "patch", "delete", "request", "stream", "build_opener")


class Sends(Rule):
    """Sending something, or talking in both directions."""

    code = "network/send"
    severity = "high"
    names = (
        *(f"{client}.{name}" for client in _CLIENTS for name in _SENDING),
        *(f"{client}.Session().{name}" for client in _CLIENTS for name in _SENDING),
        *(f"{client}.session().{name}" for client in _CLIENTS for name in _SENDING),
        *(f"httpx.{client}().{name}" for client in ("Client", "AsyncClient") for name in _SENDING),
        "socket.*", "_socket.*", "ssl.*", "smtplib.*", "ftplib.*", "poplib.*", "imaplib.*", "nntplib.*", "telnetlib.*",
        "http.client.*", "xmlrpc.*", "asyncio.open_connection", "asyncio.open_unix_connection", "asyncore.*",
        "asynchat.*", "websocket.*", "websockets.*", "paramiko.*", "asyncssh.*", "zmq.*", "grpc.*", "pika.*", "kafka.*",
        "redis.*", "pymongo.*", "psycopg2.*", "mysql.*", "boto3.*", "botocore.*", "google.cloud.*", "azure.*",
        "minio.*", "dropbox.*", "telegram.*", "telebot.*", "discord.*", "slack_sdk.*", "tweepy.*", "twilio.*",
        "sentry_sdk.*", "posthog.*", "scapy.*", "dns.*", "pycurl.*", "tornado.*", "twisted.*", "aiosmtplib.*",
        "aiohttp.ClientSession().post", "aiohttp.ClientSession().put", "aiohttp.ClientSession().ws_connect",
        "urllib.request.Request", "urllib.request.build_opener", "urllib.request.install_opener", "urllib2.*",
        "urllib3.PoolManager().request", "urllib3.request", "logging.handlers.*", "wandb.*", "mlflow.*", "comet_ml.*",
        "neptune.*", "openai.*", "anthropic.*",
        *(f"huggingface_hub.{name}" for name in ("upload_file", "upload_folder", "upload_large_folder", "create_commit",
          "create_repo", "delete_repo", "delete_file", "delete_folder", "update_repo_settings", "duplicate_space",
          "create_pull_request", "create_discussion", "add_space_secret", "CommitScheduler", "CommitOperationAdd",
          "InferenceClient", "push_to_hub_*")),
        *(f"?.{name}" for name in ("upload_file", "upload_folder", "upload_large_folder", "create_commit", "sendall",
          "sendto", "sendmail", "create_pull_request", "push_to_hub")),
        "urllib.request.urlopen", "?.urlopen",
    )  # fmt: skip
    what = "sends over the network: {name}"
    why = "What can send can send your pictures, your prompts, your files and your keys."
    benign = "A pipeline for a service that works elsewhere, and says so."
    bad = (
        "import requests\nrequests.post('https://example.org', data={})\n",
        "import socket\ns = socket.socket()\ns.connect(('example.org', 80))\n",
        "from huggingface_hub import HfApi\nHfApi().upload_file(path_or_fileobj='x')\n",
        "import urllib.request as u\nu.urlopen('https://example.org', b'data')\n",
    )
    good = (
        "import requests\nimage = requests.get('https://example.org/a.png')\n",
        "import socket\nsocket.gethostname()\n",
        "def f(queue):\n    queue.send(1)\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """The machine's name is no connection, an import alone sends nothing, and an address only with data."""
        if use.name.endswith(".urlopen"):
            data = use.given(1, "data")
            return None if data is None or (isinstance(data, ast.Constant) and data.value is None) else self.severity
        plain = use.name.startswith(("socket.", "ssl.")) and use.name.rpartition(".")[2].isupper()
        if use.kind == "import" or use.name in _NAMES_OF_MACHINES or plain:
            return None
        return self.severity


_NAMES_OF_MACHINES = frozenset(
    ("socket.gethostname", "socket.getfqdn", "socket.timeout", "socket.error", "ssl.SSLError")
)


_OPENERS = (
    "diffusers.utils.load_image", "diffusers.utils.load_video", "diffusers.utils.loading_utils.load_image",
    "diffusers.utils.loading_utils.load_video", "transformers.image_utils.load_image", "skimage.io.imread",
    "imageio.imread", "imageio.v2.imread", "imageio.v3.imread", "pandas.read_csv", "pandas.read_json",
    "torchaudio.load",
    "transformers.video_utils.load_video", "cv2.VideoCapture", "librosa.load", "decord.VideoReader",
)  # fmt: skip


def _spells_address(use: Use, node: ast.AST) -> bool:
    texts = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return any(isinstance(each, str) and "://" in each for each in (*texts, *use.some_constants(node)))


class ChoosesEndpoint(Rule):
    """Sending what goes to the Hub, the token with it, somewhere else."""

    code = "network/endpoint"
    severity = "high"
    names = ("keyword:endpoint", "keyword:proxies", "keyword:proxy")
    what = "sends requests through an address of its own choice: {name}"
    why = "Whoever is there sees every request, and the token that goes with it."
    benign = "A mirror or a Hub of one's own, which `HF_ENDPOINT` names for all code."
    bad = (
        "from huggingface_hub import hf_hub_download as d\n\ndef f():\n    d('a/b', 'c', endpoint='https://example.org')\n",
        "def f(load):\n    load('a/b', proxies={'https': 'http://example.org'})\n",
    )
    good = ("def f(load, proxies=None):\n    load('a/b', proxies=proxies)\n", "linspace(1, 2, endpoint=False)\n")

    def judge(self, use: Use) -> Severity | None:
        """Only where the address is spelled out."""
        return self.severity if _spells_address(use, use.node) else None


class Fetches(Rule):
    """Fetching something."""

    code = "network/fetch"
    severity = "medium"
    at_import = "high"
    names = (
        *(f"{client}.{name}" for client in _CLIENTS for name in ("get", "head", "options", "Session", "session")),
        "httpx.Client", "httpx.AsyncClient", "urllib.request.*", "urllib3.*", "aiohttp.*", "wget.*", "gdown.*",
        "torch.hub.download_url_to_file", "torchvision.datasets.utils.download_*", "modelscope.*", "fsspec.*", "s3fs.*",
        "gcsfs.*", "datasets.load_dataset", "basicsr.utils.download_util.*", "facexlib.utils.load_file_from_url",
        "pooch.*", "yt_dlp.*", "youtube_dl.*", "pytube.*", "treq.*", "selenium.*", "playwright.*", "nltk.download",
        *_OPENERS, "keras.utils.get_file", "tensorflow.keras.utils.get_file",
        "?.urlopen", "?.urlretrieve", "?.load_file_from_url",
    )  # fmt: skip
    what = "fetches from the network: {name}"
    why = "It needs a network, the address learns of you, and what comes back can change from day to day."
    benign = "Getting a picture whose address the caller gave."
    bad = (
        "import requests\nimage = requests.get('https://example.org/a.png')\n",
        "from urllib.request import urlretrieve\n\ndef f():\n    urlretrieve('https://example.org/a', 'a')\n",
        "from diffusers.utils import load_image\n\ndef f(x):\n    load_image('https://example.org/?' + x)\n",
    )
    good = (
        "from diffusers.utils import load_image\n\ndef f(image):\n    return load_image(image)\n",
        "from urllib.parse import urlparse\nurlparse('https://example.org')\n",
        "import requests\n",
        "from diffusers.utils import load_image\n",
    )

    def judge(self, use: Use) -> Severity | None:
        """An import alone fetches nothing, and what opens files too only where an address is spelled out."""
        if use.kind == "import":
            return None
        if use.name in _OPENERS:
            given = use.call.args[0] if use.call is not None and use.call.args else None
            return self.severity if given is not None and _spells_address(use, given) else None
        return self.severity


class Listens(Rule):
    """Serving others."""

    code = "network/serve"
    severity = "high"
    by_import = False
    names = (
        "socketserver.*", "http.server.*", "wsgiref.*", "asyncio.start_server", "asyncio.start_unix_server", "flask.*",
        "fastapi.*", "uvicorn.*", "starlette.*", "bottle.*", "gradio.*", "streamlit.*", "pyngrok.*", "ngrok.*",
        "aiohttp.web.*", "xmlrpc.server.*", "multiprocessing.managers.*", "multiprocessing.connection.*",
        "torch.distributed.rpc.*", "torch.distributed.TCPStore", "debugpy.*", "pydevd.*", "rpyc.*",
        "jupyter_client.*", "code.InteractiveServer",
    )  # fmt: skip
    what = "listens to the network: {name}"
    why = "Others can reach your process through it."
    benign = "A demo with a page of its own; a pipeline needs none."
    bad = ("import gradio as gr\ngr.Interface(print).launch(share=True)\n",)
    good = ("import gradio\n",)


RULES: tuple[Rule, ...] = (Sends(), ChoosesEndpoint(), Fetches(), Listens())
