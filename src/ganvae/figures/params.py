"""The schema of the block `figures`, apart from matplotlib so that checking it is quick."""

from typing import Literal

from pydantic import Field, model_validator

from ganvae.core.config import Block

Format = Literal["png", "pdf", "svg"]


class FiguresParams(Block):
    """`figures`: resolution in dots per inch (figures are about nine inches wide), and formats.

    `png` is what README and `dvc plots` show, so it is always one of `formats`; `pdf` is for a
    paper, `svg` for the report, which takes it in the place of a PNG.
    """

    dpi: int = Field(ge=50, le=600)
    formats: list[Format]

    @model_validator(mode="after")
    def _png_always_and_each_once(self) -> "FiguresParams":
        if "png" not in self.formats or len({*self.formats}) < len(self.formats):
            raise ValueError(
                f"formats = {self.formats}: allowed: png, and beside it pdf and svg, each once"
            )
        return self
