//! One training on data that was read: what train, tune and verify have in common.

use crate::data::Channels;
use crate::memory::Need;
use crate::observer::{Event, Observer, Phase};
use gboost::ingest::Channel;
use gboost::{BackendChoice, BinnedMatrix, Compute, Evaluate, Model, Params, Result, Rounds, Trained, Trainer};
use gboost_report::Figures;
use gboost_report::metrics_file;

/// Why the values are needed to go on from a model, whose thresholds may lie within bins.
pub const CONTINUES: Need = Need {
    flag: "--continue-from",
    why: "needs the values of the training rows for the trees that there are",
    remedy: "train the model from its first round on",
};

/// A training, ready to run.
#[derive(Clone, Copy)]
pub struct Training<'a> {
    /// Parameters that the model is trained with.
    pub params: &'a Params,
    /// Training rows, and those to evaluate on.
    pub channels: &'a Channels,
    /// The training rows, binned, where their values were given up.
    pub matrix: Option<&'a BinnedMatrix>,
    /// Model whose training goes on; `None` to begin with no tree.
    pub start: Option<&'a Model>,
    /// Where and how to compute.
    pub compute: &'a Compute,
    /// When the train metrics are evaluated where there is no validation channel and nobody looks
    /// at the rounds.
    pub hidden: Evaluate,
}

impl Training<'_> {
    /// Trains, and reports the rounds to the observer.
    pub fn run(&self, observer: &mut dyn Observer) -> Result<Trained> {
        let Self { params, channels, compute, .. } = self;
        observer.begin(Phase::Training { rounds: params.num_round })?;
        let mut trainer = trainer(params, channels).on((*compute).clone());
        if channels.validation.is_none() && !observer.wants_rounds() {
            trainer = trainer.evaluate(self.hidden);
        }
        if let Some(matrix) = self.matrix {
            trainer = trainer.binned(matrix);
        }
        if let Some(model) = self.start {
            trainer = trainer.continue_from(model);
        }
        let trained = trainer.on_round(|progress| observer.on(&Event::Round(progress))).run();
        observer.tell(&Event::Trained(trained.as_ref().ok()))?;
        trained.map_err(|error| observer.or_reason(error))
    }
}

/// A training on the channels, the validation rows evaluated where there are some.
fn trainer<'a>(params: &'a Params, channels: &'a Channels) -> Trainer<'a> {
    let trainer = Trainer::new(params, &channels.train.dataset);
    match &channels.validation {
        Some(validation) => trainer.channel("validation", &validation.dataset),
        None => trainer,
    }
}

/// Bins the training rows, after what the trainer would refuse has been refused.
pub fn give_up_values(channels: &mut Channels, params: &Params, backend: &BackendChoice) -> Result<BinnedMatrix> {
    trainer(params, channels).check()?;
    channels.take_train(params, backend)
}

/// The figures of all channels; those of the training rows by their bins where they have no values.
pub fn figures(
    trained: &Trained,
    channels: &Channels,
    matrix: Option<&BinnedMatrix>,
) -> Result<metrics_file::Channels> {
    let Trained { model, metrics, .. } = trained;
    let of = |channel: &Channel| Figures::new(model, &channel.dataset, metrics, Rounds::Best);
    Ok(metrics_file::Channels {
        train: match matrix {
            Some(matrix) => Figures::of_binned(model, (&channels.train.dataset, matrix), metrics, Rounds::Best)?,
            None => of(&channels.train)?,
        },
        validation: channels.validation.as_ref().map(of).transpose()?,
        test: channels.test.as_ref().map(of).transpose()?,
    })
}
