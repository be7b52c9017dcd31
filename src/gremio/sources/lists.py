"""Lists of repositories on the Hub, by tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gremio.errors import Unavailable
from gremio.sources.access import Access, through_proxies
from gremio.sources.unreachable import OWN_HUB, network_errors, not_cached, unreachable

_TOO_MANY = 429


def models_tagged(tags: Sequence[str], access: Access) -> list[Any]:
    """The model repositories that have all of these tags, as the client tells them: id, sha, tags, task.

    The client goes through the pages, and waits where the Hub says that it was asked too often.

    Raises:
        Unavailable: the Hub can't be reached, may not be, or goes on refusing.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    if access.local_files_only:
        raise not_cached("a list of repositories", access, ref=access.endpoint)
    api = HfApi(endpoint=access.endpoint, token=access.token)
    try:
        with through_proxies(access.proxies):
            # Full has the commit, without which nobody could tell whether a repository has changed.
            return [model for model in api.list_models(filter=list(tags), full=True) if model.sha]
    except HfHubHTTPError as error:
        if error.response is not None and error.response.status_code == _TOO_MANY:
            step = "Wait some minutes, or log in: who has an account may ask more. What was read already is kept."
            message = "the Hub was asked too often, and says to wait"
            raise Unavailable(message, ref=access.endpoint, next_step=step) from error
        raise unreachable(access.endpoint, error, ref=access.endpoint, own=OWN_HUB) from error
    except network_errors() as error:
        raise unreachable(access.endpoint, error, ref=access.endpoint, own=OWN_HUB) from error
