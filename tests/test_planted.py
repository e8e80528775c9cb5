"""Planted faults and the self-test that metrics have to pass on them."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from ganvae import planted, selftest
from ganvae.errors import UserError
from ganvae.runtime import Noise

CPU = torch.device("cpu")
N = 120


def real() -> tuple[Tensor, Tensor]:
    """Every image is constant, at a level of its own; the classes go round."""
    levels = torch.linspace(-1, 1, N)
    return levels[:, None, None, None].expand(N, 1, 28, 28).clone(), torch.arange(N) % 10


def draw(name: str, count: int = 200, seed: int = 0) -> Tensor:
    return planted.FAULTS[name](*real(), count, Noise(seed, CPU))


def sources(images: Tensor) -> list[int]:
    """Which real image each constant image is."""
    return ((images[:, 0, 0, 0] + 1) / 2 * (N - 1)).round().long().tolist()


@pytest.mark.parametrize("name", planted.FAULTS)
def test_a_fault_gives_images_in_range_and_repeats_with_its_noise(name: str) -> None:
    for count in (7, 200):
        images = draw(name, count)
        assert images.shape == (count, 1, 28, 28)
        assert images.dtype == torch.float32
        assert -1 <= float(images.min()) <= float(images.max()) <= 1
    assert torch.equal(draw(name), draw(name))
    assert not torch.equal(draw(name), draw(name, seed=1))


def test_a_missing_digit_is_missing_and_nothing_else() -> None:
    drawn = {index % 10 for index in sources(draw("missing_digit"))}
    assert drawn == set(range(9))


def test_one_digit_is_alone() -> None:
    assert {index % 10 for index in sources(draw("one_digit"))} == {planted.ONLY}


def test_blur_keeps_what_is_constant_and_spreads_a_point() -> None:
    images = torch.full((1, 1, 28, 28), -1.0)
    assert torch.allclose(planted.blurred(images, torch.zeros(1), 1, Noise(0, CPU)), images)
    images[0, 0, 14, 14] = 1
    spread = planted.blurred(images, torch.zeros(1), 1, Noise(0, CPU))
    assert float(spread[0, 0, 14, 14]) == pytest.approx(2 * 0.159 - 1, abs=0.01)  # 1 / (2 pi)
    assert float((spread + 1).sum()) == pytest.approx(2, rel=1e-4)


def test_noise_is_as_strong_as_it_says() -> None:
    middle = torch.zeros(50, 1, 28, 28)
    noisy = planted.noisy(middle, torch.zeros(50), 50, Noise(0, CPU))
    assert float(noisy.std()) == pytest.approx(planted.NOISE, rel=0.02)


def test_copies_come_from_few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted, "COPIED", 15)
    assert len(set(sources(draw("copies")))) == 15


def test_a_mixed_image_is_the_mean_of_two_classes() -> None:
    images, labels = real()
    levels = images[:, 0, 0, 0]
    allowed = {
        round(float((levels[i] + levels[j]) / 2), 4)
        for i in range(N)
        for j in range(N)
        if labels[i] != labels[j]
    }
    assert {round(float(x), 4) for x in draw("mixed")[:, 0, 0, 0]} <= allowed


# the self-test

FAULTS = {"one_digit": {"class_entropy": 0.0}, "blurred": {"class_entropy": 2.29}}
UNCHANGED = {"class_entropy": [{"class_entropy": 2.30}, {"class_entropy": 2.28}]}


def test_a_fault_is_seen_beyond_twice_what_lies_apart_by_chance() -> None:
    one, blurred = selftest.judge(UNCHANGED, FAULTS)
    assert one["fault"] == "one_digit"
    assert one["unchanged"] == pytest.approx(2.29)
    assert one["apart"] == pytest.approx(0.02)
    assert (one["seen"], one["expected"]) == (selftest.FALLS, selftest.FALLS)
    assert (blurred["seen"], blurred["expected"]) == (0, 0)
    selftest.demand([one, blurred])


@pytest.mark.parametrize("faulty", [2.27, 9.9])
def test_a_metric_that_does_not_see_its_fault_ends_the_run(faulty: float) -> None:
    """Within chance, or in the wrong direction."""
    entries = selftest.judge(UNCHANGED, {"one_digit": {"class_entropy": faulty}})
    with pytest.raises(UserError, match="self-test: class_entropy does not see one_digit"):
        selftest.demand(entries)


def test_the_same_images_must_give_the_same_numbers() -> None:
    selftest.demand_equal({"modes": 9.0}, {"modes": 9.0})
    with pytest.raises(UserError, match="modes moves though nothing changed"):
        selftest.demand_equal({"modes": 9.0}, {"modes": 9.000001})


def expectations() -> Iterator[tuple[str, str]]:
    for metric, faults in selftest.EXPECTED.items():
        for fault in faults:
            yield metric, fault


def test_expectations_name_faults_that_exist_and_every_fault_is_demanded() -> None:
    faults = {fault for _, fault in expectations()}
    assert faults == set(planted.FAULTS)
