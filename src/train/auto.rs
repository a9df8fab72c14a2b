//! `auto`: a training that changes hands between two rounds ([`crate::train::contest`] has the
//! rule).
//!
//! Margins are all that crosses. Where the GPU fails they are computed anew, from those before the
//! first round and the trees since then.

use crate::backend::problem::Problem;
use crate::backend::{Backend, Margins, Side};
use crate::binning::rule::SplitTest;
use crate::cpu::{CpuBackend, CpuOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::train::choice::AutoOptions;
use crate::train::contest::{Contest, News, Record};
#[cfg(feature = "gpu")]
use crate::train::plan::BY_ROW;
use crate::train::plan::Plan;
use crate::train::training::{Training, advance};
use crate::tree::grown::FinishedTree;
use crate::tree::sampling::TreeSample;
use crate::tree::{Node, Tree};
use crate::util::clock::Stopwatch;
use rayon::prelude::*;

/// What the choice has to know of a round before it runs.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    /// Whether metrics are due.
    pub due: bool,
    /// Rounds that may follow.
    pub left: usize,
}

/// The choice as it goes on over the rounds of trainings that advance together.
pub(crate) struct Auto<'p> {
    #[cfg_attr(not(feature = "gpu"), allow(dead_code))]
    options: &'p AutoOptions,
    contest: Contest,
    side: Side,
    /// Who takes over before the next round.
    next: Option<Side>,
    gpu: Option<String>,
    /// What happened since the last round.
    news: Vec<News>,
    reason: Option<String>,
}

impl<'p> Auto<'p> {
    pub fn new(options: &'p AutoOptions) -> Self {
        Self {
            options,
            contest: Contest::new(options.rule.clone()),
            side: Side::Cpu,
            next: None,
            gpu: None,
            news: Vec::new(),
            reason: None,
        }
    }

    /// Runs a round of all trainings on the current side; returns the events that preceded it.
    pub fn round(
        &mut self,
        plan: &Plan<'_>,
        trainings: &mut [Training<'_>],
        samples: Vec<Vec<TreeSample>>,
        Turn { due, left }: Turn,
    ) -> Result<&[News]> {
        self.news.clear();
        match self.next.take() {
            Some(Side::Gpu) => self.try_gpu(plan, trainings, left + 1),
            Some(Side::Cpu) => self.hand_back(plan, trainings)?,
            None => {}
        }
        if self.side == Side::Cpu {
            self.on_cpu(plan, trainings, samples, Turn { due, left })?;
            return Ok(&self.news);
        }
        let before: Vec<_> = trainings.iter().map(Training::done).collect();
        let started = Stopwatch::start();
        match advance(plan.params, trainings, samples.clone(), due) {
            Err(error) if error.kind() == ErrorKind::Device => {
                trainings.iter_mut().zip(before).for_each(|(training, before)| training.take_back(before));
                self.recover(plan, trainings, &error)?;
                self.on_cpu(plan, trainings, samples, Turn { due, left })?;
                return Ok(&self.news);
            }
            outcome => outcome?,
        }
        let undecided = !self.contest.is_decided();
        self.next = self.contest.after_round(Side::Gpu, started.elapsed(), left);
        if undecided && self.contest.is_decided() {
            let Record { cpu_round_seconds: cpu_round, gpu_round_seconds: gpu_round, .. } = self.contest.record();
            let winner = self.next.unwrap_or(Side::Gpu);
            let gpu = self.gpu.clone().unwrap_or_default();
            self.tell(News::Decided { winner, gpu, cpu_round, gpu_round });
        }
        Ok(&self.news)
    }

    /// A round on the processor.
    fn on_cpu(
        &mut self,
        plan: &Plan<'_>,
        trainings: &mut [Training<'_>],
        samples: Vec<Vec<TreeSample>>,
        Turn { due, left }: Turn,
    ) -> Result<()> {
        let started = Stopwatch::start();
        advance(plan.params, trainings, samples, due)?;
        self.next = self.contest.after_round(Side::Cpu, started.elapsed(), left);
        Ok(())
    }

    /// What ran where, and why.
    pub fn record(&self) -> Record {
        let record = self.contest.record();
        let seconds = record.cpu_seconds;
        let reason = self
            .reason
            .clone()
            .unwrap_or_else(|| format!("the rounds took {seconds:.2} s on the processor, too little to gain by a GPU"));
        Record { gpu: self.gpu.clone(), reason, ..record }
    }

    fn tell(&mut self, news: News) {
        self.reason = Some(news.to_string());
        self.news.push(news);
    }

    /// Hands all trainings to the GPU, or none: where there is no GPU, or it does not take them,
    /// the processor keeps them.
    fn try_gpu(&mut self, plan: &Plan<'_>, trainings: &mut [Training<'_>], left: usize) {
        match self.open(plan, trainings) {
            Ok(backends) => {
                trainings.iter_mut().zip(backends).for_each(|(training, backend)| training.backend = backend);
                self.side = Side::Gpu;
                let gpu = trainings.first().map(|training| training.backend.adapter()).unwrap_or_default();
                self.gpu = Some(gpu.clone());
                let cpu_round = self.contest.record().cpu_round_seconds;
                self.tell(News::Tried { gpu, cpu_round, left });
            }
            Err(error) => {
                self.contest.settle();
                self.tell(News::Refused { reason: error.message().to_string() });
            }
        }
    }

    /// The GPU's side of all trainings, with their margins.
    #[cfg(feature = "gpu")]
    fn open<'a>(&self, plan: &Plan<'_>, trainings: &mut [Training<'a>]) -> Result<Vec<Box<dyn Backend + Send + 'a>>> {
        use crate::gpu::{GpuBackend, GpuOptions, adapters, device};
        if trainings.iter().any(|training| training.problem.matrix.is_by_row()) {
            return Err(Error::new(ErrorKind::Unavailable, BY_ROW));
        }
        let found = adapters();
        let adapter = &found[device::choose(&found, self.options.gpu.adapter.as_deref())?];
        if adapter.software && !self.options.software {
            let message = format!("{} is a software adapter, which auto never takes", adapter.name);
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let name = self.options.gpu.adapter.clone().unwrap_or_else(|| adapter.index.to_string());
        let options = GpuOptions { adapter: Some(name), profile: false, ..self.options.gpu.clone() };
        trainings
            .iter_mut()
            .map(|training| {
                let margins = training.backend.all_margins(training.problem)?;
                let mut gpu = GpuBackend::new(training.problem, plan.params.max_depth, &options)?;
                gpu.set_margins(&margins)?;
                Ok(Box::new(gpu) as Box<dyn Backend + Send + 'a>)
            })
            .collect()
    }

    #[cfg(not(feature = "gpu"))]
    fn open<'a>(&self, _plan: &Plan<'_>, _trainings: &mut [Training<'a>]) -> Result<Vec<Box<dyn Backend + Send + 'a>>> {
        Err(Error::new(ErrorKind::Unavailable, "this build of gboost has no GPU backend"))
    }

    /// Hands all trainings to the processor.
    fn hand_back(&mut self, plan: &Plan<'_>, trainings: &mut [Training<'_>]) -> Result<()> {
        let read = trainings.iter_mut().map(|training| training.backend.all_margins(training.problem)).collect();
        match read {
            Ok(margins) => self.resume(plan, trainings, margins),
            Err(error) => self.recover(plan, trainings, &error),
        }
    }

    /// Hands all trainings to the processor from a GPU that cannot be asked any more.
    fn recover(&mut self, plan: &Plan<'_>, trainings: &mut [Training<'_>], error: &Error) -> Result<()> {
        self.contest.settle();
        self.tell(News::Failed { reason: error.message().to_string() });
        let margins = trainings.iter().map(|training| margins_after(training.problem, training.new_trees())).collect();
        self.resume(plan, trainings, margins)
    }

    /// Goes on on the processor.
    fn resume(&mut self, plan: &Plan<'_>, trainings: &mut [Training<'_>], margins: Vec<Margins>) -> Result<()> {
        for (training, margins) in trainings.iter_mut().zip(margins) {
            let mut cpu = CpuBackend::new(training.problem, CpuOptions { profile: false, ..plan.compute.cpu });
            cpu.set_margins(&margins)?;
            training.backend = Box::new(cpu);
        }
        self.side = Side::Cpu;
        Ok(())
    }
}

/// Returns the margins after trees that were grown on a problem, one per row and class.
fn margins_after(problem: &Problem<'_>, trees: &[Tree]) -> Margins {
    let (matrix, format, classes) = (problem.matrix, problem.format.margin, problem.classes);
    let finished: Vec<FinishedTree> = trees
        .iter()
        .map(|tree| {
            let test = |node: &Node| match node.split() {
                Some(split) => split.by_code(&matrix.cuts[node.feature as usize]),
                None => SplitTest::Below(0),
            };
            FinishedTree {
                tests: tree.nodes.iter().map(test).collect(),
                steps: tree
                    .nodes
                    .iter()
                    .map(|node| node.leaf_value().map_or(0, |value| format.to_fixed(value)))
                    .collect(),
                grown_steps: Vec::new(),
                tree: tree.clone(),
            }
        })
        .collect();
    let after = |mut margins: Vec<i64>, leaf: &(dyn Fn(&FinishedTree, usize) -> usize + Sync)| {
        margins.par_chunks_mut(classes).enumerate().for_each(|(row, margins)| {
            for (index, tree) in finished.iter().enumerate() {
                let margin = &mut margins[index % classes];
                *margin = format.add(*margin, tree.steps[leaf(tree, row)]);
            }
        });
        margins
    };
    Margins {
        train: after(problem.margins.clone(), &|tree, row| tree.leaf_by_bin(matrix, row)),
        channels: problem
            .channels
            .iter()
            .map(|channel| {
                let columns = &channel.data.columns;
                after(channel.margins.clone(), &|tree, row| tree.tree.leaf(|feature| columns[feature as usize][row]))
            })
            .collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::backend::shard::Shard;
    use crate::binning::BinnedMatrix;
    use crate::data::rows::Rows;
    use crate::train::set::TrainingSet;
    use crate::train::start::begin;
    use crate::{Dataset, Model, Params, Trainer};

    fn problem<'a>(
        params: &Params,
        data: &'a Dataset,
        matrix: &'a BinnedMatrix,
        start: Option<&'a Model>,
    ) -> Problem<'a> {
        let channels = vec![("validation".to_string(), data)];
        let set = TrainingSet { rows: Rows::all(data), matrix, channels, start };
        begin(params, &set, Shard::whole(data.rows)).unwrap().0
    }

    /// Margins that are computed from the trees, by bins, are those that a training begins with
    /// that goes on from the model, by values.
    #[test]
    fn margins_follow_from_the_trees() {
        let value = |feature: usize, row: usize| match (row + feature) % 9 {
            0 => f32::NAN,
            _ => (row * (feature + 3) % 37) as f32,
        };
        let columns: Vec<Vec<f32>> = (0..3).map(|feature| (0..200).map(|row| value(feature, row)).collect()).collect();
        let labels = (0..200).map(|row| ((row * 7 % 37) / 13) as f32).collect();
        let data = Dataset { columns, labels: Some(labels), rows: 200, ..Dataset::default() };
        let mut params = Params::default();
        for word in "objective=multi:softprob num_class=3 num_round=5 max_depth=4 subsample=0.7".split(' ') {
            let (name, value) = word.split_once('=').unwrap();
            params.set(name, value).unwrap();
        }
        for method in ["hist", "exact"] {
            params.set("tree_method", method).unwrap();
            let model = Trainer::new(&params, &data).run().unwrap().model;
            let matrix = BinnedMatrix::of(Rows::all(&data), &params).unwrap();
            let fresh = problem(&params, &data, &matrix, None);
            let after = problem(&params, &data, &matrix, Some(&model));
            let margins = margins_after(&fresh, &model.trees);
            assert_ne!(fresh.margins, after.margins);
            assert_eq!((margins.train, &margins.channels[0]), (after.margins, &after.channels[0].margins), "{method}");
        }
    }
}
