//! The library as its users call it: reading, metrics, model files, explanations, validation and
//! tuning.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod bias;
mod columns;
#[path = "../common/mod.rs"]
mod common;
mod examples;
mod ingest;
mod metric;
mod model;
mod shap;
mod tuning;
mod validation;
