//! Columns that are binned where they lie: the bytes of a table that owns the same values.
use crate::common::{Labels, data, params};
use gboost::internals::data::Column;
use gboost::{BinnedMatrix, Dataset, Params, Result, Trainer};

const PARAMS: &str = "objective=binary:logistic num_round=5 max_depth=4 min_child_weight=0.1";

/// The model file of a training on columns beside their matrix.
fn trained(columns: &[Column<'_>], labels: &[f32], params: &Params) -> Result<Vec<u8>> {
    let mut beside = Dataset::beside(columns)?;
    assert!(!beside.has_values() && beside.features() == columns.len());
    beside.labels = Some(labels.to_vec());
    let matrix = BinnedMatrix::of_columns(columns, &beside.names(), params)?;
    Ok(Trainer::new(params, &beside).binned(&matrix).run()?.model.to_json())
}

/// Trains on the columns, and on a table that owns the same values.
fn check(columns: &[Column<'_>], owned: &Dataset, labels: &[f32], more: &str) {
    let params = params(&format!("{PARAMS} {more}"));
    let copied = Dataset::from_columns(columns).unwrap();
    let bits = |data: &Dataset| data.columns.iter().flatten().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&copied), bits(owned));
    let expected = Trainer::new(&params, owned).run().unwrap().model.to_json();
    assert!(trained(columns, labels, &params).unwrap() == expected, "{more}");
}

#[test]
fn any_layout_and_type_trains_to_the_same_bytes() {
    // More rows than a block has, and not a whole number of blocks.
    let owned = data(7, 4500, 4, 0.2, Labels::Binary);
    let labels = owned.labels.clone().unwrap();
    let (rows, features) = (owned.rows, owned.features());
    let by_row: Vec<f64> = (0..rows).flat_map(|row| owned.row(row).map(f64::from).collect::<Vec<_>>()).collect();
    let by_column: Vec<f32> = owned.columns.concat();
    let reversed: Vec<f32> = by_column.iter().rev().copied().collect();
    let strided = |feature: usize| Column::strided(&reversed, reversed.len() - 1 - feature * rows, -1, rows).unwrap();
    let mixed = |feature: usize| match feature % 2 {
        0 => Column::new(&owned.columns[feature]),
        _ => Column::new(
            owned.columns[feature].iter().map(|&value| (!value.is_nan()).then_some(value)).collect::<Vec<_>>(),
        ),
    };
    for more in ["max_bin=16", "tree_method=exact", "max_bin=1000"] {
        check(&Column::of_rows(&by_row, features).unwrap(), &owned, &labels, more);
        check(&(0..features).map(strided).collect::<Vec<_>>(), &owned, &labels, more);
        check(&(0..features).map(mixed).collect::<Vec<_>>(), &owned, &labels, more);
    }
}

#[test]
fn whole_numbers_train_as_the_nearest_floats() {
    let mut owned = data(8, 5000, 2, 0.0, Labels::Binary);
    let labels = owned.labels.clone().unwrap();
    // Beyond 2^24 some of them round.
    let wide: Vec<i64> = (0..5000).map(|row| (1 << 24) + row * 7919 % 5003).collect();
    let narrow: Vec<u8> = (0..5000).map(|row| (row * row % 251) as u8).collect();
    let nearest = wide.iter().map(|&value| value as f32).collect();
    owned.columns = vec![nearest, narrow.iter().map(|&value| f32::from(value)).collect()];
    check(&[Column::new(wide), Column::new(narrow)], &owned, &labels, "max_bin=64");
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let message = |columns: &[Column<'_>]| trained(columns, &[0.0, 1.0], &params(PARAMS)).unwrap_err().to_string();
    let columns = [Column::new(vec![1_i32, 2]), Column::new(vec![0.5_f64, 1e39])];
    let infinite = "feature f1: the value of row 2 is infinite or too large for a 32-bit float; use finite numbers, or NaN \
                    if the value is missing";
    assert_eq!(message(&columns), infinite);
    assert_eq!(Dataset::from_columns(&columns).unwrap_err().to_string(), infinite);
    let columns = [Column::new(vec![1_i32, 2]), Column::new(vec![true])];
    assert_eq!(message(&columns), "column 1 has 1 rows, but column 0 has 2; give columns of one length");
}
