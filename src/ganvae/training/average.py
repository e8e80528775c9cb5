"""An exponential moving average of the networks that draw: `train.ema`.

What a GAN's generator draws moves about from step to step; the average of its weights draws better
than any of them (Yazıcı et al. 2019, "The Unusual Effectiveness of Averaging in GAN Training").
The training itself never sees it.
"""

import copy

import torch
from torch import Tensor, nn

AVERAGED = ("encoder", "decoder")  # what draws and what belongs to it


class Average:
    """Averages of a model's decoder, and of its encoder where it has one.

    Attributes:
        networks: they, with averaged parameters and statistics of batch normalisation; in
            evaluation mode.
        decay: the share of the average that an update keeps, in the long run.
        updates: so many have been taken in.
    """

    def __init__(self, networks: nn.ModuleDict, decay: float) -> None:
        own = {name: copy.deepcopy(networks[name]) for name in AVERAGED if name in networks}
        self.networks = nn.ModuleDict(own).eval().requires_grad_(False)
        self.decay, self.updates = decay, 0
        pairs = [
            pair
            for name, average in self.networks.items()
            for pair in zip(_state(average), _state(networks[name]), strict=True)
        ]
        floats = [pair for pair in pairs if pair[0].is_floating_point()]
        self._averages, self._values = map(list, zip(*floats, strict=True))

    @torch.no_grad()
    def update(self) -> None:
        """Moves towards the networks as they are.

        At the n-th call, from 0 on, at most (1 + n) / (10 + n) of the average is kept: it forgets
        the beginning, so that it is of use from the first steps on (the warm-up of TensorFlow's
        `ExponentialMovingAverage`, argument `num_updates`).
        """
        kept = min(self.decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self._averages, self._values, 1 - kept)
        self.updates += 1


def _state(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
