"""The motion UNet no longer repeats the text for every frame."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope

_REPEATED = (
    "(lambda text, latents: text.repeat_interleave(latents.shape[2], dim=0)"
    " if latents.ndim == 5 and text.shape[0] == latents.shape[0] else text)({0}, {1})"
)


class Motion:
    """``self.unet(latents, t, encoder_hidden_states=text)`` with one text a video and latents of several frames.

    Latents are (batch, channels, frames, height, width), texts (batch, tokens, width) or, as is wanted now, (batch x
    frames, tokens, width).
    """

    name = "motion"
    reason = "UNetMotionModel of diffusers 0.31 wants encoder_hidden_states repeated for every frame"
    change = Change("diffusers", "0.31")
    words = ("UNetMotionModel", "MotionAdapter")
    marks = ("encoder_hidden_states",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The call, its text repeated if it comes once a video."""
        match node:
            case ast.Call(func=ast.Attribute(attr="unet"), args=[latents, *_]):
                keywords = [_repeated(keyword, latents) for keyword in node.keywords]
                if any(new is not old for new, old in zip(keywords, node.keywords, strict=True)):
                    return ast.Call(func=node.func, args=node.args, keywords=keywords)
        return None


def _repeated(keyword: ast.keyword, latents: ast.expr) -> ast.keyword:
    if keyword.arg != "encoder_hidden_states":
        return keyword
    return ast.keyword(arg=keyword.arg, value=expression(_REPEATED, keyword.value, latents))
