"""What a weights file says about itself, so that it is enough without its parameters' file."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from ganvae.core.config import Block
from ganvae.errors import UserError
from ganvae.models.base.contract import NetworksParams


class Description(Block):
    """What was trained, on what, and how its networks are called; all but the last are required.

    Attributes:
        model: a folder of `ganvae.models`.
        networks: the block `networks`: architecture, its options, latent size.
        seed: the training's.
        data: the name of the data set.
        images_sha256: of the file of processed training images.
        convention: what the networks take and return, for who has no code at hand.
        commit: of the code that trained it. Only a file that is given away has it: DVC knows a
            training's own file by its bytes, which the same training on another commit leaves too.
    """

    model: str
    networks: NetworksParams
    seed: int = Field(ge=0, lt=2**63)
    data: str
    images_sha256: str
    convention: str
    commit: str | None = None

    def metadata(self) -> dict[str, str]:
        """For `storage.write_tensors`: a key for each attribute, and for each of `networks`."""
        values = self.model_dump(exclude={"networks"}, exclude_none=True)
        values |= self.networks.model_dump()
        texts = {key: value for key, value in values.items() if isinstance(value, str)}
        others = values.keys() - texts.keys()
        return texts | {key: json.dumps(values[key], sort_keys=True) for key in others}


def described(metadata: Mapping[str, str], source: Path) -> Description:
    """The inverse of `Description.metadata`; keys that it does not know are left out.

    Args:
        metadata: what `storage.read_metadata` returns.
        source: the file that they are from.

    Raises:
        UserError: there is no description, or a damaged one.
    """
    try:
        networks = NetworksParams.model_validate(
            {
                "architecture": metadata["architecture"],
                "latent_dim": json.loads(metadata["latent_dim"]),
                "initialisation": metadata["initialisation"],
                "options": json.loads(metadata["options"]),
            }
        )
        return Description(
            model=metadata["model"],
            networks=networks,
            seed=json.loads(metadata["seed"]),
            data=metadata["data"],
            images_sha256=metadata["images_sha256"],
            convention=metadata["convention"],
            commit=metadata.get("commit"),
        )
    except KeyError as error:
        raise UserError(
            f"{source}: does not describe its networks, it has no {error.args[0]!r}; "
            "weights that a training of this project leaves do"
        ) from None
    except ValueError as error:  # of JSON and of pydantic
        first = " ".join(str(error).split())
        raise UserError(f"{source}: damaged description of its networks: {first}") from None
