"""The studio in a real browser, as a person uses it."""

from __future__ import annotations

import io
import shlex
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from tests.studio.conftest import TROUBLED, Studio

from gremio.cli.main import run
from gremio.running.outputs import read_metadata

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DONE = "#result .download"


def opened(page: Page, studio: Studio, query: str = "") -> Page:
    """The page of an address, when it has its form."""
    page.goto(f"{studio.url}?{query}")
    page.wait_for_selector("#draw")
    return page


def troubled(page: Page, studio: Studio, trouble: str) -> None:
    """The page of the pipeline that has troubles, one of which is asked for."""
    opened(page, studio)
    page.click("#more button >> nth=0")
    typed(page, "field-trouble", trouble)


def typed(page: Page, name: str, value: str) -> None:
    """Fill in a field of the form."""
    page.locator(f"#{name} textarea, #{name} input").first.fill(value)


def drawn(page: Page, steps: int = 3) -> bytes:
    """Press the button; the first file that was made."""
    typed(page, "field-num_inference_steps", str(steps))
    page.click("#draw")
    page.wait_for_selector("#status:has-text('Done')")
    address = page.locator(DONE).first.get_attribute("href")
    return _fetched(page, address)


def _fetched(page: Page, address: str | None) -> bytes:
    answer = page.request.get(f"{page.url.split('/?')[0].rstrip('/')}{address}")
    assert answer.ok, answer.status
    return answer.body()


def picture(colour: str, size: int = 64) -> dict[str, Any]:
    """A file to upload."""
    data = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(data, "PNG")
    return {"name": "my picture.png", "mimeType": "image/png", "buffer": data.getvalue()}


# What a scheduler of diffusers does with numpy, which says so where warnings are errors.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_found_opened_filled_drawn_copied_and_there_after_a_reload(
    page: Page, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the cards to a picture; the command and the lines that are copied make the same bytes."""
    page.goto(f"{studio.url}?all=1")
    page.wait_for_selector(".card")
    assert page.locator(".card").count() >= 4
    page.fill("#find textarea, #find input", "weighted")
    page.wait_for_function("document.querySelectorAll('.card').length === 1")
    page.click(".card")
    page.wait_for_selector("#draw")
    typed(page, "field-prompt", 'a "red" circle, $HOME `on` blue')
    typed(page, "seed", "7")
    bytes_ = drawn(page)
    page.reload()
    page.wait_for_selector(DONE)
    (tmp_path / "page.png").write_bytes(bytes_)
    assert read_metadata(tmp_path / "page.png")["gremio:seed"] == "7"

    page.click("#copies summary >> nth=0")
    page.click("#copies [data-kind=command]")
    copied = page.evaluate("navigator.clipboard.readText()")
    monkeypatch.setenv("GREMIO_HOME", str(studio.home))
    for name in ("command", "python"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "command")
    assert copied.startswith("gremio run ")
    assert run(shlex.split(copied)[1:]) == 0
    assert (tmp_path / "command" / "long-prompt.png").read_bytes() == bytes_

    monkeypatch.chdir(tmp_path / "python")
    exec(compile(page.text_content("#copies [data-what=python]"), "copied", "exec"), {})
    assert (tmp_path / "python" / "long-prompt.png").read_bytes() == bytes_


def test_a_mask_is_painted_on_a_picture_and_both_go_in(page: Page, studio: Studio) -> None:
    """What is painted is white, the rest black; both can be downloaded with the command that needs them."""
    opened(page, studio, "ref=shelf:difference_map&model=demo")
    typed(page, "field-prompt", "a blue square")
    page.set_input_files("#field-map input[type=file]", picture("red"))
    canvas = page.locator("#field-map canvas").first
    page.wait_for_selector("#field-map [aria-label='Brush']")
    page.wait_for_timeout(500)
    box = canvas.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 40, middle[1] + 10, steps=5)
    page.mouse.up()
    page.wait_for_timeout(500)
    drawn(page)
    inputs = {each.inner_text(): each.get_attribute("href") for each in page.locator("#copies p a").all()}
    assert set(inputs) == {"image.png", "map.png"}
    mask = Image.open(io.BytesIO(_fetched(page, inputs["map.png"])))
    assert Image.open(io.BytesIO(_fetched(page, inputs["image.png"]))).getpixel((1, 1)) == (255, 0, 0)
    assert mask.size == (64, 64)
    assert (mask.getextrema(), mask.getpixel((1, 1))) == ((0, 255), 0)


def test_a_tensor_goes_in_as_a_file_named_like_its_argument(page: Page, studio: Studio) -> None:
    """Under another name it is refused, with the names that are taken."""
    opened(page, studio)
    page.click("#more button >> nth=0")
    data = io.BytesIO()
    np.save(data, np.full((8, 8, 3), 200.0))
    for name, told in (("noise.npy", "latents.npy"), ("latents.npy", "Done")):
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": data.getvalue()}
        page.set_input_files("#field-tensors input[type=file]", file)
        page.wait_for_selector(f"#field-tensors:has-text('{name.removesuffix('.npy')}')")
        page.click("#draw")
        page.wait_for_selector(f"#status:has-text('{told}')")
        if told != "Done":
            page.click("#field-tensors [aria-label='Remove this file'], #field-tensors [aria-label='Clear']")
    made = Image.open(io.BytesIO(_fetched(page, page.locator(DONE).first.get_attribute("href"))))
    assert (made.size, made.getpixel((0, 0))) == ((8, 8), (200, 200, 200))
    assert "--set latents=@latents.npy" in (page.text_content("#copies [data-what=command]") or "")


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_two_pipelines_side_by_side_share_their_weights(
    page: Page, studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With from_pipe: two pictures from the same seed, and no second copy; the second one's command makes it too."""
    opened(page, studio, "ref=shelf:long_prompt&model=demo")
    typed(page, "field-prompt", "a red circle")
    page.click("#beside input")
    page.click("[role=option]:has-text('Seamless tiling')")
    drawn(page)
    assert page.locator("#result section").count() == 2
    assert "4 components are shared" in page.inner_text("#status")
    other = page.locator(DONE).nth(1).get_attribute("href")
    monkeypatch.setenv("GREMIO_HOME", str(studio.home))
    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(page.locator("#copies [data-what=command]").nth(1).text_content() or "")[1:]) == 0
    assert (tmp_path / "seamless-tiling.png").read_bytes() == _fetched(page, other)


def test_what_is_drawn_is_cancelled_within_a_step(page: Page, studio: Studio) -> None:
    """And so is what hangs outside of any step, by ending its process; the next picture comes all the same."""
    troubled(page, studio, "slow")
    typed(page, "field-num_inference_steps", "600")
    page.click("#draw")
    page.wait_for_selector("#status:has-text('step')")
    assert "left" in page.inner_text("#status") or "so far" in page.inner_text("#status")
    page.click("#cancel")
    page.wait_for_selector("#status:has-text('Cancelled')")
    typed(page, "field-trouble", "")
    assert drawn(page)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ("raise", "ValueError: no <b>paint</b> <img src=x"),
        ("odd", "returned an object"),
        ("much", "a page shows at most"),
        ("exit", "the process that was drawing is gone"),
    ],
)
def test_what_goes_wrong_is_told_as_text(page: Page, studio: Studio, trouble: str, told: str) -> None:
    """Whatever a pipeline does, says, or is called, nothing of it becomes markup."""
    troubled(page, studio, trouble)
    page.click("#draw")
    page.wait_for_selector("#status .trouble")
    assert told in page.inner_text("#status")
    assert page.title() == "Gremio"
    assert "${7*7} {{7*7}}" in page.inner_text("#about")
    assert page.locator("#status img, #about img, #field-prompt b, #field-prompt script").count() == 0


def test_nonsense_in_every_field_is_refused_with_its_name(page: Page, studio: Studio) -> None:
    """As `gremio run` does, before anything is loaded."""
    opened(page, studio)
    page.click("#more button >> nth=0")
    for name, value in (("field-sizes", "[1, x"), ("field-extra", "[]"), ("seed", "minus one")):
        typed(page, name, value)
        page.click("#draw")
        page.wait_for_selector("#status .trouble")
        wanted = "no seed" if name == "seed" else name.removeprefix("field-")
        page.wait_for_selector(f"#status:has-text('{wanted}')")
        typed(page, name, "")


def test_code_that_nobody_allowed_is_asked_about(page: Page, studio: Studio, bringer: Path) -> None:
    """Its digest and what it could do are shown; a yes lets exactly that code run, and nothing else does."""
    opened(page, studio, f"ref={bringer}")
    assert "sha256:" in page.inner_text("#question")
    page.uncheck("#sandbox input")
    page.click("#draw")
    page.wait_for_selector("#status:has-text('nobody allowed it to run')")
    page.click("#allow")
    page.wait_for_selector("#question", state="detached")
    page.wait_for_selector("#draw")
    assert drawn(page)


def test_two_visitors_see_nothing_of_each_other(page: Page, studio: Studio, browser: Browser) -> None:
    """Neither results nor uploads, nor any file of the server."""
    opened(page, studio)
    drawn(page)
    address = page.locator(DONE).first.get_attribute("href")
    other = browser.new_context()
    other.request.get(studio.url)
    assert other.request.get(f"{studio.url.rstrip('/')}{address}").status == 404
    uploaded = page.request.post(f"{studio.url}gradio_api/upload", multipart={"files": picture("blue")}).json()[0]
    assert page.request.get(f"{studio.url}gradio_api/file={uploaded}").status == 200
    for mine in (uploaded, "/etc/passwd", str(TROUBLED), str(studio.home / "log"), "http://127.0.0.1:1/x"):
        assert other.request.get(f"{studio.url}gradio_api/file={mine}").status == 404
    for path in ("gradio_api/vibe-code", "monitoring", "gradio_api/proxy=http://x", "docs", "made/1/..%2f..%2flog"):
        assert page.request.get(f"{studio.url}{path}").status == 404
    other.close()


def test_spanish_keyboard_phone_and_dark(studio: Studio, browser: Browser) -> None:
    """The page speaks the browser's language, is reached with keys alone, and fits a phone in the dark."""
    context = browser.new_context(
        viewport={"width": 375, "height": 720}, locale="es-ES", color_scheme="dark", has_touch=True
    )
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(f"{studio.url}?all=1")
    page.wait_for_selector(".card")
    page.wait_for_selector("text=Qué quieres hacer")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "card":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#draw:has-text('Dibujar')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert page.evaluate("document.body.classList.contains('dark')")
    context.close()


def test_only_this_machine_is_answered(studio: Studio) -> None:
    """A page elsewhere that has a browser ask for this one under its own name gets nothing."""
    asked = urllib.request.Request(studio.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked)
    with refused.value as answer:
        assert answer.code == 421
