"""Trains one model on CelebA: `python -m stages.celeba_train <system>`.

Reads the system's blocks of papers/celeba/params.yaml and streams the images of its
`processed/train.npy`; writes data/papers/celeba/<system>/trained/, in the form of
data/models/<model>/.
"""

import sys
from pathlib import Path

from ganvae import systems
from ganvae.errors import UserError, run
from stages.train import train

FILE = Path("papers/celeba/params.yaml")


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("usage: python -m stages.celeba_train <system>")
    name = sys.argv[1]
    system, values = systems.read(name, FILE)
    train(
        system.model,
        values,
        system.root / name / "trained",
        data=system.root / "processed" / "train.npy",
        params_file=FILE,
    )


if __name__ == "__main__":
    run(main)
