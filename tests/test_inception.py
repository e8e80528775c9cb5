"""pytorch-fid's network and weights, without a network connection.

The weights are made ones of the right form: random, scaled so that no layer's output vanishes.
"""

import hashlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import pytorch_fid.inception
import torch
from PIL import Image
from pytorch_fid.fid_score import calculate_frechet_distance, get_activations
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch_fidelity import feature_extractor_inceptionv3 as fidelity
from torch_fidelity.metric_isc import isc_features_to_metric

from benchmarks.features import write_weights
from ganvae.core.imageset import dequantise, quantise
from ganvae.errors import UserError
from ganvae.judging import inception
from ganvae.metrics.frechet_distance import frechet_distance
from ganvae.metrics.inception_score import inception_score

CPU = torch.device("cpu")
NAME = PurePosixPath(pytorch_fid.inception.FID_WEIGHTS_URL).name
ROUNDING = 1e-4  # of float32 sums in another order, through 48 layers, on features up to 10


@dataclass
class Made:
    """Both networks with the same weights, and what they see in the same images.

    Attributes:
        file: the weights.
        images: [12, 1, 28, 28] in [-1, 1], of 256 grey levels.
        judge: the network under test.
        features: what `look` returned for `images`.
        probabilities: likewise.
        expected: pytorch-fid's features of the images' PNG files.
    """

    file: Path
    images: Tensor
    judge: inception.Inception
    features: Tensor
    probabilities: Tensor
    expected: Tensor


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("inception")
    file = write_weights(folder)
    generator = torch.Generator().manual_seed(0)
    coarse = torch.randn(12, 1, 4, 4, generator=generator)
    images = dequantise(quantise(interpolate(3 * coarse, size=28, mode="bicubic").tanh()))
    files = []
    for i, grey in enumerate(quantise(images)):
        files.append(folder / f"{i}.png")
        Image.fromarray(grey.numpy()).save(files[-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(folder))
        patch.setattr(inception, "WEIGHTS_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
        judge = inception.load(CPU)
        reference = pytorch_fid.inception.InceptionV3([3])
    expected = get_activations(files, reference, batch_size=12, num_workers=0)
    yield Made(file, images, judge, *judge.look(images), torch.from_numpy(expected))
    file.unlink()  # 95 MB


# What the network sees


def test_features_are_those_of_pytorch_fid_from_png_files(made: Made) -> None:
    assert made.features.dtype == torch.float32
    assert made.features.shape == (12, 2048)
    assert made.features.double().numpy() == pytest.approx(made.expected.numpy(), abs=ROUNDING)
    assert made.features.std(dim=0).mean() > 100 * ROUNDING  # the images differ by far more


def test_features_and_opinions_are_those_of_torch_fidelity(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given pytorch-fid's scaling in the place of its own, which is TensorFlow's."""

    def scaled(levels: Tensor, size: tuple[int, int], align_corners: bool) -> Tensor:
        enlarged = interpolate(levels / 255, size, mode="bilinear", align_corners=align_corners)
        return 128 * (2 * enlarged - 1) + 128  # it subtracts 128 and divides by 128

    monkeypatch.setattr(fidelity, "interpolate_bilinear_2d_like_tensorflow1x", scaled)
    extractor = fidelity.FeatureExtractorInceptionV3(
        "reference", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(made.file)
    )
    levels = quantise(made.images).unsqueeze(1).expand(-1, 3, -1, -1)
    features, logits = extractor(levels)
    assert made.features.numpy() == pytest.approx(features.numpy(), abs=ROUNDING)
    assert made.probabilities.dtype == torch.float32
    assert made.probabilities.shape == (12, 1008)
    assert made.probabilities.numpy() == pytest.approx(logits.softmax(dim=1).numpy(), abs=ROUNDING)
    expected = isc_features_to_metric(logits, splits=2, shuffle=False)["inception_score_mean"]
    assert inception_score(made.probabilities, splits=2) == pytest.approx(expected, rel=ROUNDING)
    assert expected > 1 + 50 * ROUNDING  # the opinions differ


@pytest.mark.filterwarnings("ignore:The `disp` argument is deprecated:DeprecationWarning")
def test_the_frechet_distance_is_that_of_pytorch_fid(made: Made) -> None:
    """Turned into a basis of the images' features, where its square root takes no minute."""
    _, _, basis = torch.linalg.svd(made.expected, full_matrices=False)
    turned = made.expected @ basis.T
    moments = [
        part
        for half in (turned[:6].numpy(), turned[6:].numpy())
        for part in (half.mean(axis=0), np.cov(half, rowvar=False))
    ]
    expected = calculate_frechet_distance(*moments)
    found = frechet_distance(made.features[:6], made.features[6:])
    # 6 images give covariances of rank 5, whose root the reference takes with rounding
    assert found == pytest.approx(expected, rel=1e-4)


def test_batches_change_nothing_and_the_bits_repeat(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inception, "BATCH", 2)
    features, probabilities = made.judge.look(made.images[:3])
    assert features.numpy() == pytest.approx(made.features[:3].numpy(), abs=ROUNDING)
    assert probabilities.numpy() == pytest.approx(made.probabilities[:3].numpy(), abs=ROUNDING)
    again = made.judge.look(made.images[:3])
    assert torch.equal(features, again[0])
    assert torch.equal(probabilities, again[1])


@pytest.mark.parametrize(
    "images",
    [torch.zeros(0, 1, 28, 28), torch.zeros(2, 28, 28), torch.zeros(2, 3, 28, 28)]
    + [torch.full((1, 1, 28, 28), value) for value in (1.5, float("nan"))],
    ids=["none", "no channel", "three channels", "too bright", "nan"],
)
def test_images_are_checked(made: Made, images: Tensor) -> None:
    with pytest.raises(ValueError, match="images: "):
        made.judge.look(images)


# Where the weights come from


@dataclass
class Server:
    """A web server on this machine that gives `content` as the address's folder says."""

    content: bytes = b"weights" * 10_000
    asked: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)  # ends the silence

    def __enter__(self) -> "Server":
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                outer.answer(self, self.path.split("/")[1])

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def url(self, how: str) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/{how}/{NAME}"

    def answer(self, handler: BaseHTTPRequestHandler, how: str) -> None:
        if how == "broken":
            return handler.send_error(503)
        if how == "silent":
            self.released.wait(5)
            handler.close_connection = True
            return None
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.content)))
        handler.end_headers()
        changed = {"truncated": self.content[:-7], "wrong": self.content[:-1] + b"?"}
        handler.wfile.write(changed.get(how, self.content))
        return None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        digest = hashlib.sha256(running.content).hexdigest()
        monkeypatch.setattr(inception, "WEIGHTS_SHA256", digest)
        yield running


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the weights are expected, in a hub folder that does not exist yet."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints" / NAME


def use(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(pytorch_fid.inception, "FID_WEIGHTS_URL", address)


def test_the_checksum_is_the_one_in_the_files_name() -> None:
    assert len(inception.WEIGHTS_SHA256) == 64
    assert NAME.endswith(f"-{inception.WEIGHTS_SHA256[:8]}.pth")


def test_weights_are_downloaded_once(
    server: Server, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, server.url("good"))
    assert inception.weights() == inception.weights() == kept
    assert kept.read_bytes() == server.content
    assert list(kept.parent.iterdir()) == [kept]
    assert len(server.asked) == 1
    assert socket.getdefaulttimeout() is None


def test_the_network_is_loaded_from_the_download(
    made: Made, server: Server, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.content = made.file.read_bytes()
    use(monkeypatch, server.url("good"))
    monkeypatch.setattr(inception, "WEIGHTS_SHA256", hashlib.sha256(server.content).hexdigest())
    before = torch.get_rng_state()
    judge = inception.load(CPU)
    assert torch.equal(torch.get_rng_state(), before)
    assert not judge.network.training
    features, _ = judge.look(made.images[:1])
    assert features.numpy() == pytest.approx(made.features[:1].numpy(), abs=ROUNDING)
    kept.unlink()  # 95 MB


FAULTS = {
    "truncated": "invalid hash value",
    "wrong": "invalid hash value",
    "broken": "HTTP Error 503",
    "silent": "timed out",
}


def fault(kept: Path, address: str) -> str:
    with pytest.raises(UserError) as error:
        inception.load(CPU)
    message = str(error.value)
    assert "\n" not in message
    for said in (address, str(kept), "evaluate.features"):
        assert said in message
    assert list(kept.parent.iterdir()) == []
    return message


@pytest.mark.parametrize("how", FAULTS)
def test_a_failed_download_is_told_and_leaves_nothing(
    how: str, server: Server, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inception, "TIMEOUT_SECONDS", 1.0 if how == "silent" else 5.0)
    use(monkeypatch, server.url(how))
    assert FAULTS[how] in fault(kept, server.url(how))
    assert len(server.asked) == 1


def test_no_connection_is_told(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/{NAME}"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        use(monkeypatch, address)
        assert "refused" in fault(kept, address)


def test_other_weights_are_refused_and_removed(
    made: Made, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made weights have not the published checksum, though the network could load them."""
    kept.parent.mkdir(parents=True)
    kept.hardlink_to(made.file)
    with pytest.raises(UserError, match="not the weights of https://github") as error:
        inception.load(CPU)
    assert str(kept) in str(error.value)
    assert not kept.exists()


# What is kept of the real images


def test_real_images_are_looked_at_again_where_something_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []

    class Counted(nn.Module):
        def forward(self, enlarged: Tensor) -> Tensor:
            shown.append(len(enlarged))
            return enlarged[:, 0, :32, :64].flatten(1)

    network = inception.Inception(Counted(), torch.ones(1008, 2048))
    images = torch.zeros(3, 1, 28, 28)
    first = inception.look_once(network, images, tmp_path)
    again = inception.look_once(network, images, tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert shown == [3]
    inception.look_once(network, images + 0.5, tmp_path)
    monkeypatch.setattr(torch, "__version__", "2.0.0")
    inception.look_once(network, images, tmp_path)
    code = tmp_path / "inception.py"
    code.write_text("another")
    monkeypatch.setattr(inception, "__file__", str(code))
    inception.look_once(network, images, tmp_path)
    assert shown == [3] * 4
