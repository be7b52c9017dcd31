"""Repositories as a whole."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi, get_session
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils.sha import git_hash

from gremio.localhub import LocalHub


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_create_and_delete(api: HfApi, kind: str) -> None:
    """A repository exists from its creation to its deletion, among those of its kind only."""
    url = api.create_repo("maria/castle", repo_type=kind)
    assert (url.repo_id, url.repo_type) == ("maria/castle", kind)
    assert api.repo_exists("maria/castle", repo_type=kind)
    assert not api.repo_exists("maria/castle", repo_type={"model": "dataset", "dataset": "model"}[kind])
    api.delete_repo("maria/castle", repo_type=kind)
    assert not api.repo_exists("maria/castle", repo_type=kind)


def test_create_twice(api: HfApi) -> None:
    """A second creation is a conflict, or finds the first with exist_ok."""
    first = api.create_repo("maria/castle")
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_repo("maria/castle")
    assert caught.value.response.status_code == 409
    assert api.create_repo("maria/castle", exist_ok=True) == first


def test_create_without_namespace(api: HfApi) -> None:
    """A bare name lands in the user's own namespace."""
    assert api.create_repo("castle").repo_id == "maria/castle"


def test_create_again_after_delete(api: HfApi) -> None:
    """A deleted repository's name is free, and nothing of the old one remains."""
    api.create_repo("maria/castle")
    api.upload_file(path_or_fileobj=b"1", path_in_repo="old.py", repo_id="maria/castle")
    api.delete_repo("maria/castle")
    api.create_repo("maria/castle")
    assert api.list_repo_files("maria/castle") == [".gitattributes"]


def test_delete_missing(api: HfApi) -> None:
    """Deleting what isn't there fails, unless that is fine."""
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo("maria/castle")
    api.delete_repo("maria/castle", missing_ok=True)


def test_spaces_are_refused(api: HfApi) -> None:
    """A Space is refused with a sentence that says what is kept here."""
    with pytest.raises(BadRequestError, match="keeps models and datasets"):
        api.create_repo("maria/castle", repo_type="space", space_sdk="static")


def test_move_to_private_and_back(api: HfApi, stranger: HfApi) -> None:
    """Visibility can be changed after the creation."""
    api.create_repo("maria/castle", private=True)
    assert api.model_info("maria/castle").private
    assert not stranger.repo_exists("maria/castle")
    api.update_repo_settings("maria/castle", private=False)
    assert stranger.repo_exists("maria/castle")


def test_whoami(ana: HfApi) -> None:
    """A token says whose it is and to which organisations that user belongs."""
    me = ana.whoami()
    assert (me["name"], [org["name"] for org in me["orgs"]]) == ("ana", ["guild"])


def test_whoami_with_a_wrong_token(hub: LocalHub) -> None:
    """A token that nobody has is an error, for reads as well."""
    wrong = HfApi(endpoint=hub.endpoint, token="hf_wrong")
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        wrong.whoami()
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        list(wrong.list_models())


def test_info_of_a_model(api: HfApi, castle: str) -> None:
    """Info has the commit, and each file's git id, size and sha256 when asked."""
    info = api.model_info(castle, files_metadata=True)
    assert info.sha == api.list_repo_commits(castle)[0].commit_id
    files = {sibling.rfilename: sibling for sibling in info.siblings or []}
    assert sorted(files) == [".gitattributes", "pipeline.py", "unet/config.json", "unet/w.safetensors"]
    assert (files["pipeline.py"].size, files["pipeline.py"].lfs) == (6, None)
    assert files["pipeline.py"].blob_id == git_hash(b"x = 1\n")
    lfs = files["unet/w.safetensors"].lfs
    assert lfs is not None
    assert (lfs.size, len(lfs.sha256)) == (3000, 64)


def test_info_of_the_card(api: HfApi, castle: str) -> None:
    """Tags and library come from the model card and the model index."""
    card = b"---\nlicense: mit\ntags: [towers]\npipeline_tag: text-to-image\n---\n# Castle\n"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=castle)
    index = b'{"_class_name": ["pipeline", "CastlePipeline"]}'
    api.upload_file(path_or_fileobj=index, path_in_repo="model_index.json", repo_id=castle)
    info = api.model_info(castle)
    assert (info.library_name, info.pipeline_tag) == ("diffusers", "text-to-image")
    assert {"towers", "diffusers:CastlePipeline", "license:mit"} <= {*(info.tags or [])}
    assert info.config == {"diffusers": {"_class_name": "CastlePipeline"}}
    assert info.card_data is not None
    assert info.card_data.license == "mit"


def test_info_of_a_dataset(api: HfApi) -> None:
    """Datasets are described like models."""
    api.create_repo("maria/prompts", repo_type="dataset")
    info = api.dataset_info("maria/prompts", revision="main")
    assert (info.id, info.author, info.private) == ("maria/prompts", "maria", False)


def test_lists(api: HfApi, ana: HfApi, stranger: HfApi) -> None:
    """Lists know author, search, filter and limit, and leave out what the user may not see."""
    for name in ("castle", "tower", "moat"):
        api.create_repo(f"maria/{name}", private=name == "moat")
    ana.create_repo("guild/castle-hall")
    card = b"---\ntags: [stone]\n---\n"
    api.upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id="maria/tower")

    def ids(client: HfApi, **query: object) -> list[str]:
        return [model.id for model in client.list_models(**query)]  # type: ignore[arg-type]

    assert ids(stranger) == ["guild/castle-hall", "maria/castle", "maria/tower"]
    assert ids(api, author="maria") == ["maria/castle", "maria/moat", "maria/tower"]
    assert ids(stranger, search="CASTLE") == ["guild/castle-hall", "maria/castle"]
    assert ids(stranger, filter="stone") == ["maria/tower"]
    assert len(ids(stranger, limit=2)) == 2
    assert [dataset.id for dataset in stranger.list_datasets()] == []


@pytest.mark.parametrize("name", ["..", ".git", "a--b", "a..b", "x.git", "-a", "a b", "%2e%2e", "a%2f..%2fb", "a%00"])
def test_names_that_could_leave_the_folder(hub: LocalHub, name: str) -> None:
    """Names that are no repository ids are refused, whatever way they are sent."""
    answer = get_session().get(f"{hub.endpoint}/api/models/maria/{name}/revision/main")
    assert answer.status_code in (400, 401, 404)
    headers = {"authorization": f"Bearer {hub.token}"}
    body = {"name": name, "organization": "maria"}
    assert get_session().post(f"{hub.endpoint}/api/repos/create", json=body, headers=headers).status_code == 400
