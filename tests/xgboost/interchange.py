"""Models go both ways and predict the same bits: gboost's in XGBoost 1.7.6 and 3.2, theirs in gboost."""

import json

import numpy as np
from data import Table, mixed

ROWS = 600
ROUNDS = 30
PATIENCE = 3
COMMON = {"eta": 0.3, "max_depth": 6, "gamma": 0.1, "subsample": 0.8, "colsample_bytree": 0.8, "seed": 5}
OBJECTIVES = {
    "binary:logistic": {"base_score": 0.3, "eval_metric": "logloss"},
    "reg:squarederror": {"eval_metric": "rmse"},
    "multi:softprob": {"num_class": 3, "base_score": 0.5, "eval_metric": "mlogloss"},
}
BASE_SCORES = 600


def check(bench):
    report = bench.report
    report.begin("interchange", "the same margins, bit for bit, in gboost and in XGBoost 1.7.6 and 3.2")
    x, labels, weight = mixed(ROWS, seed=11)
    unseen = Table(unusual(mixed(ROWS, seed=12)[0]), np.zeros(ROWS))
    half = ROWS // 2
    for objective, own in OBJECTIVES.items():
        for method in ("hist", "exact"):
            for weights in (None, weight):
                params = {"objective": objective, "tree_method": method, **COMMON, **own}
                table = Table(x, labels[objective], weights)
                case = f"{objective}, {method}, {'no weights' if weights is None else 'weights'}"
                check_case(bench, case, params, table, None, unseen)
            train, validation = table.take(slice(0, half)), table.take(slice(half, None))
            params["eta"] = 1.0
            check_case(bench, f"{objective}, {method}, early stopping", params, train, validation, unseen)
    check_base_scores(bench)


def unusual(x):
    """Rows without any value, with large ones, with zeros of both signs and next to thresholds."""
    x = x.copy()
    x[0] = np.nan
    x[1] = 3e38
    x[2] = -3e38
    x[3] = 0.0
    x[4] = -0.0
    x[5:50] = np.nextafter(x[5:50], np.float32(np.inf))
    x[50:100] = np.nextafter(x[50:100], np.float32(-np.inf))
    return x


def equal_bits(a, b):
    return a.shape == b.shape and bool((a.view(np.uint32) == b.view(np.uint32)).all())


def check_case(bench, case, params, train, validation, unseen):
    """One gboost model read by both versions, and one model of each version read by gboost."""
    readers = [bench.xgboost_176, bench.xgboost_320]
    patience = None if validation is None else PATIENCE
    ours = bench.gboost.train(params, ROUNDS, train, validation, patience)
    agree, seen = [], []
    for reader in readers:
        agree.append(predict_alike(bench, ours, reader, unseen, seen))
    text = f"{case}: gboost's model in 1.7.6 and 3.2"
    for writer in readers:
        # XGBoost's own default of base_score, too: 3.2 writes an array where it estimates one a class.
        own = {key: value for key, value in params.items() if key != "base_score" or writer.version == "1.7.6"}
        theirs = writer.train(own, ROUNDS, train, validation, patience)
        agree.append(predict_alike(bench, theirs, writer, unseen, seen))
    text += ", theirs in gboost"
    if validation is not None:
        text += f" (best of {ours.best_iteration + 1} gboost rounds, and all)"
    bench.report.expect(all(agree), f"{text}: {sum(seen)} margins{'' if all(agree) else f', {agree}'}")


def predict_alike(bench, model, engine, unseen, seen):
    """Compares all rounds and, where early stopping noted one, the rounds up to the best."""
    same = True
    for best in [False] + ([True] if model.best_iteration is not None else []):
        mine = bench.gboost.margins(model.path, unseen, all_rounds=not best)
        other = engine.margins(model.path, unseen, best=best)
        same = same and equal_bits(mine, other)
        seen.append(mine.size)
    return same


def check_base_scores(bench):
    """binary:logistic stores a probability; its logit must come out the same everywhere."""
    rng = np.random.default_rng(1)
    third = BASE_SCORES // 3
    values = [rng.random(third), 10 ** -rng.uniform(0, 6, third), 1 - 10 ** -rng.uniform(0, 6, third)]
    values = np.unique(np.concatenate([*values, [0.5, 1e-6]]).astype(np.float32))
    values = values[(values >= np.float32(1e-6)) & (values <= np.float32(0.999999))]
    texts = [np.format_float_scientific(value, unique=True, trim="-").upper().replace("E+", "E") for value in values]

    # With eta 0 every leaf is 0, so a margin is the base margin.
    table = Table([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    params = {"objective": "binary:logistic", "eta": 0.0, "max_depth": 1, "base_score": 0.5}
    model = bench.gboost.train(params, 1, table)
    row = table.take(slice(0, 1))
    mine = []
    for text in texts:
        model.document["learner"]["learner_model_param"]["base_score"] = text
        with open(model.path, "w") as file:
            json.dump(model.document, file)
        mine.append(int(bench.gboost.margins(model.path, row).view(np.uint32)[0, 0]))
    for engine in (bench.xgboost_176, bench.xgboost_320):
        theirs = engine.base_margins(model.path, 2, texts)
        bench.report.expect(theirs == mine, f"base margins of {len(texts)} values of base_score as in {engine.version}")
