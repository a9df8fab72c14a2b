//! Which rows are held out together.
//!
//! Every random choice comes from a counter hash of the seed and the row's (or the group's) number,
//! so the folds depend on the seed, the number of folds and the labels or groups alone; they stay
//! the same on every machine and in every version. With `hash(i) = combine(key, i)`,
//! `key = combine(combine(combine(0, low), high), 0x464f4c44)` of the seed's low and high 32 bits
//! ([`crate::fixed::hash`]), a bijection for a fixed key:
//!
//! - **random**: the rows in the order of their hash, cut into `nfold` runs whose lengths differ by
//!   one at most, longer ones first;
//! - **stratified**: the rows in the order of (label, hash), dealt to the folds in turn, so that
//!   the rows of a class, and all rows, differ by one a fold at most;
//! - **grouped**: groups in the order of (rows, most first; hash), each to the fold that has the
//!   least of the kinds of rows that it brings: least
//!   `sum over classes c of (rows of c in the fold) x (rows of c in the group) / (rows of c)^2`,
//!   the lowest-numbered of equal ones. Without stratification all rows count as one class: then it
//!   is the fold with the fewest rows.

use crate::data::groups::Groups;
use crate::error::{Error, Result};
use crate::fixed::hash::combine;
use crate::ingest::keys::Decimal;
use crate::ingest::shown;
use std::path::Path;

/// Separates the draws of folds from those of trees.
const FOLDS: u32 = 0x464f_4c44;

/// The rows of a table in parts, each of which is held out once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    /// The fold of each row.
    of_row: Vec<u32>,
    /// The number of each fold as it was given; ascending.
    names: Vec<u32>,
}

impl Folds {
    /// `nfold` random folds of `rows` rows.
    ///
    /// # Errors
    /// Fewer than 2 folds, or fewer rows than folds.
    pub fn random(rows: usize, nfold: usize, seed: u64) -> Result<Self> {
        check_count(nfold, rows, "row")?;
        let order = shuffled(rows, seed);
        let (least, longer) = (rows / nfold, rows % nfold);
        let mut of_row = vec![0; rows];
        let mut rest = order.as_slice();
        for fold in 0..nfold {
            let (run, others) = rest.split_at(least + usize::from(fold < longer));
            run.iter().for_each(|&row| of_row[row as usize] = fold as u32);
            rest = others;
        }
        Ok(Self::numbered(of_row, nfold))
    }

    /// `nfold` random folds with equal shares of each label.
    ///
    /// # Errors
    /// As [`Folds::random`].
    pub fn stratified(labels: &[f32], nfold: usize, seed: u64) -> Result<Self> {
        check_count(nfold, labels.len(), "row")?;
        let mut order = shuffled(labels.len(), seed);
        // Stable: rows of one label stay in the order of their hash.
        order.sort_by(|&a, &b| labels[a as usize].total_cmp(&labels[b as usize]));
        let mut of_row = vec![0; labels.len()];
        order.iter().enumerate().for_each(|(place, &row)| of_row[row as usize] = (place % nfold) as u32);
        Ok(Self::numbered(of_row, nfold))
    }

    /// `nfold` random folds that never part a group. With `labels` the folds get as equal shares of
    /// each label as the groups allow.
    ///
    /// # Errors
    /// Fewer than 2 folds, or fewer groups than folds.
    ///
    /// # Panics
    /// If there are labels, but not one a row.
    pub fn grouped<'a>(groups: impl Into<Groups<'a>>, labels: Option<&[f32]>, nfold: usize, seed: u64) -> Result<Self> {
        let groups = groups.into();
        let (slots, groups) = (groups.bound(), groups.of_row());
        let classes = labels.map_or_else(|| vec![0; groups.len()], classes);
        let class_count = classes.iter().max().map_or(0, |&most| most as usize + 1);
        let mut rows_of = vec![vec![0_u64; class_count]; slots];
        for (&group, &class) in groups.iter().zip(&classes) {
            rows_of[group as usize][class as usize] += 1;
        }
        let size = |group: u32| rows_of[group as usize].iter().sum::<u64>();
        let mut order = shuffled(slots, seed);
        order.retain(|&group| size(group) > 0);
        check_count(nfold, order.len(), "group")?;
        order.sort_by_key(|&group| std::cmp::Reverse(size(group)));
        let totals: Vec<f64> =
            (0..class_count).map(|class| rows_of.iter().map(|rows| rows[class]).sum::<u64>() as f64).collect();

        let mut held = vec![vec![0_u64; class_count]; nfold];
        let mut fold_of = vec![0_u32; slots];
        for group in order {
            let brings = &rows_of[group as usize];
            let cost = |fold: &Vec<u64>| -> f64 {
                let shares = fold.iter().zip(brings).zip(&totals);
                shares.map(|((&held, &brings), &total)| held as f64 * brings as f64 / (total * total)).sum()
            };
            let costs: Vec<f64> = held.iter().map(cost).collect();
            let least = (0..nfold).min_by(|&a, &b| costs[a].total_cmp(&costs[b])).unwrap_or(0);
            held[least].iter_mut().zip(brings).for_each(|(held, brings)| *held += brings);
            fold_of[group as usize] = least as u32;
        }
        Ok(Self::numbered(groups.iter().map(|&group| fold_of[group as usize]).collect(), nfold))
    }

    /// Folds as they are given: a number a row; rows of equal number are held out together.
    ///
    /// # Errors
    /// Fewer than two different numbers.
    pub fn given(numbers: &[u32]) -> Result<Self> {
        let mut names = numbers.to_vec();
        names.sort_unstable();
        names.dedup();
        match names.as_slice() {
            [] => Err(Error::data("there are no fold numbers").remedy("give one a row")),
            [single] => Err(Error::data(format!("all rows have the fold number {single}"))
                .remedy("give at least two different numbers")),
            _ => {
                let place = |number: &u32| names.partition_point(|name| name < number) as u32;
                Ok(Self { of_row: numbers.iter().map(place).collect(), names })
            }
        }
    }

    /// Reads the fold number of each row from a text file: one a line, in the order of the rows;
    /// the first line may be a header.
    ///
    /// # Errors
    /// What is no whole number from 0 on, with its line, or as [`Folds::given`].
    pub fn read(path: &Path) -> Result<Self> {
        let text = crate::io::files::read_text(path).map_err(|source| Error::io("read the folds", path, source))?;
        let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
        let mut numbers = Vec::new();
        for (line, at) in lines.map(|(line, at)| (line.trim(), at)).filter(|(line, _)| !line.is_empty()) {
            match parse_number(line) {
                Ok(number) => numbers.push(number),
                // A header is text; a negative number or one with a fraction is a mistake.
                Err(_) if numbers.is_empty() && at == 1 && line.parse::<f64>().is_err() => {}
                Err(error) => return Err(error.at_path(path).at_line(at)),
            }
        }
        Self::given(&numbers).map_err(|error| error.at_path(path))
    }

    fn numbered(of_row: Vec<u32>, nfold: usize) -> Self {
        Self { of_row, names: (0..nfold as u32).collect() }
    }

    /// Number of folds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The fold of each row, from 0.
    #[must_use]
    pub fn of_row(&self) -> &[u32] {
        &self.of_row
    }

    /// The number of a fold as it was given; of random folds, its place.
    #[must_use]
    pub fn name(&self, fold: usize) -> u32 {
        self.names[fold]
    }

    /// The rows that are held out with a fold, ascending.
    #[must_use]
    pub fn test_rows(&self, fold: usize) -> Vec<u32> {
        self.rows_where(|of_row| of_row as usize == fold)
    }

    /// The rows that are trained on when a fold is held out, ascending.
    #[must_use]
    pub fn train_rows(&self, fold: usize) -> Vec<u32> {
        self.rows_where(|of_row| of_row as usize != fold)
    }

    fn rows_where(&self, chosen: impl Fn(u32) -> bool) -> Vec<u32> {
        (0_u32..).zip(&self.of_row).filter(|&(_, &fold)| chosen(fold)).map(|(row, _)| row).collect()
    }
}

/// A fold number from text: `2`, or `2.0` and `2e0` as some tools write it.
///
/// # Errors
/// What is no whole number from 0 on, or beyond 32 bits.
pub fn parse_number(text: &str) -> Result<u32> {
    Decimal::parse(text).and_then(|number| number.to_u32()).ok_or_else(|| {
        Error::data(format!("the fold number {} is not a whole number from 0 on", shown(text)))
            .remedy("number the folds 0, 1, 2, ...")
    })
}

fn check_count(nfold: usize, things: usize, thing: &str) -> Result<()> {
    if nfold < 2 {
        return Err(Error::parameter(format!("nfold {nfold} is out of range")).remedy("give at least 2"));
    }
    if nfold > things {
        let s = if things == 1 { "" } else { "s" };
        return Err(Error::parameter(format!("nfold {nfold} is out of range: there are only {things} {thing}{s}"))
            .remedy(format!("give at most as many folds as there are {thing}s")));
    }
    Ok(())
}

/// The numbers below `count` in the order of their hash.
fn shuffled(count: usize, seed: u64) -> Vec<u32> {
    let key = combine(combine(combine(0, seed as u32), (seed >> 32) as u32), FOLDS);
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_unstable_by_key(|&row| combine(key, row));
    order
}

/// The place of each label among the different labels.
fn classes(labels: &[f32]) -> Vec<u32> {
    let mut known = labels.to_vec();
    known.sort_unstable_by(f32::total_cmp);
    known.dedup_by(|a, b| a.total_cmp(b).is_eq());
    labels.iter().map(|label| known.partition_point(|other| other.total_cmp(label).is_lt()) as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(folds: &Folds) -> Vec<usize> {
        (0..folds.count()).map(|fold| folds.test_rows(fold).len()).collect()
    }

    fn message(result: Result<Folds>) -> String {
        result.map_or_else(|error| error.to_string(), |folds| format!("{folds:?}"))
    }

    #[test]
    fn random_folds_hold_every_row_once() {
        let folds = Folds::random(11, 3, 7).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(sizes(&folds), [4, 4, 3]);
        for fold in 0..3 {
            let mut all = [folds.test_rows(fold), folds.train_rows(fold)].concat();
            all.sort_unstable();
            assert_eq!(all, (0..11).collect::<Vec<_>>());
        }
        // Fixed for all time: a new version must not move rows.
        assert_eq!(folds.of_row(), [2, 0, 2, 1, 1, 1, 0, 2, 1, 0, 0]);
        assert_ne!(Folds::random(11, 3, 8).ok(), Some(folds.clone()));
        assert_ne!(Folds::random(11, 3, 7 + (1 << 32)).ok(), Some(folds));
    }

    #[test]
    fn stratified_folds_share_every_class() {
        let labels: Vec<f32> = (0..103).map(|row| if row % 10 == 0 { 1.0 } else { 0.0 }).collect();
        let folds = Folds::stratified(&labels, 4, 1).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(sizes(&folds), [26, 26, 26, 25]);
        let mut positives: Vec<usize> = (0..4)
            .map(|fold| folds.test_rows(fold).iter().filter(|&&row| labels[row as usize] == 1.0).count())
            .collect();
        positives.sort_unstable();
        assert_eq!(positives, [2, 3, 3, 3]);
    }

    #[test]
    fn groups_are_never_parted_and_folds_get_even() {
        // Groups of 1 to 8 rows, number 3 without a row.
        let sizes_of_groups = [5, 1, 8, 0, 2, 4, 3, 7, 6];
        let groups: Vec<u32> =
            (0_u32..).zip(sizes_of_groups).flat_map(|(group, size)| std::iter::repeat_n(group, size)).collect();
        let folds = Folds::grouped(&groups, None, 3, 0).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(sizes(&folds), [13, 12, 11]);
        for group in 0..9 {
            let mut of_group: Vec<u32> =
                groups.iter().zip(folds.of_row()).filter(|&(&of, _)| of == group).map(|(_, &fold)| fold).collect();
            of_group.dedup();
            assert!(of_group.len() <= 1, "group {group} is in {of_group:?}");
        }
    }

    #[test]
    fn groups_can_be_stratified() {
        // Eight groups of three rows: four all positive, four all negative.
        let groups: Vec<u32> = (0..24).map(|row| row / 3).collect();
        let labels: Vec<f32> = groups.iter().map(|group| (group % 2) as f32).collect();
        for seed in 0..20 {
            let folds = Folds::grouped(&groups, Some(&labels), 4, seed).unwrap_or_else(|error| panic!("{error}"));
            for fold in 0..4 {
                let held = folds.test_rows(fold);
                let positives = held.iter().filter(|&&row| labels[row as usize] == 1.0).count();
                assert_eq!((held.len(), positives), (6, 3), "seed {seed}, fold {fold}");
            }
        }
    }

    #[test]
    fn given_numbers_need_not_be_dense() {
        let folds = Folds::given(&[7, 2, 7, 40]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((folds.count(), folds.of_row()), (3, [1, 0, 1, 2].as_slice()));
        assert_eq!((folds.name(2), folds.test_rows(1)), (40, vec![0, 2]));
    }

    #[test]
    fn fold_files() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let path = folder.path().join("folds.txt");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap_or_else(|error| panic!("{error}"));
            let shown = message(Folds::read(&path).map(|folds| Folds { names: Vec::new(), ..folds }));
            shown.replace(&path.display().to_string(), "F")
        };
        for text in ["0\n2\n0\n", "fold\r\n0\r\n\r\n 2.0\r\n0", "\u{feff}0\n2\n0"] {
            assert_eq!(read(text), "Folds { of_row: [0, 1, 0], names: [] }", "{text:?}");
        }
        let number = "is not a whole number from 0 on; number the folds 0, 1, 2, ...";
        assert_eq!(read("0\n1\nx\n"), format!("F:3: the fold number `x` {number}"));
        assert_eq!(read("-1\n1\n"), format!("F:1: the fold number `-1` {number}"));
        assert_eq!(read("0\n0.5\n"), format!("F:2: the fold number `0.5` {number}"));
        assert_eq!(read("0\n1,2\n"), format!("F:2: the fold number `1,2` {number}"));
        assert_eq!(read("\n"), "F: there are no fold numbers; give one a row");
    }

    #[test]
    fn refusals() {
        assert_eq!(message(Folds::random(5, 1, 0)), "nfold 1 is out of range; give at least 2");
        assert_eq!(
            message(Folds::random(5, 6, 0)),
            "nfold 6 is out of range: there are only 5 rows; give at most as many folds as there are rows"
        );
        assert_eq!(
            message(Folds::grouped(&[0, 0, 1], None, 3, 0)),
            "nfold 3 is out of range: there are only 2 groups; give at most as many folds as there are groups"
        );
        assert_eq!(
            message(Folds::given(&[4, 4])),
            "all rows have the fold number 4; give at least two different numbers"
        );
        assert_eq!(message(Folds::given(&[])), "there are no fold numbers; give one a row");
    }
}
