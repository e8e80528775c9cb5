"""What `scoring.score` measures on one set, by the packages one after the other."""

import torch
from scipy import stats
from torch import Tensor

from benchmarks import metric_references as reference
from benchmarks.metric_inputs import Everything

INTERVALS_OF_MEANS = 2  # of the sharpness and of the image entropy


def everything(given: Everything) -> dict[str, float]:
    """Pytorch-fid, torch-fidelity (KID, Inception Score), prdc, scipy, scikit-learn; ours also
    takes four intervals, FID-infinity, modes and the likeliest copies.
    """
    return _shared(given) | reference.fidelity_kid(given.real_features, given.features)


def everything_with_intervals(given: Everything) -> dict[str, float]:
    """Equal work: our loops for intervals and FID-infinity, our subsets for the KID."""
    features = given.real_features, given.features
    found = _shared(given) | reference.fidelity_kid_same_subsets(*features)
    infinity = reference.pytorch_fid_infinity(*features)["fid_infinity"]
    reference.pytorch_fid_interval(*features)
    per_image = stats.entropy(_probabilities(given.logits).numpy(), axis=1)
    for _ in range(INTERVALS_OF_MEANS):
        reference.scipy_mean_interval(torch.from_numpy(per_image).double())
    return found | {"fid_classifier_infinity": infinity}


def _shared(given: Everything) -> dict[str, float]:
    """All but the KID, whose subsets are not those of `scoring.score`: it shuffles them."""
    features = given.real_features, given.features
    opinions = _probabilities(given.real_logits), _probabilities(given.logits)
    inception = reference.fidelity_inception(given.real_logits, given.logits)
    return {
        **reference.scipy_class_entropy(*opinions),
        **reference.scipy_class_kl(*opinions),
        **reference.scipy_image_entropy(*opinions),
        "inception_score_classifier": inception["inception_score"],
        "fid_classifier": reference.pytorch_fid(*features)["fid"],
        **reference.prdc(*features),
        **reference.scipy_sharpness(given.real_images, given.images),
        **reference.scikit_memorization(given.images, given.train_images, given.real_images),
    }


def _probabilities(logits: Tensor) -> Tensor:
    return logits.softmax(dim=1)
