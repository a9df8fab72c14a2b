//! Bias metrics against values worked out by hand on a table of 20 rows, and their edge cases.

use gboost::explain::bias::{BiasMetric, BiasReport, BiasRows, Condition, Facet};
use gboost::ingest::keys::Keys;
use gboost_report::Analysis;
use gboost_report::analysis::BiasSection;

/// Rows: (in the facet, label, prediction, group, x).
type Row = (bool, bool, bool, f32, f32);

/// The facet has 2 true positives, 1 false negative, 1 false positive and 4 true negatives; the
/// rest 5, 1, 2 and 4.
fn table() -> Vec<Row> {
    let (d, a, yes, no) = (true, false, true, false);
    vec![
        (d, yes, yes, 0.0, 0.0),
        (d, yes, yes, 0.0, 11.0),
        (d, yes, no, 0.0, 0.0),
        (d, no, no, 0.0, 1.0),
        (d, no, yes, 1.0, 6.0),
        (d, no, no, 1.0, 11.0),
        (d, no, no, 1.0, 7.0),
        (d, no, no, 1.0, 6.0),
        // The rest is predicted positive up to x = 6.
        (a, yes, yes, 0.0, 0.0),
        (a, yes, yes, 0.0, 1.0),
        (a, yes, yes, 0.0, 2.0),
        (a, yes, yes, 1.0, 3.0),
        (a, yes, yes, 1.0, 4.0),
        (a, no, yes, 0.0, 5.0),
        (a, no, yes, 1.0, 6.0),
        (a, yes, no, 1.0, 7.0),
        (a, no, no, 0.0, 8.0),
        (a, no, no, 0.0, 9.0),
        (a, no, no, 1.0, 10.0),
        (a, no, no, 1.0, 11.0),
    ]
}

fn report_of(rows: &[Row], with_groups: bool, condition: &str) -> gboost::Result<BiasReport> {
    let column: Vec<f32> = rows.iter().map(|row| f32::from(u8::from(row.0))).collect();
    let positive: Vec<bool> = rows.iter().map(|row| row.1).collect();
    let predicted: Vec<bool> = rows.iter().map(|row| row.2).collect();
    let groups = Keys::of_values(&rows.iter().map(|row| row.3).collect::<Vec<f32>>());
    let x: Vec<f32> = rows.iter().map(|row| row.4).collect();
    let (_, condition) = Condition::parse(condition).unwrap();
    let rows = BiasRows { positive: &positive, predicted: &predicted, groups: with_groups.then_some(&groups) };
    let facet = Facet { column: "d", values: &Keys::of_values(&column), condition: &condition.unwrap(), others: &[&x] };
    BiasReport::new(&rows, &facet)
}

fn report(rows: &[Row]) -> BiasReport {
    report_of(rows, true, "d=1").unwrap()
}

fn metric<'a>(report: &'a BiasReport, name: &str) -> &'a BiasMetric {
    report.labels.iter().chain(&report.predictions).find(|metric| metric.name == name).unwrap()
}

fn check(report: &BiasReport, expected: &[(&str, f64)]) {
    for &(name, expected) in expected {
        let found = metric(report, name).value;
        let same = if expected.is_finite() { (found - expected).abs() < 1e-9 } else { found == expected };
        assert!(same, "{name}: {found}, by hand {expected}");
    }
}

#[test]
fn every_metric_by_hand() {
    let report = report(&table());
    assert_eq!((report.rows, report.all, report.column.as_str(), report.condition.as_str()), (8, 20, "d", "1"));
    let names = |metrics: &[BiasMetric]| metrics.iter().map(|metric| metric.name).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&report.labels), "CI DPL KL JS LP TVD KS CDDL");
    assert_eq!(names(&report.predictions), "DPPL DI DCA DCR RD SD DAR DRR AD TE CDDPL FT GE");
    check(
        &report,
        &[
            // 12 and 8 of 20 rows.
            ("CI", 0.2),
            // Positive labels: 6 of 12 and 3 of 8.
            ("DPL", 0.125),
            // 1/2 ln(4/3) + 1/2 ln(4/5)
            ("KL", 0.032_269_260_568_8),
            // With m = (7/16, 9/16): half of 1/2 ln(8/7) + 1/2 ln(8/9), and of 3/8 ln(6/7) + 5/8
            // ln(10/9).
            ("JS", 0.007_958_997_917_5),
            ("LP", 0.176_776_695_296_6),
            ("TVD", 0.125),
            ("KS", 0.125),
            // Group 0: 1/4 of the rejected, 3/6 of the accepted. Group 1: 4/7 and 0/3. Ten rows
            // each.
            ("CDDL", 0.160_714_285_714_3),
            // Predicted positive: 7 of 12 and 3 of 8.
            ("DPPL", 0.208_333_333_333_3),
            ("DI", 9.0 / 14.0),
            // 6 labels for 7 predictions, 3 for 3.
            ("DCA", 6.0 / 7.0 - 1.0),
            // 5 for 5, 6 for 5.
            ("DCR", -0.2),
            // 5/6 and 2/3; 4/6 and 4/5; 5/7 and 2/3; 4/5 and 4/5; 9/12 and 6/8.
            ("RD", 1.0 / 6.0),
            ("SD", 2.0 / 15.0),
            ("DAR", 1.0 / 21.0),
            ("DRR", 0.0),
            ("AD", 0.0),
            // 1/1 and 1/2.
            ("TE", 0.5),
            // Group 0: 2/4 and 2/6. Group 1: 3/6 and 1/4.
            ("CDDPL", 0.208_333_333_333_3),
            // Against its five neighbours one row is predicted positive (x = 11) and three negative
            // (x = 0, 1, 6).
            ("FT", -0.25),
            // Benefits: 15 of 1, three of 2, two of 0; mean 1.05.
            ("GE", (27.0 / 1.1025 - 20.0) / 40.0),
        ],
    );
}

#[test]
fn readings_and_bounds() {
    let report = report(&table());
    let reading = |name| metric(&report, name).reading.as_str();
    assert_eq!(reading("CI"), "the facet has 8 of 20 rows (40.0 %)");
    assert_eq!(reading("DPL"), "the facet has positive labels less often than the rest (37.5 % against 50.0 %)");
    assert_eq!(reading("DI"), "the facet is predicted positive 0.643 times as often as the rest");
    assert_eq!(reading("RD"), "recall (positive rows that are predicted so): 0.667 in the facet, 0.833 in the rest");
    assert_eq!(
        reading("FT"),
        "1 rows of the facet are predicted positive where similar rows of the rest are not, 3 the other way"
    );
    let usual = |name| metric(&report, name).is_usual();
    assert_eq!((usual("DPL"), usual("DI"), usual("AD"), usual("KL")), (Some(false), Some(false), Some(true), None));
    for metric in report.labels.iter().chain(&report.predictions) {
        assert!((metric.range.0..=metric.range.1).contains(&metric.value), "{}", metric.name);
        assert!(metric.description.ends_with(&format!("({})", metric.name)));
    }
}

#[test]
fn groups_are_asked_for_and_a_missing_one_counts() {
    let report = report_of(&table(), false, "d=1").unwrap();
    assert!(report.labels.iter().chain(&report.predictions).all(|metric| !metric.name.starts_with("CDD")));
    let rows: Vec<Row> = table()
        .into_iter()
        .map(|row| if row.3 == 1.0 { (row.0, row.1, row.2, f32::NAN, row.4) } else { row })
        .collect();
    check(&report_of(&rows, true, "d=1").unwrap(), &[("CDDL", 0.160_714_285_714_3)]);
}

/// 0/0 is 0, x/0 infinite, and two infinities differ by 0.
#[test]
fn nothing_over_nothing() {
    let (d, a, yes, no) = (true, false, true, false);
    // The facet: labels all positive, predictions all negative; the rest: all right, both labels.
    let rows = [(d, yes, no, 0.0, 0.0), (d, yes, no, 0.0, 0.0), (a, yes, yes, 0.0, 0.0), (a, no, no, 0.0, 1.0)];
    check(
        &report(&rows),
        &[
            ("DPL", -0.5),
            // 1/2 ln(1/2) of positive labels, and 1/2 of negative ones, of which the facet has
            // none.
            ("KL", f64::INFINITY),
            // 1/2 (1/2 ln(2/3) + 1/2 ln 2) + 1/2 ln(4/3)
            ("JS", 0.215_761_554_338_8),
            ("DPPL", 0.5),
            ("DI", 0.0),
            // 1/1 and 2/0.
            ("DCA", f64::NEG_INFINITY),
            // 0/2 and 1/1.
            ("DCR", -1.0),
            // 0/2; 0/0 and 1/1; 0/0; 0/2 and 1/1.
            ("RD", 1.0),
            ("SD", -1.0),
            ("DAR", 1.0),
            ("DRR", -1.0),
            // 2/0 and 0/0.
            ("TE", f64::INFINITY),
            // The rejected: 2 of 3 in the facet; the accepted: 0 of 1.
            ("CDDPL", 2.0 / 3.0),
        ],
    );
    // Nobody is predicted positive: no benefit at all, and both sides alike.
    let rows = [(d, yes, no, 0.0, 0.0), (a, yes, no, 1.0, 0.0)];
    check(
        &report(&rows),
        &[("DI", 0.0), ("DCA", 0.0), ("TE", 0.0), ("GE", 0.0), ("KL", 0.0), ("CDDPL", 0.5), ("FT", 0.0)],
    );
    // Only the facet is.
    let rows = [(d, yes, yes, 0.0, 0.0), (a, yes, no, 0.0, 0.0)];
    let report = report(&rows);
    check(&report, &[("DI", f64::INFINITY), ("DPPL", -1.0), ("DCA", f64::INFINITY), ("FT", 1.0)]);
    assert_eq!(
        metric(&report, "DI").reading,
        "the facet is predicted positive infinitely many times as often as the rest"
    );
    assert_eq!(metric(&report, "DI").is_usual(), Some(false));
    // JSON has no infinity; the text is Clarify's.
    let section = BiasSection::new("y", "1", std::slice::from_ref(&report), |report| &report.predictions);
    let text = Analysis { post_training_bias_metrics: Some(section), ..Analysis::default() }.to_text();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let metrics = json["post_training_bias_metrics"]["facets"]["d"][0]["metrics"].as_array().unwrap();
    let impact = metrics.iter().find(|metric| metric["name"] == "DI").unwrap();
    assert_eq!((impact["value"].as_str(), impact["range"][1].as_str()), (Some("Infinity"), Some("Infinity")));
    assert_eq!(impact["description"], "Disparate Impact (DI)");
}

#[test]
fn a_facet_of_no_or_of_all_rows_is_refused() {
    for (condition, message) in [
        ("d=7", "the facet `d` 7 has no rows; choose another value or bound: the values are 0, 1"),
        (
            "d>=0",
            "the facet `d` >=0 has all rows, and there is nothing to compare them with; choose another value or bound: \
             the values are 0, 1",
        ),
    ] {
        assert_eq!(report_of(&table(), true, condition).unwrap_err().to_string(), message);
    }
}

/// A missing value of the facet's column belongs to the rest, whatever the condition.
#[test]
fn missing_values_meet_no_condition() {
    let values = Keys::of_values(&[1.0, f32::NAN, 0.0, 2.0]);
    for (condition, rows) in [("x=1", 1), ("x!=1", 2), ("x<2", 2), ("x>0,", 0)] {
        let Ok((_, Some(condition))) = Condition::parse(condition) else {
            assert_eq!(rows, 0, "{condition}");
            continue;
        };
        let labels = [true, false, true, false];
        let rows_in = BiasRows { positive: &labels, predicted: &labels, groups: None };
        let facet = Facet { column: "x", values: &values, condition: &condition, others: &[] };
        assert_eq!(BiasReport::new(&rows_in, &facet).unwrap().rows, rows, "{condition}");
    }
}

/// Distances leave out what either row misses, and scale the rest up.
#[test]
fn the_flip_test_with_missing_values() {
    let nan = f32::NAN;
    // One neighbour decides, as the rest has few rows.
    let columns: [&[f32]; 3] = [&[1.0, 1.0, 0.0, 0.0], &[0.0, 5.0, 3.0, 4.0], &[nan, 2.0, 0.0, 2.0]];
    let labels = [true, true, false, true];
    // Row 0 is 3 * sqrt(2) from row 2 and 4 * sqrt(2) from row 3, which says positive; row 1 is
    // nearest to row 3.
    let rows = BiasRows { positive: &labels, predicted: &labels, groups: None };
    let condition = Condition::OneOf(vec![1.0.into()]);
    let facet =
        Facet { column: "x", values: &Keys::of_values(columns[0]), condition: &condition, others: &columns[1..] };
    let report = BiasReport::new(&rows, &facet).unwrap();
    check(&report, &[("FT", 0.5)]);
}

/// What a condition says about values that binary32 cannot tell apart, and about texts.
#[test]
fn conditions_on_columns_are_exact() {
    let rows = |values: &[&str], condition: &str| {
        let (keys, labels) = (Keys::new(values), vec![true; values.len()]);
        let condition = Condition::parse(condition).unwrap().1.unwrap();
        let facet = Facet { column: "x", values: &keys, condition: &condition, others: &[] };
        let report = BiasReport::new(&BiasRows { positive: &labels, predicted: &labels, groups: None }, &facet);
        report.map(|report| report.rows).map_err(|error| error.to_string())
    };
    let dates = ["20240114", "20240115", "20240116", "20240117", "20240115.0", ""];
    let large = ["9007199254740992", "9007199254740993", "1e400", "-0", "00", "0.1", "0.10"];
    for (values, condition, expected) in [
        (&dates[..], "x=20240115", 2),
        (&dates, "x=020240115", 2),
        (&dates, "x!=20240115", 3),
        (&dates, "x>20240115", 2),
        (&dates, "x>=20240115", 4),
        (&dates, "x<20240115.5", 3),
        (&dates, "x=20240114,20240117", 2),
        (&large, "x=9007199254740993", 1),
        (&large, "x>9007199254740992", 2),
        (&large, "x=1e400", 1),
        (&large, "x=0", 2),
        (&large, "x=0.100", 2),
        (&["a", "1", "1.0", "b"], "x=1", 1),
        (&["a", "1", "1.0", "b"], "x!=a", 3),
        (&["Male", "Female", "male"], "x=Male", 1),
    ] {
        assert_eq!(rows(values, condition), Ok(expected), "{condition}");
    }
    let choose = "choose another value or bound:";
    for (values, condition, message) in [
        (&dates[..], "x=20240118", format!("the facet `x` 20240118 has no rows; {choose} the values are 20240114, 20240115, 20240116, 20240117")),
        (&dates, "x=20240114,7", format!("the facet `x` 20240114,7 asks for 7, which no row has; {choose} the values are 20240114, 20240115, 20240116, 20240117")),
        (&["1", "2", ""], "x!=3", format!("the facet `x` !=3 asks for 3, which no row has; {choose} the values are 1, 2")),
        (&["a", "1"], "x>0", format!("the facet `x` >0 asks for larger or smaller numbers, but \"a\" is none; {choose} the values are 1, a")),
        (&["1", "1.0"], "x=1", "the facet `x` 1 has all rows, and there is nothing to compare them with; choose another value or bound: the values are 1".to_string()),
    ] {
        assert_eq!(rows(values, condition), Err(message));
    }
    let names: Vec<String> = (0..12).map(|name| format!("n{name:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(
        rows(&names, "x=n12")
            .unwrap_err()
            .ends_with("there are 12 values, such as n00, n01, n02, n03, n04, n05, n06, n07, n08, n09")
    );
}

/// A condition as text, its column, how it is shown, values that meet it, and values that do not.
type Case = (&'static str, &'static str, &'static str, &'static [f32], &'static [f32]);

#[test]
fn conditions_are_read_shown_and_met() {
    let cases: [Case; 10] = [
        ("sex=1", "sex", "1", &[1.0], &[0.0, 2.0]),
        ("sex == 1", "sex", "1", &[1.0], &[0.0]),
        ("race=2, 3.5", "race", "2,3.5", &[2.0, 3.5], &[3.0]),
        ("sex!=1", "sex", "!=1", &[0.0], &[1.0]),
        ("age>40", "age", ">40", &[40.5], &[40.0]),
        ("age>=40", "age", ">=40", &[40.0], &[39.9]),
        ("age < 0.1", "age", "<0.1", &[0.0], &[0.1]),
        ("age<=-1", "age", "<=-1", &[-1.0], &[0.0]),
        ("a=b>c=1", "a=b>c", "1", &[1.0], &[0.0]),
        ("<b>>4", "<b>", ">4", &[5.0], &[4.0]),
    ];
    for (text, column, shown, met, not) in cases {
        let (name, condition) = Condition::parse(text).unwrap();
        let condition = condition.unwrap();
        assert_eq!((name.as_str(), condition.to_string().as_str()), (column, shown));
        assert!(met.iter().all(|&value| condition.holds(value)), "{text}");
        assert!(!not.iter().any(|&value| condition.holds(value)), "{text}");
        assert!(!condition.holds(f32::NAN), "{text}");
    }
    assert_eq!(Condition::parse(" sex ").unwrap(), ("sex".to_string(), None));
    assert_eq!(Condition::parse_values("1,2").unwrap(), Condition::OneOf(vec![1.0.into(), 2.0.into()]));
    assert_eq!(Condition::parse_values("> 50").unwrap(), Condition::Above(50.0.into()));
}

#[test]
fn what_is_wrong_is_named() {
    for (text, message) in [
        ("", "`` names no column; "),
        ("=1", "`=1` names no column; "),
        ("sex=", "`sex=` has \"\" for a number; "),
        ("sex>male", "`sex>male` has \"male\" for a number; "),
        ("sex<=inf", "`sex<=inf` has \"inf\" for a number; "),
        ("age>1,2", "`age>1,2` has 2 numbers after >; "),
        ("age!1", "`age!1` has the operator \"!\", which is not known; "),
    ] {
        let error = Condition::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    assert!(Condition::parse_values("yes").is_err());
}
