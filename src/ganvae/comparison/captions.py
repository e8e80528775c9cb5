"""What each figure shows, in a sentence: for the page, and for whoever puts it into a paper."""

from ganvae.comparison.measurements import Study

SEED = "of the first seed that finished"
BAND = "mean over the seeds, band from the lowest to the highest"


def captions(study: Study) -> dict[str, str]:
    """File stem -> the figure's sentence, without markup."""
    protocol, classes = study.protocol, study.classes
    along = f"{protocol['snapshot_images']:,} images of each snapshot"
    images = f"{protocol['generated_images']:,} images per seed"
    several = len(classes.names) > 1
    entropy = "class entropy, " if several else ""
    mixed = any(seed.mixture for model in study.models for seed in model.seeds)
    mixtures = "; a mixture's from a density fitted to the model's codes" if mixed else ""
    return {
        "samples": f"Images drawn from the same noise by each model, {SEED}, beside real "
        f"ones{mixtures}.",
        "training": f"Images along the training {SEED}: the same noise in each column.",
        "timeline": f"What is drawn along the training ({entropy}coverage and FID of {along}): "
        f"{BAND}; marks where a seed collapsed or diverged.",
        "class_histogram_timeline": f"The {classes.plural} drawn along the training by one seed of "
        "each model, a collapsed one where there is one; a red line where it collapsed.",
        "class_histograms": f"How often each {classes.word} is drawn among {images}: bar mean, dot "
        "seed, line real images.",
        "image_entropy": "How sure the classifier is of single images: share of images over their "
        "entropy in nats, filled the model's, line real images'.",
        "reconstructions": f"Test images and their reconstructions, {SEED}: by the encoder, or "
        "by a search in the latent space for a model without one.",
        "latent_space": "Codes of test images on their two principal axes, coloured by "
        f"{classes.word}, {SEED}.",
        "interpolations": f"Walks from one latent point to another in each row, {SEED}.",
        "nearest": f"The generated images that are most like copies, {SEED}, above the nearest "
        "training and test images.",
        "frechet_curve": "The FID of growing numbers of images, and the line through them that "
        f"ends at infinitely many: {BAND}.",
        "losses": f"Every recorded loss along the training: {BAND}, a cross where a seed diverged.",
        "constraint": "By how much L_gan exceeds its bound d along the training, and the share of "
        f"steps at which it does: {BAND}.",
        "budget": f"FID of {along} against training time and images seen, and of {images} against "
        "parameters and operations.",
    }


def text(study: Study) -> str:
    """The file `captions.md`: a line for each figure."""
    return "".join(f"- `{stem}`: {said}\n" for stem, said in captions(study).items())
