"""The page: the cards to begin with, and one pipeline with its form."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from gremio.catalog import Catalog
from gremio.demo.places import MODEL
from gremio.errors import GremioError, SandboxUnavailable
from gremio.sandbox.confinement.tiers import require
from gremio.studio import cards
from gremio.studio.choosing import Opened, Question, opened, question
from gremio.studio.guard import session_key
from gremio.studio.page import controls, markup
from gremio.studio.page.desk import Desk, Press, begin, present, seed_of, told
from gremio.studio.page.words import Words, language
from gremio.studio.sessions import Session, Work
from gremio.trust.review.accepting import accept

LOOKS = Path(__file__).with_name("looks.css")
HEAD = (
    "<script>document.addEventListener('click',e=>{const b=e.target.closest('[data-copy]');if(!b)return;"
    "const t=JSON.parse(b.dataset.copy);const w=b.textContent;"
    "const done=()=>{b.textContent='✓';setTimeout(()=>b.textContent=w,1200)};"
    "if(navigator.clipboard&&window.isSecureContext){navigator.clipboard.writeText(t).then(done)}else{"
    "const a=document.createElement('textarea');a.value=t;document.body.append(a);a.select();"
    "document.execCommand('copy');a.remove();done()}});</script>"
    "<meta name='viewport' content='width=device-width, initial-scale=1'>"
)
_SHELF, _DEMO = "shelf:", "demo"
_LOOK = 0.2  # seconds between two looks at a job
_OWN: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

Handler = Callable[..., Any]


def build(desk: Desk, port: int) -> gr.Blocks:
    """All of it. What a visitor sees depends on the address (``?ref=…&model=…&lang=…``)."""
    with gr.Blocks(title="Gremio", analytics_enabled=False, fill_width=True, delete_cache=(3600, 12 * 3600)) as page:

        def show(request: gr.Request) -> None:
            visit = _Visit(desk, port, request)
            try:
                visit.show()
            except Exception as error:
                # Whatever it is, a visitor reads it; a page that stays empty helps nobody.
                gr.HTML(markup.error(told(error), visit.words))

        gr.render(triggers=[page.load], show_progress="hidden")(show)

    return page


class _Visit:
    """One look at the page by one visitor."""

    def __init__(self, desk: Desk, port: int, request: gr.Request) -> None:
        self._desk = desk
        self._port = port
        query = {name: str(value)[:300] for name, value in dict(request.query_params).items()}
        self._query = {name: query[name].strip() for name in ("ref", "model") if query.get(name)}
        self._all = bool(query.get("all"))
        self.words = Words(language(query.get("lang", ""), str(request.headers.get("accept-language", ""))))

    def show(self) -> None:
        ref = self._query.get("ref", "") or ("" if self._all else self._desk.first)
        gr.HTML(markup.header(self.words, self._query, back=bool(ref)), elem_id="top")
        if not ref:
            self._show_cards()
            return
        try:
            place, model = self._place(ref), self._model()
            pipeline = opened(place, self._desk.loaded_as(model), settings=self._desk.settings)
        except GremioError as error:
            gr.HTML(markup.error(str(error), self.words), elem_id="trouble")
            self._ask_model(ref)
            return
        self._show_pipeline(ref, pipeline)

    def session(self, request: gr.Request) -> Session | None:
        """The visitor who sent a request."""
        return self._desk.sessions.get(session_key(str(request.headers.get("cookie", "")), self._port))

    def _place(self, ref: str) -> str:
        """What a ref of the page's address stands for."""
        shelf = {f"{_SHELF}{card.entry.name}": card.entry.ref for card in cards.on_shelf(self._desk.settings)}
        if ref in shelf:
            return shelf[ref]
        entry = Catalog(self._desk.settings).get(ref)
        if entry is None or entry.source != "local":
            self._desk.places.check(ref)
        return ref

    def _model(self) -> str:
        model = self._query.get("model", "")
        if model == _DEMO:
            return str(MODEL)
        if model:
            self._desk.places.check(model)
        return model

    def _show_cards(self) -> None:
        words, settings = self.words, self._desk.settings
        with gr.Row():
            find = gr.Textbox(
                interactive=True,
                label=words("find"),
                placeholder=words("find_hint"),
                elem_id="find",
                autofocus=True,
                scale=4,
            )
            task = gr.Dropdown(
                interactive=True,
                choices=[(words("any"), ""), *((each, each) for each in cards.tasks(settings))],
                value="",
                label=words("task"),
                elem_id="task",
                min_width=150,
            )
            runs = gr.Checkbox(interactive=True, label=words("runs_here"), elem_id="runs", min_width=150)

        def found(text: str, wanted: str, only: bool) -> str:
            try:
                shown, more = cards.cards(text or "", wanted or None, runs=bool(only), settings=settings)
            except GremioError as error:
                return markup.error(str(error), words)
            return markup.cards(shown, words, more=more)

        listed = gr.HTML(found("", "", False), elem_id="cards")
        for each in (find, task, runs):
            each.change(found, [find, task, runs], listed, trigger_mode="always_last", **_OWN)
        if not len(Catalog(settings)):
            gr.HTML(markup.note(words("more_sync")))
        gr.HTML(_named(words), elem_id="named")

    def _ask_model(self, ref: str) -> None:
        gr.HTML(_model_form(ref, self._query.get("model", ""), self.words), elem_id="model")

    def _show_pipeline(self, ref: str, pipeline: Opened) -> None:
        words = self.words
        gr.HTML(markup.about(pipeline, words), elem_id="about")
        self._ask_model(ref)
        asked = self._question(pipeline)
        with gr.Accordion(words("code"), open=False, elem_id="review"):
            gr.HTML(markup.review(pipeline, words))
            self._show_source(pipeline)
        if pipeline.form.lacking:
            names = ", ".join(each.name for each in pipeline.form.lacking)
            gr.HTML(markup.error(words("lacking", names=names), words))
            return
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=300):
                fields = list(controls.fields(pipeline.form.main, pipeline.form, words))
                seed = controls.seed(words)
                buttons = self._show_buttons()
                fields += self._show_more(pipeline)
                choices = self._show_choices(pipeline, asked)
            with gr.Column(scale=6, min_width=300, elem_classes=["seen"]):
                outputs = self._show_outputs()
        self._join(pipeline, fields, (seed, *choices), buttons, outputs)

    def _question(self, pipeline: Opened) -> Question | None:
        """Ask what has to be asked, in the page."""
        words = self.words
        try:
            asked = question(pipeline, settings=self._desk.settings)
        except GremioError as error:
            gr.HTML(markup.error(str(error), words), elem_id="trouble")
            return None
        if asked is None:
            return None
        with gr.Group(elem_classes=["question"], elem_id="question"):
            gr.HTML(
                f"<h2>{escape(words('ask'))}</h2><p>{escape(words('ask_about'))}</p><p>{escape(asked.why)}</p>"
                f"<dl class=facts><dt>{escape(words('digest'))}</dt><dd><code>{escape(str(asked.tree.digest))}</code>"
                f"</dd></dl>{markup.findings(asked.findings, words)}",
                padding=True,
            )
            if asked.diff:
                gr.Code(asked.diff, label=words("changed"), interactive=False, max_lines=30)
            answer = gr.Button(words("yes"), variant="stop", elem_id="allow")
        said = gr.HTML()

        def allow(request: gr.Request) -> str:
            if self.session(request) is None:
                return markup.note(words("ended"))
            accept(asked.tree, asked.ref, asked.findings, settings=self._desk.settings, note="asked in the studio")
            return markup.note(words("allowed"))

        answer.click(allow, None, said, **_OWN).then(None, js="() => { location.reload() }", **_OWN)
        return asked

    def _show_source(self, pipeline: Opened) -> None:
        if pipeline.tree is None:
            return
        text = pipeline.tree.files[pipeline.tree.entry].decode("utf-8", "replace")
        with gr.Accordion(self.words("source"), open=False):
            gr.Code(text, language="python", label=pipeline.tree.entry, interactive=False, max_lines=40)

    def _show_more(self, pipeline: Opened) -> list[controls.Field]:
        words, form = self.words, pipeline.form
        with gr.Accordion(words("more"), open=any(each.required for each in form.tensors), elem_id="more"):
            fields = [*controls.fields(form.more, form, words), *controls.mask_files(form, words)]
            fields += controls.tensor_files(form, words)
            if form.left_out:
                names = "; ".join(f"{each.name} ({each.why})" for each in form.left_out)
                gr.HTML(markup.note(f"{words('left_out')}: {names} — {words('left_default')}."), elem_id="left-out")
        return fields

    def _show_choices(self, pipeline: Opened, asked: Question | None) -> tuple[Any, Any]:
        words = self.words
        others = [(name, ref) for name, ref in cards.compared(self._desk.settings) if ref != pipeline.ref]
        beside = gr.Dropdown(
            interactive=True,
            choices=[(words("none"), ""), *others],
            value="",
            label=words("compare"),
            info=words("compare_about"),
            elem_id="beside",
        )
        possible = _can_confine()
        sandbox = gr.Checkbox(
            interactive=True,
            value=bool(asked) and possible,
            label=words("sandbox"),
            info=words("sandbox_about"),
            visible=possible,
            elem_id="sandbox",
        )
        return beside, sandbox

    def _show_buttons(self) -> tuple[Any, Any, Any]:
        with gr.Row():
            draw = gr.Button(self.words("draw"), variant="primary", elem_id="draw", scale=3, min_width=150)
            cancel = gr.Button(self.words("cancel"), elem_id="cancel", interactive=False, scale=1, min_width=90)
        again = gr.Button(self.words("again"), elem_id="again", size="sm")
        return draw, again, cancel

    def _show_outputs(self) -> list[Any]:
        words = self.words
        status = gr.HTML(elem_id="status")
        result = gr.HTML(markup.result(None, words), elem_id="result")
        again = gr.HTML(elem_id="copies")
        with gr.Accordion(words("history"), open=False):
            history = gr.HTML(elem_id="history")
        return [status, result, again, history]

    def _join(
        self,
        pipeline: Opened,
        fields: list[controls.Field],
        choices: tuple[Any, Any, Any],
        buttons: tuple[Any, Any, Any],
        outputs: list[Any],
    ) -> None:
        draw, again, cancel = buttons
        inputs = [*choices, *(each.component for each in fields)]
        shown = [*outputs, cancel]

        def pressed(*, fresh: bool) -> Handler:
            async def press(request: gr.Request, *held: Any) -> AsyncIterator[Any]:
                seed, beside, sandbox = held[:3]
                by_field = dict(zip((each.component.elem_id for each in fields), held[3:], strict=True))
                session = self.session(request)
                if session is None:
                    yield self._said(markup.note(self.words("ended")))
                    return
                number, folder = session.begin()
                try:
                    chosen = None if fresh else seed_of(seed)
                    filled = await asyncio.to_thread(controls.values, by_field, fields, folder)
                    wanted = Press(pipeline, filled, chosen, str(beside or ""), bool(sandbox))
                    work = await asyncio.to_thread(begin, self._desk, session, wanted, number, folder, self.words)
                except Exception as error:
                    yield self._said(markup.error(told(error), self.words))
                    return
                async for each in self._follow(session, work):
                    yield each

            return press

        async def resume(request: gr.Request) -> AsyncIterator[Any]:
            session = self.session(request)
            if session is None:
                yield self._said("")
                return
            async for each in self._follow(session, present(session)):
                yield each

        def stop(request: gr.Request) -> None:
            session = self.session(request)
            for work in session.works if session else ():
                if not work.job.over:
                    self._desk.line.cancel(work.job)

        own: dict[str, Any] = {**_OWN, "concurrency_limit": None}
        draw.click(pressed(fresh=False), inputs, shown, trigger_mode="multiple", **own)
        again.click(pressed(fresh=True), inputs, shown, trigger_mode="multiple", **own)
        cancel.click(stop, None, None, **own)
        self._resume_once(resume, shown, own)

    def _resume_once(self, resume: Handler, shown: list[Any], own: dict[str, Any]) -> None:
        """After a reload: what was made, and what is being drawn."""
        timer = gr.Timer(0.3)
        timer.tick(lambda: gr.Timer(active=False), None, timer, **own).then(resume, None, shown, **own)

    def _said(self, status: str) -> list[Any]:
        return [status, gr.skip(), gr.skip(), gr.skip(), gr.update(interactive=False)]

    async def _follow(self, session: Session, work: Work | None) -> AsyncIterator[list[Any]]:
        """What there is to see of a work until it is over; without one, what there is already."""
        words, before = self.words, None
        while work is not None and not work.job.over:
            work.job.seen = time.monotonic()
            seconds = time.monotonic() - (work.job.begun or time.monotonic())
            now = (markup.status(work, self._desk.line, seconds, words), markup.result(work, words))
            if now != before:
                yield [*now, "", gr.skip(), gr.update(interactive=True)]
                before = now
            await asyncio.sleep(_LOOK)
        last = work if work is not None and work.job.state == "done" else _last(session)
        made = [markup.result(last, words), markup.again(last, words), markup.history(session.works, words)]
        if work is None:
            # After a reload. What a press of the button has shown meanwhile is newer, and stays.
            yield [gr.skip(), *made, gr.skip()]
        else:
            yield [markup.status(work, self._desk.line, 0, words), *made, gr.update(interactive=False)]


def _last(session: Session) -> Work | None:
    return next((each for each in reversed(session.works) if each.job.state == "done"), None)


def _can_confine() -> bool:
    try:
        require("full")
    except SandboxUnavailable:
        return False
    return True


def _named(words: Words) -> str:
    return (
        f'<form class="tiny" method="get" action="/"><input type="hidden" name="lang" value="{words.language}">'
        f'<label>{escape(words("open_ref"))} <input name="ref" required maxlength="300" '
        f'placeholder="{escape(words("open_hint"))}"></label><button>{escape(words("open"))}</button></form>'
    )


def _model_form(ref: str, model: str, words: Words) -> str:
    told = f"<small class=quiet>{escape(words('demo_model'))}</small>" if model == _DEMO else ""
    return (
        f'<form class="tiny" method="get" action="/"><input type="hidden" name="lang" value="{words.language}">'
        f'<input type="hidden" name="ref" value="{escape(ref)}"><label>{escape(words("model"))} '
        f'<input name="model" value="{escape(model)}" maxlength="300" placeholder="{escape(words("model_hint"))}">'
        f"</label><button>{escape(words('use'))}</button>{told}</form>"
    )
