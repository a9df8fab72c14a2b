pub mod dataset; pub use dataset::Dataset;
