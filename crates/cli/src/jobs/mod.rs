//! What commands have in common beside their arguments: manifests and SHAP tables.

pub mod manifest;
pub mod shap_csv;
