"""Long weighted prompts."""

import sys

import pytest
import torch


@pytest.fixture(scope="module")
def pipe(load):
    """The pipeline."""
    return load("long_prompt")


@pytest.fixture(scope="module")
def parse(pipe):
    """The parser in the module that diffusers made of the file."""
    return sys.modules[type(pipe).__module__].parse_weights


def _embed(pipe, *texts):
    with torch.no_grad():
        return pipe.encode_prompt(list(texts), torch.device("cpu"), 1, False)[0]


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("", []),
        ("a cat", [("a cat", 1)]),
        ("a (cat:1.4) b", [("a ", 1), ("cat", 1.4), (" b", 1)]),
        ("(cat)", [("cat", 1.1)]),
        ("[cat]", [("cat", 1 / 1.1)]),
        ("((cat))", [("cat", 1.1 * 1.1)]),
        ("((cat:2) dog:0.5)", [("cat", 1.0), (" dog", 0.5)]),
        ("((cat:2):0.5)", [("cat", 1.0)]),
        ("((a:1.2))", [("a", 1.2 * 1.1)]),
        ("(cat: .5 )", [("cat", 0.5)]),
        ("(cat:-1)", [("cat", -1)]),
        ("(cat:dog)", [("cat:dog", 1.1)]),
        ("[cat:0.5]", [("cat:0.5", 1 / 1.1)]),
        ("cat:1.4", [("cat:1.4", 1)]),
        (r"\(cat\) \[\\", [("(cat) [\\", 1)]),
        (r"(\(cat\):1.5)", [("(cat)", 1.5)]),
        (r"a \b", [(r"a \b", 1)]),
        ("()", []),
    ],
)
def test_weights_are_read(parse, prompt, spans):
    """Brackets become weights, and escapes become characters."""
    assert [text for text, _ in parse(prompt)] == [text for text, _ in spans]
    assert [weight for _, weight in parse(prompt)] == pytest.approx([weight for _, weight in spans])


@pytest.mark.parametrize(("prompt", "place"), [("a (cat", 2), ("cat)", 3), ("(cat]", 4), ("[a (b]", 5), ("((a)", 0)])
def test_a_bracket_without_partner_is_named(parse, prompt, place):
    """The error says which bracket it is and how to escape it."""
    with pytest.raises(ValueError, match=rf"at character {place} of the prompt has no partner.*Write \\"):
        parse(prompt)


def test_a_short_plain_prompt_is_encoded_as_ever(pipe, plain):
    """Without weights, and within 77 tokens, the embedding is that of the plain pipeline, with and without guidance."""
    mine, theirs = (
        each.encode_prompt("a red cat", torch.device("cpu"), 2, True, "snow") for each in (pipe, plain(pipe))
    )
    for ours, reference in zip(mine, theirs, strict=True):
        torch.testing.assert_close(ours, reference)


def test_a_weight_makes_its_word_louder_or_softer(pipe):
    """The embedding of the weighted word grows or shrinks against the others, which keep their direction."""
    plain, louder, softer = _embed(pipe, "a red cat", "a (red:1.5) cat", "a [red] cat")
    red, cat = 2, 3

    def loudness(states):
        return (states[red].norm() / states[cat].norm()).item()

    assert loudness(louder) == pytest.approx(1.5 * loudness(plain), rel=1e-4)
    assert loudness(softer) == pytest.approx(loudness(plain) / 1.1, rel=1e-4)
    torch.testing.assert_close(torch.cosine_similarity(plain, louder), torch.ones(77))


def test_weights_keep_the_mean_magnitude(pipe):
    """However strong the weights, the embedding is as large in the mean as without."""
    plain, weighted = _embed(pipe, "a red cat", "a (red:3) (cat:2)")
    assert weighted.abs().mean().item() == pytest.approx(plain.abs().mean().item(), rel=1e-5)


def test_words_past_the_window_count(pipe):
    """A prompt of more than 77 tokens is encoded in chunks, of which the last word is heard."""
    long = "red cat " * 50
    first, second = _embed(pipe, long + "moon", long + "star")
    assert first.shape[0] == 154
    torch.testing.assert_close(first[:77], second[:77])
    assert not torch.allclose(first[77:], second[77:])


def test_prompts_of_different_lengths_share_a_batch(pipe):
    """A long prompt, a short one and a negative one draw together, three pictures in the end."""
    images = pipe(["red cat " * 50, "a dog", "(moon)"], negative_prompt="snow", num_inference_steps=1).images
    assert len(images) == 3


def test_embeddings_from_elsewhere_get_a_negative_of_their_length(pipe):
    """Long embeddings that a caller kept are guided against a negative prompt of as many tokens."""
    assert pipe(prompt_embeds=_embed(pipe, "red cat " * 50), num_inference_steps=1).images


def test_layers_of_the_text_encoder_can_be_skipped(pipe):
    """`clip_skip` changes the picture."""
    latents = [
        pipe("cat", clip_skip=skip, latents=torch.ones(1, 4, 8, 8), num_inference_steps=1, output_type="latent").images
        for skip in (None, 1)
    ]
    assert not torch.equal(*latents)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"prompt": []}, "empty list"),
        ({"prompt": ["a", "b"], "negative_prompt": ["c", "d", "e"]}, "3 negative prompts were given for 2"),
    ],
)
def test_batches_that_do_not_fit_are_refused(pipe, asked, message):
    """Counts that contradict each other are named."""
    with pytest.raises(ValueError, match=message):
        pipe(**asked, num_inference_steps=1)
