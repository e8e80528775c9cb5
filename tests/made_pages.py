"""Studies whose pages the tests read: made-up numbers, small pictures, networks that are real."""

import contextlib
import io
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ganvae.comparison import captions, measurements
from ganvae.core import config, storage
from ganvae.judging import classifier
from ganvae.models.base import build
from ganvae.models.base.contract import NetworksParams
from ganvae.pages import explorer, study
from tests import fake_study
from tests.project import ROOT

Change = Callable[[Path], None]


def write(
    root: Path,
    *,
    models: tuple[str, ...] = ("gan", "vae", "cvaegan"),
    seeds: int = 2,
    states: Mapping[tuple[str, int], str] = fake_study.STATES,
    change: Change = lambda root: None,
) -> str:
    """The page of a fake study, which `change` has edited, with its files below `root`."""
    params = config.load(ROOT / "params.yaml")
    params["models"] = {name: params["models"][name] for name in models}
    params["networks"]["latent_dim"] = 4
    params["train"]["seeds"] = list(range(seeds))
    fake_study.write(root, params, states)
    change(root)
    read = measurements.read(params, root)
    _networks(root, read)
    for stem in captions.captions(read):
        storage.write_bytes(root / "plots" / f"{stem}.png", _picture())
    with contextlib.chdir(root):
        return study.page(read, Path("plots"), explorer.explore(read))


def _networks(root: Path, read: measurements.Study) -> None:
    """Untrained weights of the seeds that are shown, such a judge, and test images of noise."""
    networks = config.block(NetworksParams, read.params, "networks")
    for model in read.models:
        for seed in model.finished[:1]:
            weights = build.create(model.name, networks, seed.seed).state_dict()
            path = root / "data/models" / model.name / f"weights/seed_{seed.seed}.safetensors"
            storage.write_tensors(path, weights)
    judge = classifier.build("cnn", len(read.classes.names))
    classifier.save(judge, root / explorer.JUDGE)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(60, 1, 28, 28, generator=generator) * 2 - 1
    storage.write_tensors(root / explorer.TEST, {"images": images, "labels": torch.arange(60) % 10})


def _picture() -> bytes:
    """As wide as a figure."""
    buffer = io.BytesIO()
    Image.new("L", (990, 400), 200).save(buffer, "PNG")
    return buffer.getvalue()


def of_one_class(root: Path) -> None:
    """What evaluations leave of images without labels."""
    left_out = ("class_entropy", "class_kl", "modes", "image_entropy", "inception_score_classifier")

    def less(score: dict[str, Any]) -> None:
        for name in left_out:
            score["metrics"].pop(name, None)
            score["intervals"].pop(name, None)
        score["class_histogram"] = [50]

    def of_model(content: dict[str, Any]) -> None:
        for seed in content["seeds"].values():
            for entry in seed["timeline"]:
                entry |= {"class_entropy": None, "image_entropy": None, "class_histogram": [50]}
            if seed["state"] == "finished":
                less(seed)
                seed.pop("mixture", None)

    def of_real(content: dict[str, Any]) -> None:
        content["classes"] = {"names": ["all"], "word": "class", "plural": "classes"}
        for row in content["rows"].values():
            less(row)
        content["selftest"] = [e for e in content["selftest"] if e["metric"] not in left_out]

    for path in sorted((root / "data/evaluation").glob("*/details.json")):
        fake_study.edit(path, of_real if path.parent.name == "real" else of_model)


class Read(HTMLParser):
    """What a page consists of.

    Attributes:
        tags: every start tag with its attributes, in order.
        words: all text outside of scripts and styles.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(text)
        self.close()
        self.words = " ".join("".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("script", "style"):
            self._texts.append(data)

    def of(self, *names: str) -> list[dict[str, str | None]]:
        """The attributes of the tags with these names."""
        return [attributes for tag, attributes in self.tags if tag in names]
