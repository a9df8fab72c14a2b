//! The census data: UCI Adult, split into train, validation and test.
//!
//! `data/README.md` in the repository names the source and the licence, and how the files were
//! made.

/// Names and contents of the census files (gzipped CSV): train, validation, test.
pub const CENSUS: [(&str, &[u8]); 3] = [
    ("adult_train.csv.gz", include_bytes!("../../data/adult_train.csv.gz")),
    ("adult_validation.csv.gz", include_bytes!("../../data/adult_validation.csv.gz")),
    ("adult_test.csv.gz", include_bytes!("../../data/adult_test.csv.gz")),
];
