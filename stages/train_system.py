"""Trains one system of a paper: `python -m stages.train_system <system>`.

Reads the system's blocks of papers/params.yaml and its `processed/train.safetensors`; writes
data/papers/<paper>/<system>/trained/, in the form of data/models/<model>/.
"""

import sys

from ganvae import systems
from ganvae.errors import UserError, run
from stages.train import train


def main() -> None:
    if len(sys.argv) != 2:
        raise UserError("usage: python -m stages.train_system <system>")
    name = sys.argv[1]
    system, values = systems.read(name)
    train(
        system.model,
        values,
        systems.folder(system, name) / "trained",
        data=system.root / "processed" / "train.safetensors",
        params_file=systems.FILE,
    )


if __name__ == "__main__":
    run(main)
