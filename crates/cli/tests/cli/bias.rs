//! `gboost bias`.

use super::support::{Folder, rows};
use serde_json::Value;

/// Data with a column that the model is trained without, and the model.
fn folder() -> Folder {
    let folder = Folder::new();
    let mut text = "income,age,hours,sex,area\n".to_string();
    for (index, (label, age, hours)) in rows(0, 240).into_iter().enumerate() {
        let hours = hours.map(|hours| hours.to_string()).unwrap_or_default();
        text += &format!("{label},{age},{hours},{},{}\n", (index / 3) % 2, index % 4);
    }
    folder.write("data.csv", text);
    folder.run("train -q --train data.csv --ignore-column sex area --objective binary:logistic --num-round 5").done();
    folder
}

fn metric<'a>(json: &'a Value, stage: &str, column: &str, facet: usize, name: &str) -> &'a Value {
    let metrics = json[stage]["facets"][column][facet]["metrics"].as_array().unwrap();
    &metrics.iter().find(|metric| metric["name"] == name).unwrap()["value"]
}

#[test]
fn facets_of_features_and_of_other_columns() {
    let folder = folder();
    // sex and area are no features: they are looked up in the file, whether they are ignored by
    // name or not.
    for ignored in ["", "--ignore-column sex area"] {
        let files = "--json analysis.json --output bias.html";
        let command = format!(
            "bias --model model.json --data data.csv --label income {ignored} --facet sex=1 age>40 --group area {files}"
        );
        let text = folder.run(&command).done();
        assert!(
            text.contains("facet sex=1: 120 rows, 50.0 % of 240 rows") && text.contains("facet age>40: "),
            "{text}"
        );
    }
    let json = folder.json("analysis.json");
    for stage in ["pre_training_bias_metrics", "post_training_bias_metrics"] {
        assert_eq!(
            (json[stage]["label"].as_str(), json[stage]["label_value_or_threshold"].as_str()),
            (Some("income"), Some("1"))
        );
        assert_eq!(json[stage]["facets"]["sex"][0]["value_or_threshold"], "1");
        assert_eq!(json[stage]["facets"]["age"][0]["value_or_threshold"], ">40");
    }
    assert_eq!(metric(&json, "pre_training_bias_metrics", "sex", 0, "CI"), 0.0);
    let html = folder.read("bias.html");
    for part in
        ["data-chart=\"facet-0-rates\"", "data-chart=\"facet-1-gaps\"", "Conditional Demographic Disparity in Labels"]
    {
        assert!(html.contains(part), "{part}");
    }
    // By hand from the file and the predictions.
    let predicted = folder
        .run("predict --model model.json --data data.csv --label income --ignore-column sex area --output-type label")
        .done();
    let (mut counts, mut accepted) = ([0.0; 2], [0.0; 2]);
    for (line, label) in folder.read("data.csv").lines().zip(predicted.lines()).skip(1) {
        let older = usize::from(line.split(',').nth(1).unwrap().parse::<u32>().unwrap() > 40);
        counts[older] += 1.0;
        accepted[older] += label.parse::<f64>().unwrap();
    }
    let expected = accepted[0] / counts[0] - accepted[1] / counts[1];
    let found = metric(&json, "post_training_bias_metrics", "age", 0, "DPPL").as_f64().unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} {expected}");
}

#[test]
fn a_column_alone_is_each_of_its_values_and_columns_have_numbers() {
    let folder = folder();
    let command = "bias -q --model model.json --data data.csv --ignore-column 3 4 --facet 4 --json analysis.json";
    assert_eq!(folder.run(command).done(), "");
    let json = folder.json("analysis.json");
    let facets = json["pre_training_bias_metrics"]["facets"]["column 4"].as_array().unwrap();
    let values: Vec<&str> = facets.iter().map(|facet| facet["value_or_threshold"].as_str().unwrap()).collect();
    assert_eq!(values, ["0", "1", "2", "3"]);
    assert_eq!(metric(&json, "pre_training_bias_metrics", "column 4", 2, "CI"), 0.5);
}

#[test]
fn the_positive_label_and_the_threshold() {
    let folder = folder();
    let run = |more: &str| {
        let command = format!(
            "bias -q --model model.json --data data.csv --ignore-column area --facet sex=1 --json analysis.json {more}"
        );
        folder.run(&command).done();
        let json = folder.json("analysis.json");
        let value = |stage, name| metric(&json, stage, "sex", 0, name).as_f64().unwrap();
        (value("pre_training_bias_metrics", "DPL"), value("post_training_bias_metrics", "DPPL"))
    };
    let (labels, predictions) = run("");
    let (other_labels, other_predictions) = run("--positive 0");
    assert!((labels + other_labels).abs() < 1e-12 && (predictions + other_predictions).abs() < 1e-12);
    assert_eq!(run("--threshold 0.5"), (labels, predictions));
    // Everybody is above 0, nobody above 1.
    assert_eq!(run("--threshold 0").1, 0.0);
    assert_eq!(run("--threshold 1").1, 0.0);
}

#[test]
fn regression_and_classes_have_positive_labels_too() {
    let folder = folder();
    folder.run("train -q --train data.csv --label age --ignore-column sex area --num-round 5 --model age.json").done();
    let command = "bias --model age.json --data data.csv --label age --ignore-column area --facet sex=1 --positive >40";
    let text = folder.run(command).done();
    assert!(text.contains("facet sex=1"), "{text}");
    folder.run("train -q --train data.csv --label area --ignore-column sex --objective multi:softprob --num-class 4 --num-round 2 --model area.json").done();
    folder.run("bias --model area.json --data data.csv --label area --facet sex=1 --positive 2,3").done();
}

#[test]
fn what_is_wrong_is_named() {
    let folder = folder();
    folder.run("train -q --train data.csv --label age --num-round 1 --model age.json").done();
    let write = "write COLUMN=VALUE, COLUMN=VALUE,VALUE, COLUMN!=VALUE, COLUMN>NUMBER, >=, < or <=, in quotes";
    for (arguments, error) in [
        ("--facet sex=7", "--facet sex=7: the facet `sex` 7 has no rows; choose another value or bound: the values are 0, 1".to_string()),
        (
            "--facet age>0",
            "--facet age>0: the facet `age` >0 has all rows, and there is nothing to compare them with; choose another value or \
             bound: the values go from 20 to 69"
                .to_string(),
        ),
        (
            "--facet sex=male",
            "--facet sex=male: the facet `sex` male has no rows; choose another value or bound: the values are 0, 1".to_string(),
        ),
        ("--facet sex>male", format!("--facet: `sex>male` has \"male\" for a number; {write}")),
        ("--facet age!40", format!("--facet: `age!40` has the operator \"!\", which is not known; {write}")),
        ("--facet age=>40", "data.csv:1: --facet age=>40: there is no column `age=`; did you mean `age`?".to_string()),
        ("--facet =1", format!("--facet: `=1` names no column; {write}")),
        ("--facet age", "--facet age: the column has 49 values; give a value or a bound, such as 'age>44'".to_string()),
        ("--facet sex=1 --positive 5", "--positive 5: no label of the data is positive; choose others: the labels are 0, 1".to_string()),
        ("--facet sex=1 --positive yes", "--positive: `yes` has \"yes\" for a number; write VALUE, VALUE,VALUE, >NUMBER, >=, < or <=".to_string()),
        ("--facet sex=1 --threshold 2", "--threshold 2 is not a probability; give a number from 0 to 1".to_string()),
        (
            "--facet sx=1",
            "data.csv:1: --facet sx=1: there is no column `sx`; did you mean `sex`?".to_string(),
        ),
        (
            "--facet sex=1 --group areaa",
            "data.csv:1: --group areaa: there is no column `areaa`; did you mean `area`?".to_string(),
        ),
        (
            "--facet 9=1",
            "data.csv:1: --facet 9=1: there is no column 9: the file has columns 0 to 4; give --facet one of these, or a name".to_string(),
        ),
        ("--facet sex=1 --no-label", "--no-label is given, but labels are needed here; leave --no-label out; --label names the label column if it is not the first".to_string()),
    ] {
        folder.refuses(&format!("bias --model model.json --data data.csv --ignore-column sex area --json analysis.json {arguments}"), &error);
    }
    folder.refuses(
        "bias --model age.json --data data.csv --label age --facet sex=1 --threshold 0.5",
        "--threshold is for binary:logistic, the model is of reg:squarederror; leave it out",
    );
}
