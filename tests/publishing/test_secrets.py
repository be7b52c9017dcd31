"""What is found in a publication that nobody else should read, and what is not taken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gremio.errors import SecretsFound
from gremio.publishing.publication import Publication
from gremio.publishing.secrets.secrets import find_secrets, require_no_secrets

# Put together here, so that no file of the project holds anything that looks like a token.
BODY = "Rk4tWq9LzX2mVb7Yp1Hs6Jd3Gf8Nc5QaTe0U"
HEX = "3f9c1a7be4d2058c6f1e9b7a0d43c85ef2716a90"
TOKENS = {
    "Hugging Face": "hf_" + BODY[:34],
    "GitHub": "ghp_" + BODY,
    "GitHub fine": "github_pat_" + BODY + "_" + BODY,
    "GitLab": "glpat-" + BODY[:20],
    "OpenAI": "sk-proj-" + BODY + BODY,
    "Anthropic": "sk-ant-api03-" + BODY + BODY,
    "AWS": "AKIA" + "Q3X7ZL5WKD2MR6TV",
    "Google": "AIza" + BODY[:35],
    "Slack": "xoxb-" + "483920175638-" + BODY[:24],
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + BODY + BODY,
    "npm": "npm_" + BODY,
    "Replicate": "r8_" + BODY + "k",
    "JWT": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiI0MiJ9." + BODY,
}


def found(files: dict[str, str | bytes]) -> list[tuple[str, int]]:
    """Where something is found in these files."""
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return [(secret.path, secret.line) for secret in find_secrets(Publication("code", "Castle", data))]


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("path", ["pipeline.py", "config.json", "README.md", "run.sh"])
def test_a_token_of_a_known_shape(path: str, token: str) -> None:
    """It is found in every sort of text, and its line is told."""
    assert found({path: f'{{"a": 1}}\n\nlogin("{token}")\n'}) == [(path, 3)]


@pytest.mark.parametrize(
    "text",
    [
        'token = "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
        'token = "hf_YOUR_TOKEN_HERE"',
        'token="hf_..."',
        'key = "AKIAIOSFODNN7EXAMPLE"',
        'api_key = "<your api key goes here 1234>"',
        'password = "changeme-please-2024"',
        'API_KEY = os.environ["CASTLE_API_KEY_OF_MINE_2024"]',
        f'commit = "{HEX}"',
        f'token_hash = "{HEX}"',
        f'revision_token = "{HEX}"',
        'eos_token = "<|end_of_turn_of_the_assistant_2|>"',
        'self.register_to_config(image_token="image_placeholder_token_0")',
        'tokenizer = "stabilityai/stable-diffusion-xl-base-1.0"',
        'names = ["TextGenerationOutputToken", "TextGenerationStreamOutputToken"]',
        'url = "https://example.org/home/castle/page"',
        'path = "/home/user/app"',
        'path = f"/home/{name}/models"',
        'path = "/home/<name>/models"',
        "-----BEGIN PRIVATE KEY-----\n(your key here)\n-----END PRIVATE KEY-----",
        'url = "postgres://user:{password}@localhost/db"',
        "x = x.home / 2  # home/castle",
    ],
)
@pytest.mark.parametrize("path", ["pipeline.py", "settings.yaml"])
def test_what_only_looks_like_one(path: str, text: str) -> None:
    """Placeholders, digests, special tokens and addresses are left alone."""
    assert found({path: text}) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pipeline.py", f'api_key = "{BODY}"'),
        ("pipeline.py", f'client(api_key="{BODY[:24]}")'),
        ("pipeline.py", f'os.environ["WANDB_API_KEY"] = "{HEX}"'),
        ("pipeline.py", f'os.environ.setdefault("CIVITAI_API_KEY", "{HEX[:32]}")'),
        ("pipeline.py", f'AWS_SECRET_ACCESS_KEY: str = "{BODY}"'),
        ("pipeline.py", "password = 'Tr0ub4dor&3-horse'"),
        ("config.json", json.dumps({"auth_token": BODY})),
        ("config.yaml", f"api_key: {BODY}"),
        ("settings.ini", f"[hub]\nsecret = {BODY}".split("\n")[1]),
        ("run.sh", f"export WANDB_API_KEY={HEX}"),
        ("pipeline.py", f'get("https://civitai.com/api/download/models/1?token={HEX[:32]}")'),
        ("pipeline.py", f'db = "postgres://maria:{BODY[:16]}@db.castle.org/x"'),
        ("pipeline.py", 'KEY = """-----BEGIN RSA PRIVATE KEY-----\n' + BODY + BODY + '"""'),
        ("key.json", json.dumps({"k": "-----BEGIN PRIVATE KEY-----\n" + BODY + BODY + "\n"})),
        ("pipeline.py", 'base = "/home/maria/models/castle"'),
        ("pipeline.py", "# from /Users/maria/code/castle"),
        ("pipeline.py", r'base = r"C:\Users\maria\models"'),
        ("config.json", json.dumps({"_name_or_path": "C:\\Users\\maria\\models\\unet"})),
        ("unet/config.json", json.dumps({"_name_or_path": "/home/maria/unet"})),
        ("tokenizer/tokenizer_config.json", json.dumps({"name_or_path": "/root/models/clip"})),
        ("requirements.txt", "castle @ file:///home/maria/castle"),
    ],
)
def test_what_is_one(path: str, text: str) -> None:
    """Literals given to keys, passwords in addresses, private keys, and paths below a home."""
    assert found({path: text}) == [(path, 1)]


@pytest.mark.parametrize(
    "path", [".env", "a/.env.local", "key.pem", ".ssh/config", "id_rsa", ".netrc", "server.key", "credentials", "b.p12"]
)
def test_files_that_are_told_by_their_name(path: str) -> None:
    """Whatever is in them, binary or not."""
    assert found({path: b"\0\1"}) == [(path, 0)]


@pytest.mark.parametrize("path", [".env.example", "id_rsa.pub", "credentials.py", "keys.md"])
def test_names_of_what_is_for_show(path: str) -> None:
    """An example without a value, a public key and code are files like any other."""
    assert found({path: "x = 1\n"}) == []


def test_vocabularies_may_hold_any_text() -> None:
    """They are told by name and shape together; the same name over something else is read."""
    words = {"hf_" + BODY[:34]: 0, "/home/maria/x": 1, f'api_key="{BODY}"': 2}
    fast = {"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": words, "merges": []}}
    merges = "#version: 0.2\n" + "\n".join(f"/home/maria/{n} hf_{BODY[:34]}" for n in range(9))
    assert (
        found({"t/vocab.json": json.dumps(words), "t/tokenizer.json": json.dumps(fast), "t/merges.txt": merges}) == []
    )
    assert found({"vocab.json": json.dumps({"token": TOKENS["GitHub"]})}) == [("vocab.json", 1)]
    assert found({"t/tokenizer_config.json": json.dumps({"token": TOKENS["GitHub"]})}) == [
        ("t/tokenizer_config.json", 1)
    ]


def test_large_and_binary_files_are_passed_over(tmp_path: Path) -> None:
    """Weights cost nothing."""
    large = tmp_path / "x.txt"
    large.write_text("\n" * (5 << 20) + TOKENS["GitHub"])
    assert found({"a.bin": b"\0" + TOKENS["GitHub"].encode()}) == []
    assert find_secrets(Publication("code", "Castle", {"x.txt": large})) == ()


def test_a_line_can_be_excepted() -> None:
    """By a comment that says so."""
    assert found({"a.py": f'x = "{TOKENS["GitHub"]}"  # gremio: not a secret\n'}) == []


def test_the_error_names_every_place_and_shows_none() -> None:
    """File, line, what it is, what to do."""
    files = {"pipeline.py": f'x = 1\ntoken = "{TOKENS["Hugging Face"]}"\n'.encode(), ".env": b"A=1"}
    with pytest.raises(SecretsFound) as caught:
        require_no_secrets(Publication("code", "Castle", files), "maria/castle")
    text = str(caught.value)
    assert text.startswith("maria/castle: nothing was uploaded")
    assert "  .env: its name" in text
    assert "  pipeline.py, line 2: a Hugging Face token (hf_Rk4…)" in text
    assert TOKENS["Hugging Face"][:12] not in text
    assert [secret.line for secret in caught.value.findings] == [0, 2]


def test_nothing_is_found_in_a_tiny_model(sd_folder: Path) -> None:
    """Configs, tokenizer and weights as diffusers and transformers save them."""
    files = {p.relative_to(sd_folder).as_posix(): p for p in sd_folder.rglob("*") if p.is_file()}
    assert len(files) > 8
    require_no_secrets(Publication("pipeline", "StableDiffusionPipeline", files))
