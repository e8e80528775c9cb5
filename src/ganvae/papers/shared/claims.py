"""What a paper publishes, as data: `papers/<paper>/claims.yaml`, a list of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from ganvae.comparison.published import NUMBERS
from ganvae.core import config
from ganvae.core.config import PAPERS, Block
from ganvae.errors import UserError


class Claim(Block):
    """One number or statement of a text, and how it is judged.

    Attributes:
        id: unique in its paper.
        claim: in words.
        section: where the text has it.
        published: what the text says, besides the number.
        number: the published number.
        main_table: in place of it the row of the main comparison that shows the same number, see
            `comparison.published`.
        systems: whose results it is judged by, without the paper's name before them: systems,
            experiments, or `study_<model>` for the main study.
        rule: one of `rules.RULES` with its arguments; quantities are `<system>.<quantity>`.
        shows: quantities printed in place of those of the rule, of all `systems` where none is
            named.
        note: what differs besides what the systems' blocks say, and what the rule's words mean.
        question: which of the questions that the papers leave open it answers, from 1.
    """

    id: str
    claim: str
    section: str = ""
    published: str = ""
    number: float | None = None
    main_table: str | None = None
    systems: list[str] = Field(default_factory=list)
    rule: dict[str, Any] = Field(min_length=1, max_length=1)
    shows: list[str] = Field(default_factory=list)
    note: str = ""
    question: int | None = Field(default=None, ge=1, le=6)

    @property
    def value(self) -> float | None:
        """The published number."""
        return NUMBERS[self.main_table] if self.main_table else self.number

    @property
    def text(self) -> str:
        """What the text says."""
        number = [] if self.value is None else [f"{self.value}"]
        return ", ".join([*number, *([self.published] if self.published else [])])

    @property
    def title(self) -> str:
        """The claim and where it stands."""
        return f"{self.claim} ({self.section})" if self.section else self.claim


def path(paper: str, folder: Path = PAPERS) -> Path:
    """The file of a paper's claims."""
    return folder / paper / "claims.yaml"


def read(paper: str, folder: Path = PAPERS) -> dict[str, Claim]:
    """A paper's claims by id, in the file's order.

    Raises:
        UserError: a row does not fit the schema, or two have the same id.
    """
    file = path(paper, folder)
    found: dict[str, Claim] = {}
    for row in config.load(file)["claims"]:
        name = row.get("id") if isinstance(row, Mapping) else row
        try:
            claim = Claim.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise UserError(f"{file}: claim {name}: {where}: {first['msg']}") from None
        if claim.id in found:
            raise UserError(f"{file}: two claims with the id {claim.id}")
        if claim.main_table and claim.main_table not in NUMBERS:
            raise UserError(f"{file}: claim {name}: main_table {claim.main_table}: unknown")
        if not claim.published and claim.value is None:
            raise UserError(f"{file}: claim {name}: neither published nor number")
        found[claim.id] = claim
    return found
