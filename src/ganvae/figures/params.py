"""The schema of the block `figures`, apart from matplotlib so that checking it is quick."""

from pydantic import Field

from ganvae.core.config import Block


class FiguresParams(Block):
    """`figures`: resolution in dots per inch; figures are about nine inches wide."""

    dpi: int = Field(ge=50, le=600)
