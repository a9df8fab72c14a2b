//! How good parameters are on rows that they were not trained on: [`folds`] parts the rows,
//! [`cross_validate`](mod@cross_validate) trains and evaluates on the parts; [`tune`] searches for
//! the parameters that do best.

pub mod cross_validate;
pub mod folds;
pub mod tune;

pub use cross_validate::{CrossValidated, CrossValidation, CvProgress, CvRound, FoldedData, MeanStd, cross_validate};
pub use folds::{Folds, parse_number};
