//! The verdict on the curves of a training: its rules, and its sentences.
//!
//! With the loss on data that was not trained on (for AUC and the like, what is missing to 1)
//! first, at its best and at the end:
//!
//! 1. it **overfits** if the end is worse than the best by more than 1 % of what it fell from the
//!    first round to the best, and the training data does not get worse as well;
//! 2. it **overfits** if the training data has run away: the gap between both is more than a fifth
//!    of the loss (the training loss is less than four fifths of it), and it has grown with the
//!    rounds, rather than been there from the first one, as it is where the rows are merely harder;
//! 3. it **underfits** if the last tenth of the rounds still brought more than 1 % of what it fell;
//! 4. otherwise it has **settled**.
//!
//! The gap is measured by the loss, not in the metric's own numbers: AUC .844 and .773 look close,
//! but .227 against .156 is a third less missing. Without both curves there is no verdict.

use crate::history_file::LossCurve;
use crate::html::figure;
use crate::palette::DataRole;
use gboost::metric::{Better, Metric};
use serde::Serialize;

/// Outcome of a training as its curves show it, by the rules at the head of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It gets worse on data that it does not train on, or better on the training data alone.
    Overfits,
    /// It still gets better with every round.
    Underfits,
    /// It has stopped getting better, does not get worse, and is about as good on the training
    /// data.
    Settled,
    /// A curve is missing or has one round, or the curves show no trend that the rules decide.
    Unknown,
}

/// Rounds that predict, and whether early stopping has chosen them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundsUsed {
    /// Number of rounds that predict, from the first one on.
    pub rounds: usize,
    /// Whether the training had early stopping, which has chosen the best ones.
    pub stopped_early: bool,
}

/// A loss counts as risen, or as still falling, by this share of everything it fell by.
const NOTABLE_SHARE: f64 = 0.01;
/// A gap is wide from this share of the loss on.
const WIDE_SHARE: f64 = 0.2;
/// A gap has grown if this share of it was not there at first; it has shrunk if it was wider by
/// this share at half of the rounds.
const GROWN_SHARE: f64 = 0.1;

/// Which values of a metric are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    better: Better,
}

impl Scale {
    pub(super) fn of(metric: &str) -> Self {
        let known = ["auc", "aucpr", "accuracy", "f1", "precision", "recall", "map", "ndcg", "r2"];
        let by_name = || match known.iter().any(|name| metric.starts_with(name)) {
            true => Better::Higher,
            false => Better::Lower,
        };
        Self { better: Metric::from_name(metric).map_or_else(|_| by_name(), |metric| metric.better()) }
    }

    /// How far a value is from the best that there can be, 1 or 0: smaller is better.
    pub(super) fn loss(self, value: f64) -> f64 {
        match self.better {
            Better::Lower => value,
            Better::Higher => 1.0 - value,
        }
    }

    /// Returns the first of the best points; `None` without a point.
    pub(super) fn best(self, points: &[Point]) -> Option<Point> {
        self.better.best(points.iter().copied())
    }

    fn superlative(self) -> &'static str {
        match self.better {
            Better::Lower => "lowest",
            Better::Higher => "highest",
        }
    }
}

/// A round and the metric after it.
pub(super) type Point = (usize, f64);

/// The round that a curve begins with: not the first one of a model that was continued.
fn first(round: usize) -> String {
    if round == 0 { "the first round".to_string() } else { format!("round {round}, with which the curve begins") }
}

/// The training data's metric beside that of the data that was not trained on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gap {
    /// On the training data, at the end.
    train: f64,
    /// On the training data when the other data's metric was best.
    train_at_best: f64,
    /// The difference of the losses after the first round, half of them, and all.
    first: f64,
    middle: f64,
    end: f64,
    /// The difference at the end as a share of the loss on the other data.
    share: f64,
}

impl Gap {
    /// Whether the training data has run away.
    fn widens(&self) -> bool {
        self.share > WIDE_SHARE
            && self.end - self.first > GROWN_SHARE * self.end
            && self.middle - self.end < GROWN_SHARE * self.end
    }

    fn sentence(&self) -> String {
        format!(
            " On the training data it ends at {}, {} apart ({:.0} % of the loss).",
            figure(self.train),
            figure(self.end.abs()),
            100.0 * self.share.abs(),
        )
    }
}

/// The verdict in detail, with the figures that it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finding {
    /// There is no data but the training data.
    TrainingAlone,
    /// The metric is not defined on the data.
    Undefined,
    /// The curve has a single round, from which no trend can be told.
    SingleRound { last: Point },
    /// There is no curve of the training data.
    UnseenAlone { best: Point, last: Point },
    /// It is worse at the end than at its best, and so it is on the training data.
    BothWorsen { best: Point, last: Point, gap: Gap },
    /// It is never better than after the first round, and worse at the end.
    NeverImproves { best: Point, last: Point, gap: Gap },
    /// It gets worse from its best on.
    Turned { best: Point, last: Point, gap: Gap },
    /// The training data runs away.
    Widens { first: Point, last: Point, gap: Gap, still: bool },
    /// It is as good after the first round as at the end, and never better.
    Flat { last: Point },
    /// It gets better to the end.
    StillImproves { late: Point, last: Point, gap: Gap },
    /// None of the above holds: the loss has levelled off near its best.
    Settled { best: Point, last: Point, gap: Gap },
}

impl Finding {
    /// Judges the curve of data that was not trained on, beside that of the training data where
    /// there is one.
    pub(super) fn new(curve: &LossCurve, train: Option<&LossCurve>, scale: Scale) -> Self {
        let points = points(curve);
        let (Some(&first), Some(&last), Some(best)) = (points.first(), points.last(), scale.best(&points)) else {
            return Self::Undefined;
        };
        if points.len() == 1 {
            return Self::SingleRound { last };
        }
        let loss = |point: Point| scale.loss(point.1);
        let (fell, rose) = (loss(first) - loss(best), loss(last) - loss(best));
        let middle = points[points.len() / 2];
        let Some(gap) = train.and_then(|train| gap(train, scale, [first, best, middle, last])) else {
            return Self::UnseenAlone { best, last };
        };
        // Around the last tenth of the rounds, which has two ends if there are at least two rounds.
        let steps = points.len() - 1;
        let late = points[steps - steps.div_ceil(10)];
        let still = loss(late) - loss(last) > NOTABLE_SHARE * fell;
        if rose > NOTABLE_SHARE * fell {
            return match () {
                () if scale.loss(gap.train) > scale.loss(gap.train_at_best) => Self::BothWorsen { best, last, gap },
                () if fell > 0.0 => Self::Turned { best, last, gap },
                () => Self::NeverImproves { best, last, gap },
            };
        }
        match () {
            () if gap.widens() => Self::Widens { first, last, gap, still },
            () if fell <= 0.0 => Self::Flat { last },
            () if still => Self::StillImproves { late, last, gap },
            () => Self::Settled { best, last, gap },
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::NeverImproves { .. } | Self::Turned { .. } | Self::Widens { .. } => Verdict::Overfits,
            Self::StillImproves { .. } => Verdict::Underfits,
            Self::Settled { .. } => Verdict::Settled,
            Self::TrainingAlone
            | Self::Undefined
            | Self::SingleRound { .. }
            | Self::UnseenAlone { .. }
            | Self::BothWorsen { .. }
            | Self::Flat { .. } => Verdict::Unknown,
        }
    }
}

/// The rounds of a curve whose value is a number.
pub(super) fn points(curve: &LossCurve) -> Vec<Point> {
    let all = curve.rounds.iter().copied().zip(curve.values.iter().copied());
    all.filter(|(_, value)| !value.is_nan()).collect()
}

/// The gap to the training data; `None` if its curve does not reach as far at either end, or is not
/// defined.
fn gap(train: &LossCurve, scale: Scale, [first, best, middle, last]: [Point; 4]) -> Option<Gap> {
    if train.rounds.first()? > &first.0 || train.rounds.last()? < &last.0 {
        return None;
    }
    let at = |point: Point| {
        let place = train.rounds.partition_point(|&round| round < point.0);
        train.values.get(place).copied().filter(|value| !value.is_nan())
    };
    let difference = |point: Point| Some(scale.loss(point.1) - scale.loss(at(point)?));
    let (end, loss) = (difference(last)?, scale.loss(last.1));
    Some(Gap {
        train: at(last)?,
        train_at_best: at(best)?,
        first: difference(first)?,
        middle: difference(middle)?,
        end,
        share: if loss > 0.0 { end / loss } else { 0.0 },
    })
}

/// What a sentence is made of besides the finding.
pub(super) struct Told<'a> {
    /// The curve that decides, or that of the training data.
    pub shown: &'a LossCurve,
    pub scale: Scale,
    pub used: RoundsUsed,
    /// Whether the model predicts classes, rather than numbers.
    pub classifies: bool,
}

impl Told<'_> {
    /// The data and the metric, as a sentence begins; names of files stay as they are.
    fn subject(&self) -> String {
        let LossCurve { channel, metric, .. } = self.shown;
        let data = match channel.as_str() {
            "train" => "the training data",
            "validation" => "the validation data",
            "test" => "the test data",
            "data" => "the data",
            file => file,
        };
        format!("On {data}, {metric}")
    }

    pub(super) fn sentence(&self, finding: &Finding) -> String {
        let subject = self.subject();
        let verb = self.scale.superlative();
        let went = |gap: &Gap| {
            let (then, now) = (figure(gap.train_at_best), figure(gap.train));
            match then == now {
                true => format!("while on the training data it stays at {now}"),
                false => format!("while on the training data it goes on from {then} to {now}"),
            }
        };
        match finding {
            Finding::TrainingAlone => {
                let values = &self.shown.values;
                let [first, last] = [values.first(), values.last()].map(|value| figure(value.copied().unwrap_or(0.0)));
                let what = if self.classifies { "classifies" } else { "predicts" };
                format!(
                    "{subject} goes from {first} to {last}. How well the model {what} rows that it has not seen cannot be told \
                     from data that it was trained on: give validation data as well."
                )
            }
            Finding::Undefined => format!("{subject} is not defined."),
            Finding::SingleRound { last } => {
                format!("There is a single round. {subject} is {} after it.", figure(last.1))
            }
            Finding::UnseenAlone { best, last } => format!(
                "{subject} is {verb} in round {} of {} ({}), and {}{} at the end. What is over- or underfitting shows only beside \
                 the training data: give it as well.",
                best.0,
                last.0,
                figure(best.1),
                figure(last.1),
                percent_change(*best, *last),
            ),
            Finding::BothWorsen { best, last, gap } => format!(
                "{subject} is {verb} in round {} of {} ({}) and gets worse from there on, to {}{}; on the training data it gets \
                 worse as well, from {} to {}, which is not overfitting. A smaller eta, or a metric that is closer to what the \
                 objective optimises, may help.",
                best.0,
                last.0,
                figure(best.1),
                figure(last.1),
                percent_change(*best, *last),
                figure(gap.train_at_best),
                figure(gap.train),
            ),
            Finding::NeverImproves { best, last, gap } => format!(
                "{subject} is {verb} after {} ({}) and worse at the end, {} in round {}, {}: what the model learns \
                 does not carry over. A smaller eta, shallower trees or more rows may help.",
                first(best.0),
                figure(best.1),
                figure(last.1),
                last.0,
                went(gap),
            ),
            Finding::Turned { best, last, gap } => format!(
                "{subject} is {verb} in round {} of {} ({}) and gets worse from there on, to {}{} at the end, {}: the model \
                 overfits after round {}. {}",
                best.0,
                last.0,
                figure(best.1),
                figure(last.1),
                percent_change(*best, *last),
                went(gap),
                best.0,
                self.turned_remedy(best.0),
            ),
            Finding::Widens { first, last, gap, still } => format!(
                "{subject} {} at {}, but it is {} on the training data: the gap has grown from {} in round {} to {} in round {}, \
                 {:.0} % of the loss. The model overfits: it tells the rows that it was trained on better than new ones. \
                 Stronger regularisation (shallower trees, a larger min_child_weight, gamma or lambda) or more rows usually \
                 narrow the gap.",
                if *still { "still improves, and ends" } else { "has settled" },
                figure(last.1),
                figure(gap.train),
                figure(gap.first),
                first.0,
                figure(gap.end),
                last.0,
                100.0 * gap.share,
            ),
            Finding::Flat { last } => format!(
                "{subject} is {} after the first round, and no better after any other of {}: the model learns nothing that \
                 carries over.",
                figure(last.1),
                last.0 + 1,
            ),
            Finding::StillImproves { late, last, gap } => format!(
                "{subject} still improves at the end: from {} to {} over the last {}of {} rounds. {} may improve it further.{}",
                figure(late.1),
                figure(last.1),
                match last.0 - late.0 {
                    1 => String::new(),
                    rounds => format!("{rounds} "),
                },
                last.0 + 1,
                if self.used.stopped_early {
                    "More patience of early stopping"
                } else {
                    "More rounds, or a larger eta,"
                },
                gap.sentence(),
            ),
            Finding::Settled { best, last, gap } => format!(
                "{subject} is {verb} in round {} of {} ({}) and has settled: {} at the end. Neither over- nor underfitting shows.{}",
                best.0,
                last.0,
                figure(best.1),
                figure(last.1),
                gap.sentence(),
            ),
        }
    }

    /// What to do about rounds after the best one: nothing that was done already.
    fn turned_remedy(&self, best: usize) -> String {
        if self.used.rounds <= best + 1 {
            return format!("Predictions stop at round {}, so they do not suffer.", self.used.rounds.saturating_sub(1));
        }
        if self.used.stopped_early {
            return format!(
                "Early stopping has found this; predictions of the best rounds alone, up to round {best}, do not suffer."
            );
        }
        match self.shown.role {
            DataRole::Test => {
                "Choose the number of rounds on validation data, with early_stopping_rounds, rather than on the \
                               data that judges."
                    .to_string()
            }
            _ => format!("{} rounds, or early_stopping_rounds, would have been enough.", best + 1),
        }
    }
}

/// By how much the last value differs from the best one, in parentheses.
fn percent_change(best: Point, last: Point) -> String {
    match best.1 == 0.0 || last.1 == best.1 {
        true => String::new(),
        false => format!(" ({:+.1} %)", 100.0 * (last.1 - best.1) / best.1.abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(role: DataRole, channel: &str, metric: &str, value: impl Fn(f64) -> f64) -> LossCurve {
        LossCurve {
            channel: channel.to_string(),
            role,
            metric: metric.to_string(),
            rounds: (0..100).collect(),
            values: (0..100).map(|round| value(f64::from(round))).collect(),
        }
    }

    /// The finding on a file whose name begins with a small letter, and its sentence.
    fn found(metric: &str, value: impl Fn(f64) -> f64, train: Option<fn(f64) -> f64>) -> (Finding, String) {
        let unseen = curve(DataRole::Test, "eBay_test.csv", metric, value);
        let train = train.map(|value| curve(DataRole::Train, "train", metric, value));
        let scale = Scale::of(metric);
        let finding = Finding::new(&unseen, train.as_ref(), scale);
        let used = RoundsUsed { rounds: 100, stopped_early: false };
        let sentence = Told { shown: &unseen, scale, used, classifies: true }.sentence(&finding);
        (finding, sentence)
    }

    /// Falls from 0.6 towards an end, near to it after a fifth of the rounds.
    fn towards(end: f64) -> impl Fn(f64) -> f64 {
        move |round| end + (0.6 - end) * (-round / 6.0).exp()
    }

    #[test]
    fn a_gap_that_grows_is_overfitting_though_the_loss_has_settled() {
        // AUC .844 and .773: both level off, so that nothing turns.
        let rises = |end: f64| move |round: f64| end - (end - 0.74) * (-round / 6.0).exp();
        let (finding, sentence) = found("auc", rises(0.773), Some(|round| 0.844 - 0.1 * (-round / 20.0).exp()));
        assert!(matches!(finding, Finding::Widens { still: false, .. }), "{finding:?}");
        assert_eq!(finding.verdict(), Verdict::Overfits);
        assert!(sentence.contains("0.7730, but it is 0.8433 on the training data"), "{sentence}");
        let (finding, _) = found("logloss", towards(0.4), Some(|round| 0.2 + 0.4 * (-round / 20.0).exp()));
        assert_eq!(finding.verdict(), Verdict::Overfits);
        // In units of the label, whatever they are.
        let (finding, _) =
            found("rmse", |round| 1e6 * towards(0.4)(round), Some(|round| 1e6 * (0.2 + 0.4 * (-round / 20.0).exp())));
        assert_eq!(finding.verdict(), Verdict::Overfits);
    }

    #[test]
    fn a_gap_that_is_narrow_or_was_always_there_is_not() {
        let (finding, sentence) = found("logloss", towards(0.4), Some(|round| 0.36 + 0.24 * (-round / 6.0).exp()));
        assert_eq!(finding.verdict(), Verdict::Settled);
        assert!(sentence.contains("Neither over- nor underfitting shows."), "{sentence}");
        // Rows that are harder from the first round on.
        let (finding, _) =
            found("logloss", |round| towards(0.4)(round) + 0.3, Some(|round| 0.4 + 0.2 * (-round / 6.0).exp()));
        assert_eq!(finding.verdict(), Verdict::Settled);
        // Better than on the training data.
        let (finding, _) = found("logloss", towards(0.3), Some(|round| 0.5 + 0.1 * (-round / 6.0).exp()));
        assert_eq!(finding.verdict(), Verdict::Settled);
    }

    #[test]
    fn a_gap_is_named_where_the_loss_still_falls() {
        let (finding, sentence) = found("logloss", |round| 0.6 - 0.001 * round, Some(|round| 0.6 - 0.005 * round));
        assert!(matches!(finding, Finding::Widens { still: true, .. }), "{finding:?}");
        assert!(sentence.contains("still improves") && sentence.contains("overfits"), "{sentence}");
        let (finding, _) = found("logloss", |round| 0.6 - 0.003 * round, Some(|round| 0.6 - 0.0033 * round));
        assert_eq!(finding.verdict(), Verdict::Underfits);
    }

    #[test]
    fn a_loss_that_turns_is_overfitting_unless_the_training_data_turns_too() {
        let turns = |round: f64| 0.3 + (round - 40.0).powi(2) * 1e-4;
        let (finding, sentence) = found("logloss", turns, Some(|round| 0.5 - 0.004 * round));
        assert_eq!(finding.verdict(), Verdict::Overfits);
        assert!(
            sentence.contains("overfits after round 40") && sentence.contains("rather than on the data"),
            "{sentence}"
        );
        let (finding, sentence) = found("logloss", turns, Some(|round| 0.29 + (round - 40.0).powi(2) * 1e-4));
        assert_eq!(finding.verdict(), Verdict::Unknown);
        assert!(sentence.contains("which is not overfitting"), "{sentence}");
        let (finding, _) = found("logloss", |round| 0.5 + round * 0.01, Some(|round| 0.5 - 0.004 * round));
        assert!(matches!(finding, Finding::NeverImproves { .. }), "{finding:?}");
    }

    #[test]
    fn nothing_is_said_of_fitting_without_the_training_datas_curve() {
        let turns = |round: f64| 0.3 + (round - 40.0).powi(2) * 1e-4;
        for value in [&turns as &dyn Fn(f64) -> f64, &towards(0.3), &|round| 0.6 - 0.003 * round] {
            let (finding, sentence) = found("logloss", value, None);
            assert_eq!(finding.verdict(), Verdict::Unknown);
            assert!(!sentence.contains("overfits") && !sentence.contains("Neither"), "{sentence}");
            assert!(!sentence.contains("apart") && sentence.ends_with("give it as well."), "{sentence}");
        }
        // A curve of the training data that ends before.
        let unseen = curve(DataRole::Validation, "validation", "logloss", turns);
        let mut train = curve(DataRole::Train, "train", "logloss", |round| 0.5 - 0.004 * round);
        train.rounds.truncate(50);
        train.values.truncate(50);
        assert_eq!(Finding::new(&unseen, Some(&train), Scale::of("logloss")).verdict(), Verdict::Unknown);
        // The last round alone.
        let mut train = curve(DataRole::Train, "train", "logloss", |round| 0.5 - 0.004 * round);
        train.rounds.drain(..train.rounds.len() - 1);
        train.values.drain(..train.values.len() - 1);
        assert_eq!(Finding::new(&unseen, Some(&train), Scale::of("logloss")).verdict(), Verdict::Unknown);
    }

    #[test]
    fn rounds_are_those_of_the_model() {
        // A curve of two rounds, and one of a model that was continued after 30.
        let told = |rounds: std::ops::Range<usize>, value: fn(usize) -> f64| {
            let of = |role, sign: f64| LossCurve {
                channel: "data".to_string(),
                role,
                metric: "logloss".to_string(),
                values: rounds.clone().map(|round| 0.5 + sign * value(round)).collect(),
                rounds: rounds.clone().collect(),
            };
            let (unseen, train) = (of(DataRole::Validation, 1.0), of(DataRole::Train, -1.0));
            let scale = Scale::of("logloss");
            let used = RoundsUsed { rounds: rounds.end, stopped_early: false };
            let finding = Finding::new(&unseen, Some(&train), scale);
            Told { shown: &unseen, scale, used, classifies: true }.sentence(&finding)
        };
        let continued = told(30..60, |round| 0.005 * round as f64);
        assert!(continued.contains("lowest after round 30, with which the curve begins (0.6500)"), "{continued}");
        let whole = told(0..30, |round| 0.005 * round as f64);
        assert!(whole.contains("lowest after the first round (0.5000)"), "{whole}");
        let short = told(0..2, |round| -0.1 * round as f64);
        assert!(short.contains("over the last of 2 rounds"), "{short}");
        let long = told(0..40, |round| -0.005 * round as f64);
        assert!(long.contains(" of 40 rounds") && !long.contains("over the last of"), "{long}");
    }

    #[test]
    fn names_of_files_stay_as_they_are() {
        let (_, sentence) = found("logloss", towards(0.3), None);
        assert!(sentence.starts_with("On eBay_test.csv, logloss is lowest in round 99 of 99 "), "{sentence}");
    }

    #[test]
    fn advice_that_was_followed_is_not_given() {
        let unseen = curve(DataRole::Validation, "validation", "logloss", |round| 0.3 + (round - 40.0).powi(2) * 1e-4);
        let remedy = |rounds: usize, stopped_early: bool| {
            let used = RoundsUsed { rounds, stopped_early };
            Told { shown: &unseen, scale: Scale::of("logloss"), used, classifies: true }.turned_remedy(40)
        };
        assert_eq!(remedy(100, false), "41 rounds, or early_stopping_rounds, would have been enough.");
        assert_eq!(remedy(41, true), "Predictions stop at round 40, so they do not suffer.");
        assert!(!remedy(100, true).contains("early_stopping_rounds"), "{}", remedy(100, true));
    }

    #[test]
    fn what_is_not_a_number_or_never_changes_decides_nothing() {
        let (finding, sentence) = found("auc", |_| f64::NAN, Some(|_| 0.9));
        assert_eq!(finding, Finding::Undefined);
        assert_eq!(sentence, "On eBay_test.csv, auc is not defined.");
        let (finding, sentence) = found("auc", |_| 0.5, Some(|_| 0.5));
        assert_eq!(finding.verdict(), Verdict::Unknown);
        assert!(!sentence.contains("worse"), "{sentence}");
    }
}
