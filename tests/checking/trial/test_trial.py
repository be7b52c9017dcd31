"""Trials of community-style files, from ref to report."""

import pytest
from tests.checking.trial.conftest import PAINTER

BASE = "class Same(StableDiffusionPipeline):\n    pass\n"


def test_a_process_prints_one_line_and_the_code_prints_elsewhere(child, code):
    """Stdout holds the report alone, whatever the code prints and however."""
    loud = PAINTER + "\nimport os, sys\nprint('from print')\nos.system('echo from a child')\nos.write(1, b'raw\\n')\n"
    report, told = child(code(loud), "--quick", "--seed", "3")
    assert report.runs
    assert report.reached == "done"
    assert report.output == "images: float32 (1, 16, 16, 3)"
    assert report.arguments["generator"] == "Generator(3)"
    assert {"from print", "from a child", "raw"} <= set(told.splitlines())


def test_plain_diffusers_and_gremio_draw_the_same(trial, child, code):
    """The same driver, either loader: bit for bit the same output."""
    ref = code(PAINTER)
    ours = trial(ref, quick=True)
    theirs, _ = child(ref, "--quick", "--loader", "diffusers")
    assert theirs.loader == "diffusers"
    assert theirs.runs, theirs.error
    assert theirs.findings["own_code"].verdict == "yes"
    assert ours.output_digest == theirs.output_digest != ""


def test_everything_is_found_out(trial, code):
    """A pipeline that does all it should."""
    report = trial(code(PAINTER))
    assert {name: each.verdict for name, each in report.findings.items()} == {
        "own_code": "yes",
        "deterministic": "yes",
        "steps": "yes",
        "generator": "yes",
        "dtype": "yes",
        "batch": "yes",
        "callback": "yes",
    }
    assert report.class_name == "Painter"
    assert report.digest.startswith("sha256:")
    assert set(report.own_methods) == {"__init__", "__call__"}
    assert report.versions.keys() == {"gremio", "diffusers", "transformers", "torch", "python"}
    assert report.peak_mb > 50
    assert list(report.seconds) == ["read", "packages", "load", "components", "call", "own", "findings"]


@pytest.mark.parametrize(
    ("body", "verdict", "words"),
    [
        ("pass", "no", "no code of its own"),
        ("def added(self):\n        return 1", "no", "none of its own methods ran: added"),
        (
            "def prepare_latents(self, *a, **k):\n        return super().prepare_latents(*a, **k)",
            "yes",
            "prepare_latents",
        ),
    ],
)
def test_a_subclass_of_a_stock_pipeline_says_what_ran(trial, code, body, verdict, words):
    """Passing is no proof that the community's own code ran, so the report says whether it did."""
    report = trial(code(f"class Same(StableDiffusionPipeline):\n    {body}\n"), quick=True)
    assert report.runs
    assert report.findings["own_code"].verdict == verdict
    assert words in report.findings["own_code"].detail


@pytest.mark.parametrize(
    ("old", "new", "name", "verdict"),
    [
        ("generator=generator, ", "", "generator", "no"),
        ("size = self", "torch.seed()\n        generator = None\n        size = self", "deterministic", "no"),
        ("torch.randn(shape, generator=generator,", "torch.ones(shape,", "deterministic", "unknown"),
        ("set_timesteps(num_inference_steps)", "set_timesteps(4)", "steps", "no"),
        ("(batch_size, self", "(1, self", "batch", "no"),
        ("if callback_on_step_end is not None", "if False", "callback", "no"),
        ("callback_on_step_end=None", "**kwargs", "callback", "error"),
        ("dtype=self.unet.dtype", "dtype=torch.float32", "dtype", "no"),
        ("size = self", "if batch_size > 1: raise KeyError('many')\n        size = self", "batch", "error"),
    ],
)
def test_what_a_pipeline_does_not_do(trial, code, old, new, name, verdict):
    """One property broken at a time."""
    body = PAINTER.replace(old, new)
    assert body != PAINTER
    if new == "**kwargs":
        body = body.replace(
            "if callback_on_step_end is not None:\n                callback_on_step_end",
            "if False:\n                print",
        )
        verdict = "unknown"
    finding = trial(code(body)).findings[name]
    assert finding.verdict == verdict, finding
    assert finding.detail


def test_a_crash_is_told_with_its_place(trial, code):
    """What was raised, in which line of the community file, and where inside a library."""
    report = trial(code(PAINTER.replace("size = self", "torch.zeros(2)[5]\n        size = self")))
    assert (report.loads, report.runs, report.reached) == (True, False, "call")
    assert report.error.kind == "IndexError"
    assert report.error.place.startswith("community.py:")
    assert report.findings == {}


def test_an_error_of_a_library_shows_both_places(trial, code):
    """The innermost line of the code, then that of the library."""
    body = PAINTER.replace("size = self", "torch.nn.Linear(2, 2)('text')\n        size = self")
    assert " ← torch/nn/modules/" in trial(code(body), quick=True).error.place


def test_a_file_that_fails_to_load(trial, code):
    """The code's own exception is told, not the one that wraps it."""
    report = trial(code(PAINTER + "\nraise OSError('no such thing')\n"))
    assert (report.loads, report.reached, report.error.kind) == (False, "load", "OSError")
    assert report.error.message == "no such thing"


@pytest.mark.parametrize("loader", ["gremio", "diffusers"])
def test_missing_packages_are_named(trial, code, loader):
    """With what to install."""
    report = trial(code("import no_such_thing, cv9\n" + PAINTER), loader=loader)
    assert (report.loads, report.reached) == (False, "packages")
    assert set(report.missing) == {"no-such-thing", "cv9"}
    assert report.error.hint == "pip install cv9 no-such-thing"


def test_a_ref_that_is_not_there(trial, tmp_path):
    """A report, as for everything else."""
    report = trial(str(tmp_path / "none.py"))
    assert (report.reached, report.error.kind) == ("read", "RefNotFound")


def test_a_person_overrides_arguments(trial, code):
    """``--set`` wins, and a slip is told."""
    ref = code(PAINTER)
    report = trial(ref, settings={"batch_size": "3"}, quick=True)
    assert report.output == "images: float32 (3, 16, 16, 3)"
    assert trial(ref, settings={"batch_sise": "3"}).error.kind == "OptionError"


def test_real_weights(trial, code, sd_folder):
    """``--model`` takes the components of a folder, under either loader."""
    ref = code(BASE)
    ours = trial(ref, model=str(sd_folder), quick=True)
    assert ours.output == "images: float32 (1, 64, 64, 3)"
    assert ours.output_digest == trial(ref, model=str(sd_folder), quick=True).output_digest


def test_code_that_ends_the_process_is_told(trial, code):
    """Instead of a report that never comes."""
    report = trial(code(PAINTER + "\nimport sys\nsys.exit('go away')\n"))
    assert (report.reached, report.error.kind, report.error.message) == ("load", "SystemExit", "go away")


def test_a_class_that_is_called_otherwise(trial, code):
    """One without ``__call__`` is tried by the method that draws from text."""
    report = trial(code(PAINTER.replace("def __call__", "def text2img")))
    assert {each.verdict for each in report.findings.values()} == {"yes"}


def test_what_comes_before_the_first_call(trial, code):
    """A pipeline whose documentation has it trained first is trained first, and the report says so."""
    body = PAINTER.replace("Painter", "ImagicStableDiffusionPipeline").replace(
        "size = self", "self.ready\n        size = self"
    )
    body += "    def train(self, prompt, image, **settings):\n        self.ready = True\n"
    report = trial(code(body), quick=True)
    assert report.runs, report.error
    assert report.arguments["(before)"] == "train(prompt, image)"


def test_components_with_the_numbers_that_the_code_counts_on(trial, code):
    """An error that names another number of channels is answered with a UNet that has it."""
    body = PAINTER.replace("self.unet.config.in_channels, size", "5, size").replace(
        ".sample, t, image)", ".sample.repeat(1, 5, 1, 1)[:, :5], t, image)"
    )
    report = trial(code(body), quick=True)
    assert "(1, 16, 16, 5)" in report.output, report.error


def test_mends_are_told_and_can_be_turned_off(trial, code):
    """What runs with a mend fails without, and the report names what was mended."""
    ref = code(
        """
        class Same(StableDiffusionPipeline):
            def encode_prompt(self, *args, **kwargs):
                assert self.text_encoder.text_model.config is not None
                return super().encode_prompt(*args, **kwargs)
        """
    )
    mended = trial(ref, quick=True)
    assert mended.runs, mended.error
    assert len(mended.mends) == 1
    unmended = trial(ref, quick=True, loader="gremio", mend=False)
    assert unmended.mends == ()
    assert "text_model" in unmended.error.message
