"""What the service does for those who ask well."""

from __future__ import annotations

import base64
import http.client
import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.serving.conftest import CALL, PAINTER, Service

PNG = {"Accept": "image/png"}


def picture(color: int = 9) -> bytes:
    """A PNG of one color."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (color, 0, 0)).save(file, "PNG")
    return file.getvalue()


def form(fields: dict[str, str], files: dict[str, bytes]) -> tuple[bytes, dict[str, str]]:
    """A multipart body and its header."""
    head = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    parts = [head.format(name, "").encode() + value.encode() for name, value in fields.items()]
    parts += [head.format(name, '; filename="../../etc/passwd"').encode() + data for name, data in files.items()]
    return b"\r\n".join([*parts, b"--x--\r\n"]), {"Content-Type": "multipart/form-data; boundary=x"}


def test_a_call_draws_what_its_seed_says(service: Service) -> None:
    """The pixels are those of the pipeline itself; the file says what made it, and nothing of this machine."""
    import numpy as np
    import torch

    reply = service.ask(CALL, {"prompt": "a fox", "seed": 7, "num_inference_steps": 3}, headers=PNG)
    assert (reply.status, reply.headers["content-type"], reply.headers["x-gremio-seed"]) == (200, "image/png", "7")
    drawn = Image.open(io.BytesIO(reply.body))
    noise = torch.randn((1, 8, 8, 3), generator=torch.Generator().manual_seed(7)) * 40 + 30
    assert (np.asarray(drawn) == noise.clamp(0, 255).to(torch.uint8).numpy()[0]).all()
    assert drawn.info["gremio:seed"] == "7"
    assert drawn.info["gremio:pipeline"] == "painter"
    assert str(PAINTER.parent) not in str(drawn.info)
    told = service.ask(CALL, {"prompt": "a fox", "seed": 7, "num_inference_steps": 3}).json
    assert base64.b64decode(told["outputs"][0]["data"]) == reply.body
    assert service.ask(CALL, {"prompt": "a fox"}).json["seed"] != service.ask(CALL, {"prompt": "a fox"}).json["seed"]


def test_pictures_come_as_files_as_base64_and_as_data_urls(service: Service) -> None:
    """And are the same picture; the texts of a form are read as what the pipeline wants."""
    text = base64.b64encode(picture()).decode()
    body, headers = form({"prompt": "7", "seed": "3", "num_inference_steps": "2"}, {"image": picture()})
    made = [
        service.ask(CALL, body, headers={**headers, **PNG}),
        service.ask(CALL, {"prompt": "7", "seed": 3, "image": text}, headers=PNG),
        service.ask(CALL, {"prompt": "7", "seed": 3, "image": f"data:image/png;base64,{text}"}, headers=PNG),
    ]
    assert {each.status for each in made} == {200}
    pixels = {Image.open(io.BytesIO(each.body)).tobytes() for each in made}
    assert len(pixels) == 1
    other = service.ask(CALL, {"prompt": "7", "seed": 3}, headers=PNG)
    assert Image.open(io.BytesIO(other.body)).tobytes() not in pixels


def test_the_client_chooses_the_kind_of_file(service: Service) -> None:
    """By what it accepts; what it can't be given is refused."""
    asked = {"prompt": "a fox"}
    assert service.ask(CALL, asked, headers={"Accept": "image/webp"}).body[8:12] == b"WEBP"
    assert service.ask(CALL, asked, headers={"Accept": "video/mp4"}).code == "not_acceptable"
    assert service.over(service.ask("/v1/jobs?format=jpg", asked).json["id"])["outputs"][0]["type"] == "image/jpeg"


def test_the_schema_is_that_of_the_signature(service: Service) -> None:
    """Typed, with what is required; pictures are files in a form."""
    told = service.ask("/openapi.json").json["paths"][CALL]["post"]["requestBody"]["content"]
    schema = told["application/json"]["schema"]
    assert schema["required"] == ["prompt"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["num_inference_steps"] == {"type": "integer", "default": 2}
    assert schema["properties"]["pause"] == {"type": "number", "default": 0.0}
    assert schema["properties"]["seed"]["type"] == "integer"
    assert schema["properties"]["image"]["contentEncoding"] == "base64"
    assert told["multipart/form-data"]["schema"]["properties"]["image"] == {"type": "string", "format": "binary"}
    assert "generator" not in schema["properties"]


def test_a_job_tells_how_far_it_is_and_keeps_what_it_made(service: Service) -> None:
    """Each step is an event, the last how it ended; what is removed is gone."""
    number = service.job(pause=0.3, num_inference_steps=3, seed=5)
    assert service.ask(f"/v1/jobs/{number}/result").code == "not_done"
    events = service.ask(f"/v1/jobs/{number}/events")
    assert events.headers["content-type"].startswith("text/event-stream")
    assert events.body.count(b"event: progress") >= 3
    assert b"event: done" in events.body
    told = service.over(number)
    assert (told["seed"], told["step"], told["steps"]) == (5, 3, 3)
    output = service.ask(told["outputs"][0]["url"])
    assert output.body == service.ask(f"/v1/jobs/{number}/result", headers=PNG).body
    assert service.ask(f"/v1/jobs/{number}", method="DELETE").status == 200
    assert service.ask(told["outputs"][0]["url"]).code == "no_such_job"


def test_a_job_is_cancelled_at_a_step_and_one_that_waits_at_once(service: Service) -> None:
    """And the next is drawn."""
    drawn, waits = service.job(pause=20, num_inference_steps=40), service.job()
    assert service.ask(f"/v1/jobs/{waits}", method="DELETE").json["state"] == "cancelled"
    started = time.monotonic()
    service.ask(f"/v1/jobs/{drawn}", method="DELETE")
    assert service.over(drawn)["state"] == "cancelled"
    assert time.monotonic() - started < 5
    assert service.ask(CALL, {"prompt": "a fox"}).status == 200


def test_calls_that_are_alike_are_drawn_in_one_where_that_is_wanted(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own seed; where one call for all fails, they are drawn one by one."""
    asked = [{"prompt": f"fox {seed}", "seed": seed} for seed in range(3)]
    alone = [service.ask(CALL, each, headers=PNG).body for each in asked]
    artist, sizes = service.line._artists[0], []
    draw = artist.draw

    async def counted(order: Any, *rest: Any) -> Any:
        sizes.append(len(order["calls"]))
        return await draw(order, *rest)

    monkeypatch.setattr(artist, "draw", counted)
    monkeypatch.setattr(service.line, "limits", replace(service.line.limits, together=3, queue=9))
    first = service.job(pause=0.5)
    alike = [service.job(**each) for each in asked]
    short = [service.job(seed=seed, trouble="memory") for seed in range(2)]
    assert {service.over(number)["state"] for number in (first, *alike, *short)} == {"done"}
    assert sizes == [1, 3, 2, 1, 1]
    drawn = [service.ask(f"/v1/jobs/{number}/result", headers=PNG).body for number in alike]
    pixels = [[Image.open(io.BytesIO(each)).tobytes() for each in made] for made in (alone, drawn)]
    assert pixels[0] == pixels[1]
    assert [Image.open(io.BytesIO(each)).info["gremio:prompt"] for each in drawn] == ["fox 0", "fox 1", "fox 2"]


def test_what_takes_too_long_is_stopped(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """And told so; the next is drawn."""
    monkeypatch.setattr(service.line, "limits", replace(service.line.limits, seconds=0.3))
    reply = service.ask(CALL, {"prompt": "x", "pause": 20, "num_inference_steps": 40})
    assert (reply.status, reply.code) == (504, "too_long")
    assert service.ask(CALL, {"prompt": "x"}).status == 200


def test_too_many_are_told_when_to_come_again(service: Service) -> None:
    """Whoever has hung up is drawn for no longer."""
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    connection.request("POST", CALL, b'{"prompt": "x", "pause": 20, "num_inference_steps": 40}', _JSON)
    while not service.line.drawing:
        time.sleep(0.01)
    waiting = [service.job() for _ in range(service.line.limits.queue)]
    refused = service.ask(CALL, {"prompt": "one more"})
    assert (refused.status, refused.code) == (429, "busy")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    connection.close()
    assert {service.over(number)["state"] for number in waiting} == {"done"}


_JSON = {"Content-Type": "application/json"}


def test_a_process_that_dies_costs_nobody_a_picture(service: Service, tmp_path: Path) -> None:
    """It is begun again, and the same is drawn; a call that ends each is told so, and the next is served."""
    reply = service.ask(CALL, {"prompt": "x", "seed": 1, "trouble": f"{tmp_path / 'once'}:exit"}, headers=PNG)
    assert reply.status == 200
    assert reply.body[:4] == b"\x89PNG"
    assert service.ask(CALL, {"prompt": "x", "trouble": "exit"}).code == "process_lost"
    assert service.ask(CALL, {"prompt": "x"}).status == 200


def test_what_the_code_raises_is_told_without_paths(service: Service) -> None:
    """As the caller's mistake, which it may be; nothing is tried again."""
    refused = service.ask(CALL, {"prompt": "x", "trouble": "raise"})
    assert (refused.status, refused.code) == (422, "pipeline_failed")
    assert "Painter raised ValueError: no <b>paint</b>" in refused.json["error"]["message"]
    assert "site-packages" not in refused.body.decode()
    assert str(PAINTER.parent) not in refused.body.decode()


def test_clients_of_openai_work(service: Service) -> None:
    """Pictures, several, of a size; errors as they know them."""
    import openai

    client = openai.OpenAI(base_url=f"http://127.0.0.1:{service.port}/v1", api_key="none", max_retries=0)
    made: Any = client.images.generate(
        model="painter", prompt="a fox", n=2, size="24x16", response_format="b64_json", extra_body={"seed": 7}
    )
    drawn = [Image.open(io.BytesIO(base64.b64decode(each.b64_json))) for each in made.data]
    assert [each.size for each in drawn] == [(24, 16), (24, 16)]
    assert [each.id for each in client.models.list().data] == ["painter"]
    with pytest.raises(openai.NotFoundError, match="There are: painter") as unknown:
        client.images.generate(model="dall-e-3", prompt="a fox")
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError, match="at most 4") as many:
        client.images.generate(prompt="a fox", n=9)
    assert many.value.param == "num_images_per_prompt"
    client.close()


def test_it_tells_how_it_is(service: Service) -> None:
    """For whoever balances load, and for Prometheus."""
    assert service.ask(CALL, {"prompt": "a fox"}).status == 200
    assert service.ask("/health").json["status"] == "ok"
    told = service.ask("/metrics").body.decode()
    assert 'gremio_jobs_total{pipeline="painter",state="done"}' in told
    assert "gremio_waiting 0.0" in told
