//! The shaders against their twins: hygiene without any GPU, then bytes on whatever adapter there is.
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod add_leaves;
mod device;
mod gradient;
mod histogram;
mod kit;
mod leaf_sums;
mod models;
mod partition;
mod quantise;
mod route;
mod sample;
mod shaders;
mod split;
