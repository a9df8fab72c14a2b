//! Whether two channels have the same features.

use super::number;
use crate::data::dataset::Dataset;
use crate::error::{Error, Result};

/// Refuses a channel whose features are not those of the training channel: another number of them,
/// or, where both have names, another name at a place. The names are those of the channels in
/// messages.
///
/// # Errors
/// With the first difference.
pub fn check_same_features(train: &Dataset, train_name: &str, other: &Dataset, other_name: &str) -> Result<()> {
    let named = train.named && other.named;
    let (left, right) = (train.feature_names.as_slice(), other.feature_names.as_slice());
    let difference = (0..left.len().max(right.len())).find(|&at| left.get(at) != right.get(at)).filter(|_| named);
    let tell = |at: usize| match (left.get(at), right.get(at)) {
        (Some(in_train), Some(in_other)) => {
            let (in_train, in_other) = (number::shown(in_train), number::shown(in_other));
            format!("feature {at} is {in_other} in {other_name}, but {in_train} in {train_name}")
        }
        (Some(in_train), None) => format!("feature {at}, {}, is in {train_name} alone", number::shown(in_train)),
        (None, Some(in_other)) => format!("feature {at}, {}, is in {other_name} alone", number::shown(in_other)),
        (None, None) => String::new(),
    };
    if train.features() != other.features() {
        let counts = format!("{} in {other_name}, but {} in {train_name}", plural(other), plural(train));
        let details = difference.map(|at| format!(": {}", tell(at))).unwrap_or_default();
        return Err(Error::data(format!("{counts}{details}"))
            .remedy("give both the same columns; label, weight and ignored columns do not count"));
    }
    let Some(at) = difference else { return Ok(()) };
    let mut sorted = (left.to_vec(), right.to_vec());
    sorted.0.sort();
    sorted.1.sort();
    let remedy = if sorted.0 == sorted.1 {
        "the names are the same in another order: put the columns into one order"
    } else {
        "give both the same columns in the same order"
    };
    Err(Error::data(tell(at)).remedy(remedy))
}

fn plural(dataset: &Dataset) -> String {
    match dataset.features() {
        1 => "1 feature".into(),
        count => format!("{count} features"),
    }
}
