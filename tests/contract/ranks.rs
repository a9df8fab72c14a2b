//! Trainings over several ranks give the bytes of a training on one machine, or are refused on all
//! ranks.

use crate::common::{Labels, data, params, with_weights};
use gboost::ingest::{ReadOptions, read_channel};
use gboost::internals::collective::{Alone, Collective, agree};
use gboost::{
    BackendChoice, BinnedMatrix, Compute, CpuOptions, Dataset, Error, ErrorKind, Params, Result, Rows, Trained, Trainer,
};
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

/// Threads of one process as ranks.
#[derive(Debug)]
struct Threads {
    size: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Sums that all ranks took part in.
    done: usize,
    /// Ranks that have added their words to the sum under way.
    added: usize,
    words: Vec<u64>,
    sums: Vec<u64>,
    /// Whether a rank has ended: no further sum can be done.
    has_left: bool,
}

#[derive(Debug)]
struct Rank<'t> {
    rank: usize,
    threads: &'t Threads,
}

impl Threads {
    /// Runs `work` on every rank; returns what each made of it.
    fn run<T: Send>(size: usize, work: impl Fn(&Rank<'_>) -> T + Sync) -> Vec<T> {
        let threads = Self { size, state: Mutex::default(), changed: Condvar::new() };
        std::thread::scope(|scope| {
            let begin = |rank| {
                let (threads, work) = (&threads, &work);
                scope.spawn(move || work(&Rank { rank, threads }))
            };
            let begun: Vec<_> = (0..size).map(begin).collect();
            begun.into_iter().map(|rank| rank.join().unwrap()).collect()
        })
    }
}

impl Drop for Rank<'_> {
    fn drop(&mut self) {
        self.threads.state.lock().unwrap_or_else(PoisonError::into_inner).has_left = true;
        self.threads.changed.notify_all();
    }
}

impl Collective for Rank<'_> {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.threads.size
    }

    fn sum(&self, words: &mut [u64]) -> Result<()> {
        let Threads { size, state, changed } = self.threads;
        let mut state = state.lock().unwrap();
        if state.added == 0 {
            state.words = vec![0; words.len()];
        }
        assert_eq!(state.words.len(), words.len(), "rank {} sums something else", self.rank);
        state.words.iter_mut().zip(&*words).for_each(|(sum, &word)| *sum = sum.wrapping_add(word));
        state.added += 1;
        let turn = state.done;
        if state.added == *size {
            state.sums = std::mem::take(&mut state.words);
            (state.added, state.done) = (0, turn + 1);
            changed.notify_all();
        }
        while state.done == turn {
            if state.has_left {
                return Err(Error::new(ErrorKind::Device, "a rank has left"));
            }
            state = changed.wait(state).unwrap();
        }
        words.copy_from_slice(&state.sums);
        Ok(())
    }
}

/// A run of the rows as a table of their own.
fn rows_of(data: &Dataset, rows: Range<usize>) -> Dataset {
    let rows: Vec<u32> = rows.map(|row| row as u32).collect();
    Rows::chosen(data, &rows).to_dataset()
}

/// The rows of a rank: consecutive, of uneven number.
fn shard(data: &Dataset, ranks: &dyn Collective) -> Dataset {
    let end = |rank: usize| data.rows * rank * (rank + 1) / (ranks.size() * (ranks.size() + 1));
    rows_of(data, end(ranks.rank())..end(ranks.rank() + 1))
}

fn train(
    params: &Params,
    train: &Dataset,
    channel: &Dataset,
    ranks: &dyn Collective,
    cpu: CpuOptions,
) -> Result<Trained> {
    Trainer::new(params, train).channel("validation", channel).across(ranks).on(cpu).run()
}

/// Trains alone and on `sizes` ranks; models and histories must be the same.
fn assert_same(
    name: &str,
    params: &Params,
    data: &Dataset,
    channel: &Dataset,
    sizes: &[usize],
    cpu: CpuOptions,
) -> String {
    let alone = train(params, data, channel, &Alone, cpu).unwrap();
    for &size in sizes {
        let found = Threads::run(size, |rank| {
            train(params, &shard(data, rank), &shard(channel, rank), rank, cpu)
                .unwrap_or_else(|error| panic!("{name}: {error}"))
        });
        for (rank, found) in found.iter().enumerate() {
            for (number, (tree, expected)) in found.model.trees.iter().zip(&alone.model.trees).enumerate() {
                assert_eq!(tree, expected, "{name}: tree {number} of rank {rank} of {size}");
            }
            assert_eq!(found.model.sha256(), alone.model.sha256(), "{name}: rank {rank} of {size}");
            assert_eq!(found.history, alone.history, "{name}: rank {rank} of {size}");
        }
    }
    alone.model.sha256()
}

#[test]
fn census_task_1_over_two_ranks_has_the_bytes_of_one() {
    let channel = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/adult_{name}.csv.gz"));
        read_channel(&[path], &ReadOptions::default()).unwrap().dataset
    };
    let (data, validation) = (channel("train"), channel("validation"));
    let sha256 = assert_same("task 1", &Params::task1(), &data, &validation, &[2], CpuOptions::default());
    assert_eq!(sha256, "cc60c7c9a6f10cd9aa0478d4f48128d12ae7840a2c32bc04611ef8c459bdc56b");
}

#[test]
fn any_number_of_ranks_gives_the_bytes_of_one() {
    for (number, text) in [
        "objective=binary:logistic subsample=0.7 colsample_bytree=0.8 colsample_bylevel=0.8 colsample_bynode=0.7 gamma=0.5",
        "objective=binary:logistic base_score=auto alpha=0.5 max_delta_step=0.7 max_bin=16 scale_pos_weight=2.5",
        "objective=binary:logistic sampler=xgboost1 subsample=0.7 histogram_sums=narrow eval_metric=auc,aucpr,logloss",
        "objective=reg:squarederror subsample=0.9 eval_metric=rmse,mae",
        "objective=reg:squarederror histogram_sums=narrow tree_method=exact gamma=2",
        "objective=multi:softprob num_class=3 max_bin=1000 early_stopping_rounds=2",
    ]
    .into_iter()
    .enumerate()
    {
        let labels = [Labels::Binary, Labels::Real, Labels::Classes(3)][[0, 0, 0, 1, 1, 2][number]];
        let mut table = data(number as u64, 1200, 6, 0.2, labels);
        if number % 2 == 1 {
            table = with_weights(table, 3);
        }
        let channel = data(90 + number as u64, 300, 6, 0.2, labels);
        let params = params(&format!("{text} num_round=6 max_depth=4 min_child_weight=0"));
        let odd = CpuOptions::default().chunk_rows(Some(77)).histogram_bytes(60_000).parallel_from(0);
        for cpu in [CpuOptions::default(), odd] {
            assert_same(text, &params, &table, &channel, &[2, 3], cpu);
        }
    }
}

/// The errors of trainings on two ranks that `change` makes different.
fn errors(change: impl Fn(&Rank<'_>, &mut Params, &mut Dataset) + Sync) -> Vec<String> {
    let table = data(5, 300, 4, 0.1, Labels::Binary);
    Threads::run(2, |rank| {
        let mut params = params("objective=binary:logistic num_round=3");
        let mut part = shard(&table, rank);
        change(rank, &mut params, &mut part);
        let channel = part.clone();
        train(&params, &part, &channel, rank, CpuOptions::default()).unwrap_err().to_string()
    })
}

#[test]
fn ranks_that_differ_are_refused_on_all() {
    let found = errors(|rank, params, _| params.eta = [0.3, 0.2][rank.rank]);
    assert_eq!(found, ["eta is 0.2 on rank 1, and 0.3 on rank 0; give all ranks the same"; 2]);
    let found = errors(|rank, _, data| data.weights = (rank.rank == 0).then(|| vec![1.0; data.rows]));
    assert!(found.iter().all(|error| error.contains("the train data is without weights on rank 1")), "{found:?}");
}

#[test]
fn an_error_on_one_rank_ends_all() {
    let found = errors(|rank, _, data| {
        if rank.rank == 1 {
            data.labels.as_mut().unwrap()[2] = 7.0;
        }
    });
    assert!(found[1].starts_with("train row 3: label 7"), "{found:?}");
    assert!(found[0].starts_with("rank 1: train row 3: label 7"), "{found:?}");
}

#[test]
fn a_stop_on_one_rank_stops_all() {
    let table = data(5, 300, 4, 0.1, Labels::Binary);
    let params = params("objective=binary:logistic num_round=9");
    let found = Threads::run(3, |rank| {
        let part = shard(&table, rank);
        let stop = |done| if rank.rank == 2 && done == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let trainer = Trainer::new(&params, &part).across(rank);
        trainer.on_round(|progress| stop(progress.done)).run().unwrap_err().kind()
    });
    assert_eq!(found, [ErrorKind::Interrupted; 3]);
}

#[test]
fn what_ranks_cannot_do_is_refused() {
    let table = data(5, 300, 4, 0.1, Labels::Binary);
    let params = params("objective=binary:logistic num_round=2");
    let matrix = BinnedMatrix::of(Rows::all(&table), &params).unwrap();
    let refusal = |binned: bool, compute: Compute| {
        let found = Threads::run(2, |rank| {
            let mut trainer = Trainer::new(&params, &table).across(rank).on(compute.clone());
            if binned {
                trainer = trainer.binned(&matrix);
            }
            trainer.run().unwrap_err().to_string()
        });
        found[0].clone()
    };
    assert_eq!(
        refusal(false, BackendChoice::Auto(Default::default()).into()),
        "a training over several ranks runs on the processor alone; choose BackendChoice::Cpu"
    );
    assert_eq!(
        refusal(false, CpuOptions::default().profile(true).into()),
        "a training over several ranks has no profile; leave CpuOptions::profile out"
    );
    assert_eq!(
        refusal(true, Compute::default()),
        "a training over several ranks bins the rows itself; leave Trainer::binned out, and keep the values"
    );
}

#[test]
fn bytes_of_any_length_are_gathered_in_order() {
    let told = |rank: usize| (0..rank * 5 % 12).map(|byte| (byte + rank) as u8).collect::<Vec<u8>>();
    for size in 1..6 {
        let expected: Vec<Vec<u8>> = (0..size).map(told).collect();
        let found = Threads::run(size, |rank| rank.gather(&told(rank.rank)).unwrap());
        assert!(found.iter().all(|found| *found == expected), "{size} ranks: {found:?}");
    }
    assert_eq!(Alone.gather(b"alone").unwrap(), [b"alone"]);
}

#[test]
fn one_failure_is_everyones() {
    let found = Threads::run(3, |rank| {
        let own = if rank.rank == 1 { Err(Error::data("no such row")) } else { Ok(rank.rank) };
        agree(rank, own).unwrap_err().to_string()
    });
    assert_eq!(found, ["rank 1: no such row", "no such row", "rank 1: no such row"]);
    assert_eq!(Threads::run(2, |rank| agree(rank, Ok(rank.rank)).unwrap()), [0, 1]);
}
