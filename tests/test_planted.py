"""Planted faults and the self-test that metrics have to pass on them."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from ganvae.core.machine import Noise
from ganvae.errors import UserError
from ganvae.floors import planted, selftest

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


def test_a_missing_class_is_missing_and_nothing_else() -> None:
    drawn = {index % 10 for index in sources(draw("missing_class"))}
    assert drawn == set(range(9))


def test_the_missing_class_is_no_rare_one_and_says_where_the_entropy_goes() -> None:
    """Of 60, 57 and 3 images the second; without the large one of 5, 5 and 110 classes are even."""
    images, _ = real()
    rare = torch.tensor([0] * 60 + [1] * 57 + [2] * 3)
    drawn = planted.missing_class(images, rare, 200, Noise(0, CPU))
    assert {int(rare[index]) for index in sources(drawn)} == {0, 2}
    assert planted.way_of_entropy(rare) == -1
    assert planted.way_of_entropy(torch.arange(N) % 10) == -1
    assert planted.way_of_entropy(torch.tensor([0] * 5 + [1] * 5 + [2] * 110)) == 1


def test_one_class_is_alone() -> None:
    assert {index % 10 for index in sources(draw("one_class"))} == {1}


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


def test_a_blob_is_round_and_nearly_in_the_middle() -> None:
    """By its moments: of any form and number of channels, whatever the images are."""
    shapes = (1, 28, 28), (3, 16, 24)
    for channels, height, width in shapes:
        images = planted.blob(torch.zeros(5, channels, height, width), torch.zeros(5), 400,
                              Noise(0, CPU))  # fmt: skip
        assert images.shape == (400, channels, height, width)
        assert (images == images[:, :1]).all()
        light = (images[:, 0] + 1) / 2
        assert 0.9 < float(light.amax(dim=(1, 2)).min()) <= 1
        rows = light.sum(dim=2) / light.sum(dim=(1, 2))[:, None]
        size = min(height, width)
        middles = rows @ torch.arange(float(height))
        assert float(middles.mean()) == pytest.approx((height - 1) / 2, abs=0.25)
        assert float(middles.std()) == pytest.approx(size / 28, rel=0.2)
        wide = (rows * (torch.arange(height) - middles[:, None]).square()).sum(dim=1).sqrt()
        assert float(wide.mean()) == pytest.approx(size / 9, rel=0.1)


def test_copies_come_from_few_images_in_any_number() -> None:
    assert len(set(sources(draw("copies", 300)))) == 15
    assert len(set(sources(draw("copies", 7)))) == 1
    assert set(sources(draw("copies", 5 * planted.COPIES * N))) == set(range(N))


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


def test_many_images_are_mixed_from_few() -> None:
    assert draw("mixed", 5 * N).shape == (5 * N, 1, 28, 28)


def test_other_classes_than_ten_digits_can_have_faults() -> None:
    images, labels = real()
    few = labels % 3 + 2
    missing = planted.missing_class(images, few, 50, Noise(0, CPU))
    assert {int(few[index]) for index in sources(missing)} == {2, 3}
    one = planted.one_class(images, few, 50, Noise(0, CPU))
    assert {int(few[index]) for index in sources(one)} == {3}


def test_what_cannot_be_planted_is_refused() -> None:
    images, _ = real()
    nines = torch.full((N,), 9)
    with pytest.raises(ValueError, match="no images to draw from"):
        planted.missing_class(images, nines, 5, Noise(0, CPU))
    with pytest.raises(ValueError, match="one class only"):
        planted.mixed(images, nines, 5, Noise(0, CPU))


# the self-test

SETS = [{"class_entropy": value} for value in (2.30, 2.29, 2.31, 2.30, 2.30)]
FAULTS = {
    "one_class": {"class_entropy": 0.0},
    "missing_class": {"class_entropy": 2.19},
    "blurred": {"class_entropy": 2.27},
    "unchanged": {"class_entropy": 2.305},
}


@pytest.fixture
def one_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    entropy = {"class_entropy": selftest.EXPECTED["class_entropy"]}
    monkeypatch.setattr(selftest, "EXPECTED", entropy)


def judged(**changed: float) -> list[dict[str, Any]]:
    faults = {**FAULTS, **{fault: {"class_entropy": v} for fault, v in changed.items()}}
    return selftest.compare(SETS, faults, selftest.EXPECTED)


@pytest.mark.usefixtures("one_metric")
def test_a_fault_is_seen_outside_the_prediction_interval() -> None:
    """s = 0.00707, t(4) = 8.61 at 0.1 %: 8.61 x 0.00707 x sqrt(1.2) = 0.0667."""
    entries = judged()
    assert [entry["seen"] for entry in entries] == [selftest.FALLS, selftest.FALLS, 0, 0]
    assert all(entry["reach"] == pytest.approx(0.0667, abs=1e-4) for entry in entries)
    assert all(entry["mean"] == pytest.approx(2.30) for entry in entries)
    selftest.demand(entries, selftest.EXPECTED)


@pytest.mark.usefixtures("one_metric")
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"one_class": 2.25}, "class_entropy on one_class: had to fall below"),
        ({"missing_class": 9.9}, "class_entropy on missing_class: had to fall below"),
        ({"unchanged": 2.2}, "class_entropy on unchanged: had to stay in"),
    ],
)
def test_what_is_not_seen_or_seen_where_nothing_is_ends_the_run(
    changed: dict[str, float], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        selftest.demand(judged(**changed), selftest.EXPECTED)


@pytest.mark.usefixtures("one_metric")
def test_what_fails_is_told_in_words_too() -> None:
    assert selftest.failures(judged()) == []
    entries = judged(one_class=2.3, unchanged=2.2)
    assert [entry["told"] for entry in entries] == ["not seen", "seen", "", "moved"]
    assert selftest.failures(entries) == [
        "class_entropy does not see one class",
        "class_entropy moves though nothing changed",
    ]


@pytest.mark.usefixtures("one_metric")
def test_nothing_that_is_demanded_may_be_missing() -> None:
    with pytest.raises(UserError, match="class_entropy was not measured on missing_class"):
        selftest.demand([], selftest.EXPECTED)
    with pytest.raises(UserError, match="was not measured on unchanged"):
        selftest.demand(
            [entry for entry in judged() if entry["fault"] != "unchanged"], selftest.EXPECTED
        )


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="class_entropy: nan for one_class"):
        judged(one_class=math.nan)
    with pytest.raises(ValueError, match="two or more finite unchanged values"):
        selftest.compare(SETS[:1], FAULTS, selftest.EXPECTED)


def test_a_further_unchanged_set_is_seldom_seen() -> None:
    """0.1 % by the t distribution: at most 10 of 4,000."""
    stream = torch.Generator().manual_seed(0)
    draws = torch.randn(4000, 6, generator=stream, dtype=torch.float64)
    alarms = 0
    for row in draws.tolist():
        sets = [{"modes": value} for value in row[:5]]
        alarms += bool(selftest.compare(sets, {"x": {"modes": row[5]}}, {})[0]["seen"])
    assert alarms <= 10


def test_the_set_without_a_fault_has_a_level_of_its_own() -> None:
    """t(4) at 0.01 % is 15.5: 15.5 x 0.00707 x sqrt(1.2) = 0.12."""
    faults = {"unchanged": {"class_entropy": 2.2}, "blurred": {"class_entropy": 2.2}}
    entries = selftest.compare(SETS, faults, {}, alarm=0.0001)
    assert [entry["seen"] for entry in entries] == [0, selftest.FALLS]
    assert [entry["reach"] for entry in entries] == pytest.approx([0.1204, 0.0667], abs=1e-4)


def test_the_same_images_must_give_the_same_numbers() -> None:
    selftest.demand_equal({"modes": 9.0}, {"modes": 9.0})
    with pytest.raises(UserError, match="modes moves though nothing changed"):
        selftest.demand_equal({"modes": 9.0}, {"modes": 9.000001})


def test_a_perceptron_need_not_tell_mixed_and_noisy_images() -> None:
    everything = tuple(selftest.EXPECTED), tuple(planted.FAULTS)
    assert selftest.expected("cnn", 500, *everything, strict=True) == selftest.EXPECTED
    assert selftest.expected("mlp", 500, *everything, strict=True)["precision"] == {}
    falls = dict.fromkeys(("one_class", "blob", "mixed"), selftest.FALLS)
    assert selftest.expected("mlp", 500, *everything, strict=True)["recall"] == falls


def test_among_few_real_images_neighbourhoods_need_not_tell_noise() -> None:
    everything = tuple(selftest.EXPECTED), tuple(planted.FAULTS)
    noise = {("recall", "noisy"), ("coverage", "noisy")}
    assert missing(selftest.expected("cnn", 499, *everything, strict=True)) == noise


@pytest.mark.parametrize(
    ("images", "unseen"),
    [
        (500, {("fid_classifier", "missing_class"), ("precision", "mixed")}),
        (1000, {("precision", "mixed")}),
        (2000, set()),
    ],
)
def test_of_few_own_images_no_more_is_wanted_than_they_show(
    images: int, unseen: set[tuple[str, str]]
) -> None:
    everything = tuple(selftest.EXPECTED), tuple(planted.FAULTS)
    assert missing(selftest.expected("cnn", images, *everything, strict=False)) == unseen
    assert not missing(selftest.expected("cnn", images, *everything, strict=True))


def missing(found: Mapping[str, Mapping[str, int]]) -> set[tuple[str, str]]:
    pairs = {(metric, fault) for metric, faults in selftest.EXPECTED.items() for fault in faults}
    return pairs - {(metric, fault) for metric, faults in found.items() for fault in faults}


def test_of_one_class_alone_only_what_it_can_show_is_demanded() -> None:
    """No fault that takes two classes is planted, and what needs classes is not measured."""
    labels = torch.zeros(N, dtype=torch.int64)
    faults = planted.of_labels(labels)
    assert faults == ["blurred", "noisy", "copies", "blob"]
    assert planted.of_labels(labels + torch.arange(N) % 2) == list(planted.FAULTS)
    assert selftest.expected("cnn", 500, ["sharpness", "coverage"], faults, strict=True) == {
        "coverage": dict.fromkeys(("noisy", "copies", "blob"), selftest.FALLS),
        "sharpness": {"blurred": selftest.FALLS, "noisy": selftest.RISES},
    }


def test_every_fault_is_demanded_of_some_metric() -> None:
    demanded = {fault for faults in selftest.EXPECTED.values() for fault in faults}
    assert demanded == set(planted.FAULTS)
