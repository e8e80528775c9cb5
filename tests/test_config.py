"""Reading `params.yaml`: numbers stay numbers, and what is wrong is said in one line."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvae.core import config
from ganvae.core.config import Block
from ganvae.errors import UserError
from ganvae.models.base import build, contract

ADAM = {"optimizer": "adam", "lr_multiplier": 1.0, "betas": [0.5, 0.999]}
RMSPROP = {"optimizer": "rmsprop", "lr_multiplier": 1.0, "betas": None}
VALUES: dict[str, Any] = {
    "networks": {"architecture": "wide", "latent_dim": 32},
    "models": {
        "gan": {
            "adversarial": "non_saturating",
            "discriminator_steps": 1,
            "generator_steps": 1,
            "generator": ADAM,
            "discriminator": ADAM,
        },
        "wgan": {
            "clip": 0.03,
            "gradient_penalty": None,
            "critic_steps": 5,
            "generator": RMSPROP,
            "critic": RMSPROP,
        },
        "vae": {"likelihood": "bernoulli", "beta": 1.0, "autoencoder": ADAM},
        "cvaegan": {
            "likelihood": "gaussian",
            "beta": 1.0,
            "lambda": 20.0,
            "d": 1.0,
            "hinge": "batch",
            "l_gan_on": "prior",
            "discriminator_steps": 1,
            "autoencoder": ADAM,
            "discriminator": ADAM,
        },
    },
}


def schema_of(path: str) -> type[Block]:
    schema = contract.NetworksParams if path == "networks" else build.model(path[7:]).Params
    assert issubclass(schema, Block)
    return schema


def check(path: str, key: str, value: Any) -> str:
    """The message for `params.yaml` with one value changed, or `...` for a key taken away."""
    values = copy.deepcopy(VALUES)
    *parents, last = f"{path}.{key}".split(".")
    here = values
    for parent in parents:
        here = here[parent]
    here[last] = value
    if value is ...:
        del here[last]
    with pytest.raises(UserError) as raised:
        config.block(schema_of(path), values, path)
    return str(raised.value)


def test_one_of_the_gans_players_moves_at_every_step() -> None:
    """Both every second step would leave every other batch without any."""
    values = copy.deepcopy(VALUES)
    values["models"]["gan"] |= {"discriminator_steps": 2, "generator_steps": 3}
    line = "models.gan: discriminator_steps = 2, generator_steps = 3: allowed: one of both 1"
    with pytest.raises(UserError, match=re.escape(line)):
        config.block(schema_of("models.gan"), values, "models.gan")


# One line with path, value, what is allowed, and the nearest key

WRONG = [
    # unknown keys
    ("models.gan", "adversrial", 1, "adversrial: unknown key (did you mean adversarial?)"),
    (
        "models.gan",
        "generator.lr_multiplyer",
        1.0,
        "generator.lr_multiplyer: unknown key (did you mean lr_multiplier?)",
    ),
    ("models.cvaegan", "lamda", 1.0, "lamda: unknown key (did you mean lambda?)"),
    ("models.cvaegan", "lambda_", 1.0, "lambda_: unknown key (did you mean lambda?)"),
    ("models.vae", "zz", 1, "zz: unknown key (known: autoencoder, beta, likelihood)"),
    ("networks", "latentdim", 3, "latentdim: unknown key (did you mean latent_dim?)"),
    # wrong types; nothing is converted
    ("models.vae", "beta", "1.0", "beta = '1.0': allowed: a valid number"),
    ("models.vae", "beta", True, "beta = True: allowed: a valid number"),
    ("models.vae", "beta", None, "beta = None: allowed: a valid number"),
    ("models.vae", "beta", [1.0], "beta = [1.0]: allowed: a valid number"),
    ("models.vae", "beta", "a\nb", r"beta = 'a\nb': allowed: a valid number"),
    ("models.gan", "discriminator_steps", True, "= True: allowed: a valid integer"),
    ("models.gan", "discriminator_steps", 1.0, "= 1.0: allowed: a valid integer"),
    ("networks", "latent_dim", "32", "latent_dim = '32': allowed: a valid integer"),
    ("networks", "architecture", 3, "architecture = 3: allowed: a valid string"),
    ("models.vae", "autoencoder", 3, "autoencoder = 3: allowed: a valid dictionary"),
    # no numbers, and numbers out of range
    ("models.vae", "beta", float("nan"), "beta = nan: allowed: a finite number"),
    ("models.vae", "beta", float("inf"), "beta = inf: allowed: a finite number"),
    ("models.vae", "beta", -1.0, "beta = -1.0: allowed: greater than or equal to 0"),
    ("models.cvaegan", "lambda", -0.5, "lambda = -0.5: allowed: greater than or equal to 0"),
    ("models.cvaegan", "d", 1e6, "d = 1000000.0: allowed: less than or equal to 100000"),
    ("models.wgan", "clip", 0.0, "clip = 0.0: allowed: greater than 0"),
    ("models.wgan", "critic_steps", 0, "critic_steps = 0: allowed: greater than or equal to 1"),
    ("models.gan", "generator.lr_multiplier", 0.0, "lr_multiplier = 0.0: allowed: greater than 0"),
    ("models.gan", "generator.betas", [0.5, 1.0], "generator.betas.1 = 1.0: allowed: less than 1"),
    ("models.gan", "generator.betas", [0.5], "generator.betas = [0.5]: allowed: List should have"),
    ("models.gan", "adversarial", "wasserstein", "allowed: 'non_saturating' or 'minimax'"),
    (
        "models.gan",
        "generator.optimizer",
        "adm",
        "generator.optimizer = 'adm': allowed: 'adam', 'rmsprop' or 'sgd'",
    ),
    # missing keys: `params.yaml` says everything
    ("models.vae", "beta", ..., "beta: missing"),
    ("models.vae", "autoencoder.betas", ..., "autoencoder.betas: missing"),
    ("networks", "latent_dim", ..., "latent_dim: missing"),
    # impossible combinations
    (
        "models.gan",
        "generator.betas",
        None,
        "generator: betas is None: with adam it must be two numbers",
    ),
    (
        "models.gan",
        "generator.optimizer",
        "sgd",
        "generator: betas is [0.5, 0.999]: with sgd it must be null",
    ),
    (
        "models.wgan",
        "clip",
        None,
        ": clip = None, gradient_penalty = None: allowed: one a number, the other null",
    ),
    (
        "models.wgan",
        "gradient_penalty",
        10.0,
        ": clip = 0.03, gradient_penalty = 10.0: allowed: one a number, the other null",
    ),
]


@pytest.mark.parametrize(
    ("path", "key", "value", "expected"), WRONG, ids=[f"{w[0]}.{w[1]}={w[2]!r}" for w in WRONG]
)
def test_what_is_wrong_is_said_in_one_line(path: str, key: str, value: Any, expected: str) -> None:
    message = check(path, key, value)
    assert message.startswith(f"params.yaml: {path}")
    assert expected in message
    assert "\n" not in message


def test_what_the_cases_change_is_sound_before() -> None:
    for path in ("networks", *(f"models.{name}" for name in VALUES["models"])):
        config.block(schema_of(path), VALUES, path)


def test_an_unknown_key_comes_before_what_follows_from_it() -> None:
    """A typo makes the right key missing too: the typo is what to say."""
    values = copy.deepcopy(VALUES)
    values["models"]["vae"]["bta"] = values["models"]["vae"].pop("beta")
    with pytest.raises(UserError, match=r"models\.vae\.bta: unknown key \(did you mean beta\?\)"):
        config.block(schema_of("models.vae"), values, "models.vae")


@pytest.mark.parametrize("path", ["absent", "models.absent", "models.vae.beta.absent"])
def test_a_missing_section_is_named(path: str) -> None:
    with pytest.raises(UserError, match=f"^params.yaml: {re.escape(path)}: missing$"):
        config.section(VALUES, path)


def test_a_section_may_lack_its_parent() -> None:
    with pytest.raises(UserError, match=r"^params.yaml: a: missing$"):
        config.section(VALUES, "a.b.c")


# each line stands for ten of the line before
LADDER = b"a0: &a0 [1]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 12)
)


# each mapping merges ten of the one before, which PyYAML copies
MERGES = b"a0: &a0 {x: 1}\n" + b"".join(
    b"a%d: &a%d {<<: [%s]}\n" % (i, i, b", ".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: [1", "not valid YAML"),
        (b"a: \xff", "not valid YAML"),
        (b"a: 0x_", "not valid YAML"),
        (b"a: !!timestamp x", "not valid YAML"),
        (b"a: " + b"9" * 5000, "not valid YAML"),
        (b"a: " + b"[" * 900 + b"]" * 900, "not valid YAML"),
        (b"a: " + b"[" * 30 + b"]" * 30, "nested more than 20 deep"),
        (b"a: &a [*a]", "nested more than 20 deep"),
        (LADDER, "more than 100000 values"),
        (MERGES, "more than 100000 values by merge keys"),
        (b"- 1", "a mapping of sections is expected"),
        (b"", "a mapping of sections is expected"),
        (None, "no such file; run from the repository's root"),
    ],
)
def test_an_unreadable_file_is_one_line(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    path = tmp_path / "params.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError) as raised:
        config.load(path)
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_unknown_models_and_architectures_are_named() -> None:
    with pytest.raises(UserError, match=r"models\.wga: unknown key \(did you mean wgan\?\)"):
        build.model("wga")
    with pytest.raises(UserError, match=r"networks\.architecture = 'wid': allowed: .*wide"):
        build.architecture("wid")


def test_integers_are_numbers() -> None:
    """`-S models.cvaegan.d=1` writes an integer where a float stood."""
    values = copy.deepcopy(VALUES)
    values["models"]["cvaegan"].update({"d": 1, "lambda": 3})
    params = config.block(schema_of("models.cvaegan"), values, "models.cvaegan")
    assert params.model_dump(by_alias=True)["d"] == 1.0


# Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2e-4", 2e-4),
        ("5e-05", 5e-5),
        ("1e5", 1e5),
        ("1E+5", 1e5),
        ("1.5", 1.5),
        ("+1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e1", -5.0),
        ("-1e-3", -1e-3),
        ("1.0e-10", 1e-10),
        ("7", 7),
        ("-7", -7),
        ("true", True),
        ("null", None),
        ("", None),
        ("mnist", "mnist"),
        ("'2e-4'", "2e-4"),
        ("e5", "e5"),
        ("1e", "1e"),
        ("1e5x", "1e5x"),
        ("1.2.3", "1.2.3"),
        ("-", [None]),
        (".", "."),
        ("/a/1e5", "/a/1e5"),
        ("[2e-4, 1]", [2e-4, 1]),
    ],
)
def test_yaml_values(text: str, value: object) -> None:
    parsed = config.parse(text)
    assert (type(parsed), parsed) == (type(value), value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_that_python_writes_is_read_back(number: float) -> None:
    parsed = config.parse(f"lr: {number!r}")["lr"]
    assert isinstance(parsed, float)
    assert parsed.hex() == number.hex()


@given(st.integers())
def test_every_integer_that_python_writes_is_read_back(number: int) -> None:
    parsed = config.parse(f"n: {number}")["n"]
    assert (type(parsed), parsed) == (int, number)


@pytest.mark.parametrize("text", [".inf", "-.inf", ".nan"])
def test_what_is_no_number_is_read_and_then_refused(text: str) -> None:
    assert isinstance(config.parse(text), float)
    assert "allowed: a finite number" in check("models.vae", "beta", config.parse(text))


def test_other_yaml_readers_keep_their_floats() -> None:
    """The resolver is this loader's own."""
    import yaml

    assert yaml.safe_load("5e-05") == "5e-05"
