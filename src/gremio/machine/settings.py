"""What the environment says, read in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

from gremio.errors import OptionError

Policy = Literal["default", "approved", "never"]

_TRUE = {"1", "on", "true", "yes"}


@dataclass(frozen=True)
class Settings:
    """Where things lie and what is allowed, for one call.

    ``home`` holds Gremio's own state; ``cache_dir`` is huggingface_hub's cache; ``endpoint`` the Hub's address;
    ``github`` the base address of raw files of the Diffusers repository; ``mirror`` the dataset that mirrors its
    community folder; ``api_key`` is what a service wants from those who call it.
    """

    home: Path
    cache_dir: Path
    endpoint: str
    offline: bool = False
    policy: Policy = "default"
    remote_code_disabled: bool = False
    mirror: str = "diffusers/community-pipelines-mirror"
    github: str = "https://raw.githubusercontent.com/huggingface/diffusers"
    api_key: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``HF_HOME``, ``HF_HUB_CACHE``, ``HF_ENDPOINT``, ``HF_HUB_OFFLINE``, ``DIFFUSERS_DISABLE_REMOTE_CODE``
        and our own ``GREMIO_HOME``, ``GREMIO_POLICY``, ``GREMIO_MIRROR``, ``GREMIO_GITHUB``, ``GREMIO_API_KEY``.

        Raises:
            OptionError: ``GREMIO_POLICY`` is no policy.
        """
        env = os.environ if environ is None else environ
        hf_home = _hf_home(env)
        cache = env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE")
        return cls(
            home=Path(env.get("GREMIO_HOME") or hf_home / "gremio").expanduser(),
            cache_dir=Path(cache).expanduser() if cache else hf_home / "hub",
            endpoint=(env.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/"),
            offline=_flag(env, "HF_HUB_OFFLINE") or _flag(env, "TRANSFORMERS_OFFLINE"),
            policy=_policy(env.get("GREMIO_POLICY") or "default"),
            remote_code_disabled=_flag(env, "DIFFUSERS_DISABLE_REMOTE_CODE"),
            mirror=env.get("GREMIO_MIRROR") or cls.mirror,
            github=(env.get("GREMIO_GITHUB") or cls.github).rstrip("/"),
            api_key=env.get("GREMIO_API_KEY", "").strip(),
        )


def _hf_home(env: Mapping[str, str]) -> Path:
    if env.get("HF_HOME"):
        return Path(env["HF_HOME"]).expanduser()
    base = Path(env["XDG_CACHE_HOME"]) if env.get("XDG_CACHE_HOME") else Path("~/.cache")
    return base.expanduser() / "huggingface"


def _flag(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").strip().lower() in _TRUE


def _policy(text: str) -> Policy:
    if text not in get_args(Policy):
        raise OptionError(f"GREMIO_POLICY is {text!r}", next_step=f"Set it to one of: {', '.join(get_args(Policy))}.")
    return cast(Policy, text)
