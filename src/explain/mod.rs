//! Why a model predicts what it predicts.

pub mod importance;
pub mod shap;

pub use importance::{FeatureImportance, Importance, importance};
