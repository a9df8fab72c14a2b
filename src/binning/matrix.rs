//! The binned training rows, twice: by feature, as the partition of rows reads them fastest, and by
//! row, so that the histograms of all features of a row are updated from one or two cache lines,
//! or, where one code dominates, from the others alone ([`super::lists`]). Where memory is short,
//! by row alone. Features of few codes are there by row a third time, as feature bundles
//! ([`super::joint`]): a byte per row and joint column.

use super::cuts::FeatureCuts;
use super::in_order::InOrder;
use super::joint::JointBlock;
use super::lists::{CodeColumn, ListRule, RowLists};
use super::order::Scratch;
use crate::binning::blocks::RowBlock;
use crate::binning::codes::BinColumn;
use crate::binning::codes::Codes;
use crate::collective::{Collective, gather_values};
use crate::data::column::Column;
use crate::data::dataset::Dataset;
use crate::data::rows::Rows;
use crate::error::{Error, Result};
use crate::params::{Params, TreeMethod};
use rayon::prelude::*;

/// The binned training rows of all features.
#[derive(Clone, Debug, PartialEq)]
pub struct BinnedMatrix {
    /// Number of training rows that are binned here.
    pub rows: usize,
    /// Bins of each feature, by its index in the data.
    pub cuts: Vec<FeatureCuts>,
    /// The codes of every feature.
    pub columns: Vec<BinColumn>,
    /// The byte columns once more, by row, but for listed ones; of a matrix by row, them alone.
    pub blocks: Vec<RowBlock>,
    /// One per block: its features in fewer columns (feature bundles), where that pays.
    pub joints: Vec<Option<JointBlock>>,
    /// Listed columns once more; a matrix by row has none.
    pub lists: Vec<RowLists>,
    /// The features that are in neither, ascending: histograms read their columns.
    pub by_column: Vec<u32>,
    /// The tree method that the bins were made for.
    pub method: TreeMethod,
    /// The most bins per feature that were allowed (hist).
    pub max_bin: usize,
}

impl BinnedMatrix {
    /// Bins the rows of a table as the parameters' `tree_method` and `max_bin` ask; cuts are
    /// learned on these rows alone.
    ///
    /// # Errors
    /// As [`BinnedMatrix::new`].
    pub fn of(rows: Rows<'_>, params: &Params) -> Result<Self> {
        let names = rows.data.names();
        let new = |columns: &[Vec<f32>]| Self::new(columns, &names, rows.len(), params.tree_method, params.max_bin);
        match rows.chosen {
            None => new(&rows.data.columns),
            Some(_) => {
                new(&rows.data.columns.par_iter().map(|column| rows.of(column).into_owned()).collect::<Vec<_>>())
            }
        }
    }

    /// Bins the rows of one rank as [`BinnedMatrix::of`] does, with cuts that are learned on the
    /// rows of all ranks.
    ///
    /// One column of all ranks is in memory at a time. Codes are not listed: which one is frequent
    /// differs by rank.
    ///
    /// # Errors
    /// As [`BinnedMatrix::new`], on all ranks; if a rank is lost.
    pub fn across(rows: Rows<'_>, params: &Params, ranks: &dyn Collective) -> Result<Self> {
        if !ranks.is_shared() {
            return Self::of(rows, params);
        }
        let (method, max_bin) = (params.tree_method, params.max_bin);
        let mut cuts = Vec::with_capacity(rows.data.features());
        for (column, name) in rows.data.columns.iter().zip(rows.data.names()) {
            let values = gather_values(ranks, rows.of(column))?;
            let learned = FeatureCuts::learn(&values, method, max_bin);
            cuts.push(learned.map_err(|error| error.context(&format!("feature {name}")))?);
        }
        let columns = rows.data.columns.par_iter().zip(&cuts);
        let columns =
            columns.map(|(column, cuts)| BinColumn::new(&rows.of(column), rows.len(), cuts)).collect::<Result<_>>()?;
        Ok(Self::arranged(rows.len(), cuts, columns, (method, max_bin), ListRule::NEVER))
    }

    /// Bins all rows as [`BinnedMatrix::of`] does, and takes the values out of the table: each
    /// column is freed as soon as it is binned, so that no more is in memory than the values or the
    /// bins. The table stays good for a [`Trainer`](crate::Trainer) that is given this matrix.
    ///
    /// # Errors
    /// As [`BinnedMatrix::new`]; the table has lost its values then, too.
    pub fn take(data: &mut Dataset, params: &Params) -> Result<Self> {
        let names = data.names();
        let empty = vec![Vec::new(); data.features()];
        let columns = std::mem::replace(&mut data.columns, empty).into_par_iter();
        Self::learn(columns, &names, data.rows, params.tree_method, params.max_bin)
    }

    /// Bins columns of any number type where they lie, as [`BinnedMatrix::of`] bins a table of the
    /// same values. The values are never copied as 32-bit floats all together. `names` are those of
    /// the features, for messages.
    ///
    /// ```
    /// use gboost::internals::binning::BinnedMatrix;
    /// use gboost::internals::data::Column;
    /// use gboost::{Dataset, Params, Trainer};
    ///
    /// let table = [1.0_f64, 0.0, 2.0, 1.0, 3.0, f64::NAN, 4.0, 1.0]; // four rows of two features
    /// let columns = Column::of_rows(&table, 2)?;
    /// let mut data = Dataset::beside(&columns)?;
    /// data.labels = Some(vec![1.0, 2.0, 3.0, 4.0]);
    /// let params = Params::default();
    /// let matrix = BinnedMatrix::of_columns(&columns, &data.names(), &params)?;
    /// let trained = Trainer::new(&params, &data).binned(&matrix).run()?;
    /// # assert_eq!(trained.model.features, 2);
    /// # Ok::<(), gboost::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`BinnedMatrix::new`]; if columns have different lengths, or a value is infinite or
    /// beyond the range of 32-bit floats.
    pub fn of_columns(columns: &[Column<'_>], names: &[String], params: &Params) -> Result<Self> {
        let rows = Column::common_rows(columns)?;
        Self::learn(columns.par_iter(), names, rows, params.tree_method, params.max_bin)
    }

    /// Refuses a matrix that is not that of a training on `rows x features` with these parameters.
    ///
    /// # Errors
    /// Names the difference.
    pub fn check(&self, rows: usize, features: usize, params: &Params) -> Result<()> {
        if (self.rows, self.features()) != (rows, features) {
            let (binned_rows, binned_features) = (self.rows, self.features());
            return Err(Error::data(format!(
                "the binned matrix has {binned_rows} rows and {binned_features} features, the train data {rows} and {features}"
            ))
            .remedy("bin the rows that are trained on"));
        }
        let differs = |name: &str| {
            Err(Error::parameter(format!("the matrix was binned with another {name}"))
                .remedy("bin the rows with the parameters that train"))
        };
        if self.method != params.tree_method {
            return differs("tree_method");
        }
        if self.method == TreeMethod::Hist && self.max_bin != params.max_bin {
            return differs("max_bin");
        }
        Ok(())
    }

    /// Learns the cuts of all columns and bins them, in parallel on rayon's current pool.
    ///
    /// # Errors
    /// `exact` with a feature of too many distinct values; the error names the feature by `names`.
    pub fn new(
        columns: &[Vec<f32>],
        names: &[String],
        rows: usize,
        method: TreeMethod,
        max_bin: usize,
    ) -> Result<Self> {
        Self::learn(columns.par_iter(), names, rows, method, max_bin)
    }

    fn learn<C: InOrder + Send>(
        columns: impl IndexedParallelIterator<Item = C>,
        names: &[String],
        rows: usize,
        method: TreeMethod,
        max_bin: usize,
    ) -> Result<Self> {
        let (cuts, columns): (Vec<_>, Vec<_>) = columns
            .zip(names)
            .map_init(Scratch::default, |scratch, (values, name)| {
                let mut bin = || {
                    let cuts = FeatureCuts::learn_with(scratch, &values, method, max_bin)?;
                    let column = BinColumn::new(&values, rows, &cuts)?;
                    Ok((cuts, column))
                };
                bin().map_err(|error: Error| error.context(&format!("feature {name}")))
            })
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .unzip();
        Ok(Self::arranged(rows, cuts, columns, (method, max_bin), ListRule::default()))
    }

    fn arranged(
        rows: usize,
        cuts: Vec<FeatureCuts>,
        columns: Vec<BinColumn>,
        (method, max_bin): (TreeMethod, usize),
        rule: ListRule,
    ) -> Self {
        let mut matrix = Self {
            rows,
            cuts,
            columns,
            blocks: Vec::new(),
            joints: Vec::new(),
            lists: Vec::new(),
            by_column: Vec::new(),
            method,
            max_bin,
        };
        matrix.arrange(rule);
        matrix
    }

    /// Lays the codes out by row anew, some as lists as the rule asks, from the columns of a matrix
    /// that has them all: others stay as they are. No model depends on it; [`BinnedMatrix::new`]
    /// takes the default.
    pub fn arrange(&mut self, rule: ListRule) {
        if self.is_by_row() {
            return;
        }
        (self.blocks, self.lists) = (Vec::new(), Vec::new());
        let column = |(feature, cuts): (u32, &FeatureCuts)| CodeColumn {
            feature,
            count: cuts.codes(),
            codes: self.codes(feature as usize),
        };
        let columns: Vec<CodeColumn<'_>> = (0..).zip(&self.cuts).map(column).collect();
        let lists = RowLists::cover(&columns, self.rows, rule);
        let mut listed = lists.iter().flat_map(|lists| &lists.features).map(|listed| listed.feature).peekable();
        let (mut bytes, mut by_column) = (Vec::new(), Vec::new());
        for CodeColumn { feature, codes, .. } in columns {
            match codes {
                _ if listed.next_if_eq(&feature).is_some() => {}
                Codes::Bytes(codes) => bytes.push((feature, codes)),
                Codes::Words(_) | Codes::ByRow { .. } => by_column.push(feature),
            }
        }
        let blocks = RowBlock::groups(&bytes).map(|columns| RowBlock::transpose(columns, self.rows)).collect();
        (self.blocks, self.lists, self.by_column) = (blocks, lists, by_column);
        self.joints = self.blocks.par_iter().map(|block| self.joint(block)).collect();
    }

    /// A row block's features in fewer columns, where that pays.
    fn joint(&self, block: &RowBlock) -> Option<JointBlock> {
        let codes = |&feature: &u32| match &self.columns[feature as usize] {
            BinColumn::Bytes(codes) => Some((self.cuts[feature as usize].codes(), codes.as_slice())),
            BinColumn::Words(_) | BinColumn::ByRow => None,
        };
        JointBlock::cover(&block.features.iter().map(codes).collect::<Option<Vec<_>>>()?, self.rows)
    }

    /// Returns the number of features of the data.
    #[must_use]
    pub fn features(&self) -> usize {
        self.cuts.len()
    }

    /// The codes of a feature.
    #[must_use]
    pub fn codes(&self, feature: usize) -> Codes<'_> {
        match &self.columns[feature] {
            BinColumn::Bytes(codes) => Codes::Bytes(codes),
            BinColumn::Words(codes) => Codes::Words(codes),
            BinColumn::ByRow => {
                let wanted = feature as u32;
                let at = self.blocks.partition_point(|block| block.features.last().is_some_and(|&last| last < wanted));
                let RowBlock { features, codes } = &self.blocks[at];
                let position = features.partition_point(|&other| other < wanted);
                Codes::ByRow { codes, width: features.len(), position }
            }
        }
    }

    /// The code of one row and feature.
    #[inline]
    #[must_use]
    pub fn code(&self, row: usize, feature: usize) -> usize {
        self.codes(feature).code(row)
    }

    /// Whether some codes are there by row alone.
    #[must_use]
    pub fn is_by_row(&self) -> bool {
        self.columns.contains(&BinColumn::ByRow)
    }

    /// Makes the columns of a matrix by row, for a faster partition and for GPUs. They take one
    /// more byte per row and feature. The matrix is then as if its values had been in memory.
    pub fn add_columns(&mut self) {
        let made: Vec<(usize, BinColumn)> = (0..self.features())
            .into_par_iter()
            .filter_map(|feature| match self.codes(feature) {
                Codes::Bytes(_) | Codes::Words(_) => None,
                Codes::ByRow { codes, width, position } => {
                    let codes = codes[position..].iter().step_by(width).copied().collect();
                    Some((feature, BinColumn::Bytes(codes)))
                }
            })
            .collect();
        if made.is_empty() {
            return;
        }
        made.into_iter().for_each(|(feature, column)| self.columns[feature] = column);
        self.arrange(ListRule::default());
    }
}
