"""What bad input is tried on."""

import pytest


@pytest.fixture
def leftovers(home, tmp_path):
    """Half-written files: what is temporary, by name, in our store and in the Hub's cache."""

    def leftovers():
        places = (home, tmp_path / "hub-cache")
        return [
            p for place in places for p in place.rglob("*") if p.name.startswith(".new-") or p.suffix == ".incomplete"
        ]

    return leftovers
