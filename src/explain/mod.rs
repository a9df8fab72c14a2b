//! Why a model predicts what it predicts, and whom its predictions favour.

pub mod bias;
pub mod importance;
pub mod shap;

pub use importance::{FeatureImportance, Importance, importance};
