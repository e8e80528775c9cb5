"""How a network's weights begin: `networks.initialisation`."""

from typing import Literal

from torch import nn

Initialisation = Literal["torch", "keras"]
ADAM_EPSILON: dict[Initialisation, float] = {"torch": 1e-8, "keras": 1e-7}  # each one's default


def initialise(network: nn.Module, initialisation: Initialisation) -> nn.Module:
    """Leaves torch's own start, or draws Keras's from torch's global stream. Returns the network.

    torch draws the weights of a layer with n inputs from U(-1 / sqrt n, 1 / sqrt n), and its biases
    too. Keras draws them from U(-r, r) with r = sqrt(6 / (inputs + outputs)), about 1.7 times as
    wide where both are as many (Glorot & Bengio 2010, eq. 16), and begins with biases of zero.
    """
    if initialisation == "keras":
        for layer in network.modules():
            if isinstance(layer, nn.Linear | nn.modules.conv._ConvNd):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
    return network
