//! SHAP values of data as CSV.

use crate::observer::Observer;
use gboost::explain::shap::{Contributions, Explainer, Interactions};
use gboost::{Dataset, Error, Model, Result};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Numbers that are computed before they are written (32 MiB).
const BLOCK_NUMBERS: usize = 1 << 22;

/// Rows of a block at most.
const BLOCK_ROWS: usize = 1 << 12;

/// Columns of a table of pairs at most: a line is 300 MB of text then.
const MOST_PAIRS: usize = 1 << 24;

/// How long a block may take, so that the bar moves and Ctrl-C is heard.
const BLOCK_TIME: Duration = Duration::from_millis(200);

/// What the columns of the table attribute the prediction to: features, or pairs of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// One column per feature, then `bias`.
    Contributions,
    /// One column per pair of features: `age:age`, `age:hours`, ..., `bias:bias`, the matrix line
    /// after line.
    Interactions,
}

/// The values of some rows.
pub enum Block {
    /// SHAP values: one per row, output and feature, and the bias.
    Contributions(Contributions),
    /// SHAP interaction values: one per row, output and pair of features.
    Interactions(Interactions),
}

impl Block {
    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Contributions(found) => found.rows,
            Self::Interactions(found) => found.rows,
        }
    }
}

/// Writer of a table of SHAP values, one line per row (CSV).
pub struct ShapCsv<'a> {
    model: &'a Model,
    explainer: &'a Explainer,
    content: Content,
}

impl<'a> ShapCsv<'a> {
    /// Starts the table of a model's explanations.
    #[must_use]
    pub fn new(model: &'a Model, explainer: &'a Explainer, content: Content) -> Self {
        Self { model, explainer, content }
    }

    /// Returns the line of the names; in multiclass models `class` comes first.
    ///
    /// # Errors
    ///
    /// If there would be too many columns.
    pub fn header(&self) -> Result<Vec<u8>> {
        let side = self.model.features + 1;
        if self.content == Content::Interactions && side.saturating_mul(side) > MOST_PAIRS {
            let message = format!("{} features have too many pairs for a table", self.model.features);
            let remedy = "ask for SHAP values of single features, or train on fewer";
            return Err(Error::parameter(message).remedy(remedy));
        }
        let names: Vec<String> = (0..self.model.features)
            .map(|feature| self.model.feature_name(feature))
            .chain(["bias".to_string()])
            .collect();
        let mut fields = Vec::new();
        if self.model.objective.is_multiclass() {
            fields.push("class".to_string());
        }
        match self.content {
            Content::Contributions => fields.extend(names),
            Content::Interactions => {
                fields.extend(names.iter().flat_map(|a| names.iter().map(move |b| format!("{a}:{b}"))));
            }
        }
        let failed = |error: &dyn std::fmt::Display| Error::data(format!("cannot write the names as CSV: {error}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(fields).map_err(|error| failed(&error))?;
        writer.into_inner().map_err(|error| failed(&error))
    }

    /// Computes the values, block after block, each with the text of its lines: one per row, or one
    /// per row and class.
    ///
    /// # Errors
    ///
    /// Those of `take`, or the observer's reason to stop.
    pub fn blocks(
        &self,
        data: &Dataset,
        observer: &mut dyn Observer,
        mut take: impl FnMut(Block, &str) -> Result<()>,
    ) -> Result<()> {
        let side = self.model.features + 1;
        let width = match self.content {
            Content::Contributions => side,
            Content::Interactions => side * side,
        };
        let most = (BLOCK_NUMBERS / (width * self.model.classes)).clamp(1, BLOCK_ROWS);
        // Trees differ a thousandfold in what a row takes: the time of one block tells how long the
        // next may be.
        let mut rows = most.min(64);
        let mut text = String::new();
        let mut start = 0;
        while start < data.rows {
            observer.check()?;
            let began = Instant::now();
            let range = start..data.rows.min(start + rows);
            start = range.end;
            let block = match self.content {
                Content::Contributions => Block::Contributions(self.explainer.contributions(data, range)),
                Content::Interactions => Block::Interactions(self.explainer.interactions(data, range)),
            };
            text.clear();
            self.lines(&block, width, &mut text);
            rows = if began.elapsed() < BLOCK_TIME { (rows * 2).min(most) } else { (rows / 2).max(1) };
            take(block, &text)?;
        }
        Ok(())
    }

    fn lines(&self, block: &Block, width: usize, text: &mut String) {
        let values = match block {
            Block::Contributions(found) => &found.values,
            Block::Interactions(found) => &found.values,
        };
        for (index, line) in values.chunks_exact(width).enumerate() {
            // Writing to a String cannot fail.
            if self.model.objective.is_multiclass() {
                let _ = write!(text, "{},", index % self.model.classes);
            }
            for (column, value) in line.iter().enumerate() {
                let comma = if column == 0 { "" } else { "," };
                let _ = write!(text, "{comma}{value}");
            }
            text.push('\n');
        }
    }
}
