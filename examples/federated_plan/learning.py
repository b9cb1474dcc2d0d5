"""The toy model: how many days a patient needs to recover, as a linear function of two measurements.

Federated averaging: each hospital improves the common model on its own patients, and the results are averaged,
weighted by the number of patients. A sample is a text with one patient per line; a model is what json can write.

The three functions that tasks run have the same form: (samples, models) -> result.
"""
TRUE_WEIGHTS = (6.0, -4.0, 9.0)  # days per unit of severity, of fitness, and for everybody
NOISE_DAYS = 0.5
STEPS_PER_ROUND = 20
LEARNING_RATE = 0.8


def make_sample(random, patients, severity):
    """Invented patients; `severity` is the range of cases that this hospital sees."""
    lines = []
    for _ in range(patients):
        features = (random.uniform(*severity), random.random())
        days = _predict(TRUE_WEIGHTS, features) + random.gauss(0, NOISE_DAYS)
        lines.append("{:.4f},{:.4f},{:.2f}".format(*features, days))
    return "\n".join(lines)


def train(samples, models):
    """Some steps of gradient descent, from the given model or from zero."""
    patients = _read(samples)
    weights = list(models[0]["weights"]) if models else [0.0, 0.0, 0.0]
    for _ in range(STEPS_PER_ROUND):
        gradient = [0.0, 0.0, 0.0]
        for features, days in patients:
            error = _predict(weights, features) - days
            for i, value in enumerate((*features, 1.0)):
                gradient[i] += error * value / len(patients)
        weights = [weight - LEARNING_RATE * slope for weight, slope in zip(weights, gradient)]
    return {"weights": weights, "patients": len(patients)}


def aggregate(samples, models):
    """The average of the models, each counted by its patients."""
    patients = sum(model["patients"] for model in models)
    weights = [sum(model["weights"][i] * model["patients"] for model in models) / patients for i in range(3)]
    return {"weights": weights, "patients": patients}


def evaluate(samples, models):
    """The share of the variance that the model explains (R²): 1 is perfect, 0 is no better than the mean."""
    patients = _read(samples)
    mean = sum(days for _, days in patients) / len(patients)
    unexplained = sum((_predict(models[0]["weights"], features) - days) ** 2 for features, days in patients)
    return 1 - unexplained / sum((days - mean) ** 2 for _, days in patients)


def _predict(weights, features):
    return weights[0] * features[0] + weights[1] * features[1] + weights[2]


def _read(samples):
    rows = [[float(value) for value in line.split(",")] for sample in samples for line in sample.splitlines()]
    return [((severity, fitness), days) for severity, fitness, days in rows]
