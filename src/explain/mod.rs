//! Why a model predicts what it predicts.

pub mod importance;

pub use importance::{FeatureImportance, Importance, importance};
