//! Reports opened in a real browser: headless Chromium.
//!
//! Without Chromium the tests show as ignored; with `GBOOST_REQUIRE_CHROMIUM=1` they run, and fail.
//! `GBOOST_CHROMIUM` names the program, otherwise `chromium` and the like are looked for in `PATH`.
//! `page/probe.js` runs in a copy of each page and tells what it saw.

use gboost_report::html::script_source;
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

const PROBE: &str = include_str!("probe.js");
const GBOOST: &str = env!("CARGO_BIN_EXE_gboost");
/// Names of features that must be shown and not run.
const EVIL: [&str; 2] = ["<script>window.pwned=1</script>", "</script><img src=x onerror=window.pwned=1>'\"&{{ 7*7 }}"];

/// The browser, if there is one.
fn chromium() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("GBOOST_CHROMIUM") {
        return Some(path.into());
    }
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// How a page is opened.
#[derive(Clone, Copy)]
struct Window {
    width: u32,
    dark: bool,
}

/// What came of opening a page.
struct Opened {
    /// What the probe saw.
    seen: Value,
    /// Messages of the page's console.
    console: Vec<String>,
}

fn open(browser: &Path, page: &Path, window: Window) -> Result<Opened, Failed> {
    let folder = TempDir::new()?;
    let html = fs::read_to_string(page)?;
    // The page's policy lets no other script run, so the copy's has to name the probe.
    let policy = format!("script-src {} ", script_source(PROBE).replace('\'', "&#x27;"));
    let probed =
        html.replacen("script-src ", &policy, 1).replacen("</body>", &format!("<script>{PROBE}</script></body>"), 1);
    let copy = folder.path().join("page.html");
    fs::write(&copy, probed)?;
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ])
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--blink-settings=preferredColorScheme={}", if window.dark { 0 } else { 1 }))
        .arg(format!("--window-size={},900", window.width))
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", copy.display()))
        .output()?;
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let console = log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_string).collect::<Vec<_>>();
    let seen = dom.split_once("id=\"probe\">").and_then(|(_, rest)| rest.split_once("</script>"));
    let (seen, _) = seen.ok_or_else(|| format!("the probe saw nothing; console {console:?}; log {log}"))?;
    Ok(Opened { seen: serde_json::from_str(seen)?, console })
}

/// A report of a small training.
struct Report {
    folder: TempDir,
    /// What `--json` says.
    json: Value,
}

/// Trains on rows of a label and three features and makes a report of held-out rows.
fn report(objective: &str, label: impl Fn(u32, u32) -> String) -> Report {
    let folder = TempDir::new().unwrap();
    let mut state = 7_u32;
    let mut next = |end: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % end
    };
    for (name, rows) in [("train.csv", 400), ("valid.csv", 150)] {
        let quoted = EVIL.map(|name| format!("\"{}\"", name.replace('"', "\"\"")));
        let mut text = format!("label,{},{},plain\n", quoted[0], quoted[1]);
        for _ in 0..rows {
            let (a, b) = (next(50), next(60));
            let hours = if next(9) == 0 { String::new() } else { b.to_string() };
            writeln!(text, "{},{a},{hours},{}", label(a + next(20), b), next(5)).unwrap();
        }
        fs::write(folder.path().join(name), text).unwrap();
    }
    let mut report = Report { folder, json: Value::Null };
    report.run(&format!(
        "train -q --train train.csv --validation valid.csv --objective {objective} --num-round 30 --max-depth 3"
    ));
    report.run("report -q --model model.json --data valid.csv --train train.csv --json analysis.json");
    let json = fs::read(report.folder.path().join("analysis.json")).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();
    report.json = json["report"].clone();
    report
}

impl Report {
    /// Runs the program in the folder.
    fn run(&self, arguments: &str) {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let output = Command::new(GBOOST).current_dir(self.folder.path()).args(&arguments).output().unwrap();
        assert!(output.status.success(), "gboost {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Fails unless it holds.
fn expect(holds: bool, what: impl Into<String>) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(what.into().into()) }
}

/// What must hold for every page in every window; the page lacks what some steps of the probe look
/// for.
fn sound(browser: &Path, page: &Path, window: Window, lacks: &[&str]) -> Result<Value, Failed> {
    let Opened { seen, console } = open(browser, page, window)?;
    expect(console.is_empty(), format!("console: {console:?}"))?;
    let errors = seen["errors"].as_array().ok_or("no list of errors")?;
    let lacking = |error: &Value| lacks.iter().any(|step| error.as_str().is_some_and(|text| text.starts_with(step)));
    expect(errors.len() == lacks.len() && errors.iter().all(lacking), format!("errors: {errors:?}"))?;
    for chart in seen["charts"].as_array().ok_or("no charts")? {
        let good = chart["drawn"] == true
            && chart["broken"] == false
            && chart["ink"].as_u64() > Some(0)
            && chart["overlaps"] == 0
            && chart["outside"] == 0;
        expect(good, format!("chart {chart}"))?;
    }
    let (width, page) = (seen["width"]["window"].as_u64(), seen["width"]["page"].as_u64());
    expect(page <= width, format!("{page:?} pixels in a window of {width:?}"))?;
    expect(seen["loaded"] == serde_json::json!([]), format!("loaded: {}", seen["loaded"]))?;
    expect(seen["foreign"] == 0, "something that would be loaded")?;
    expect(seen["pwned"] == "undefined", "a name was run")?;
    expect(seen["text"] == true, "the name is not shown as it is")?;
    let hide = &seen["hide"];
    let counts = [&hide["before"], &hide["hidden"], &hide["again"]].map(|count| count.as_u64().unwrap_or(0));
    expect(counts[1] < counts[0] && counts[2] == counts[0] && hide["pressed"] == "false", format!("hide: {hide}"))?;
    theme(&seen["theme"], window)?;
    Ok(seen)
}

/// What must hold for every report in every window.
fn check(browser: &Path, report: &Report, window: Window) -> Result<Value, Failed> {
    let seen = sound(browser, &report.folder.path().join("report.html"), window, &[])?;
    expect(seen["charts"].as_array().is_some_and(|charts| charts.len() >= 10), format!("{}", seen["charts"]))?;
    expect(seen["hover"]["hidden"] == false && seen["hover"]["gone"] == true, format!("hover: {}", seen["hover"]))?;
    expect(seen["hover"]["text"].as_str().is_some_and(|text| text.len() > 3), "an empty tip")?;
    zoomed(&seen)?;
    Ok(seen)
}

fn zoomed(seen: &Value) -> Result<(), Failed> {
    let zoom = &seen["zoom"];
    expect(
        [&zoom["changed"], &zoom["offered"], &zoom["back"]].into_iter().all(|held| *held == true),
        format!("zoom: {zoom}"),
    )
}

/// The pages of `gboost explain` and `gboost bias`.
fn explanation_and_bias(browser: &Path) -> Result<(), Failed> {
    for (objective, classes) in [("binary:logistic", 1), ("multi:softprob --num-class 3", 3)] {
        let limit = if classes == 1 { 60 } else { 45 };
        let report = report(objective, |a, b| ((a + b) / limit).min(classes.max(2) - 1).to_string());
        report.run("explain -q --model model.json --data valid.csv --interactions --html explain.html");
        report.run("bias -q --model model.json --data valid.csv --facet plain <script>window.pwned=1</script>>20 --output bias.html");
        let page = |name: &str| report.folder.path().join(name);
        for window in [Window { width: 1280, dark: false }, Window { width: 500, dark: true }] {
            let seen = sound(browser, &page("explain.html"), window, &[])?;
            zoomed(&seen)?;
            let charts: Vec<&str> =
                seen["charts"].as_array().into_iter().flatten().filter_map(|chart| chart["id"].as_str()).collect();
            let of = |start: &str| charts.iter().filter(|id| id.starts_with(start)).count() as u32;
            let expected = [1, classes, 1, 3, 3];
            let found = ["shap", "swarm-", "interactions", "depends-", "row-"].map(of);
            expect(found == expected, format!("charts: {charts:?}"))?;
            // Bars alone: nothing to zoom.
            let seen = sound(browser, &page("bias.html"), window, &["hover", "zoom"])?;
            expect(seen["charts"].as_array().map(Vec::len) == Some(12), format!("{}", seen["charts"]))?;
        }
    }
    Ok(())
}

/// The system's choice at first, the other one by the switch, and back again.
fn theme(theme: &Value, window: Window) -> Result<(), Failed> {
    expect(theme["system"] == if window.dark { "dark" } else { "light" }, format!("theme: {theme}"))?;
    let brightness = |which: &str| -> u32 {
        let colour = theme[which]["page"].as_str().unwrap_or_default();
        colour.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse::<u32>().ok()).sum()
    };
    let (first, second) = (brightness("first"), brightness("second"));
    let (dark, light) = if window.dark { (first, second) } else { (second, first) };
    expect(dark < 150 && light > 600, format!("theme: {theme}"))?;
    expect(theme["first"]["series"] != theme["second"]["series"], "series keep their colour")?;
    expect(theme["third"]["page"] == theme["first"]["page"], format!("theme: {theme}"))
}

/// The matrix of the slider at 0.5 is the report's, and elsewhere it is made of the same rows.
fn slider(seen: &Value, json: &Value) -> Result<(), Failed> {
    let slider = &seen["slider"];
    let number =
        |at: &str, name: &str| slider[at][name].as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or(-1.0);
    for at in ["start", "back"] {
        for name in ["tn", "fp", "fn", "tp"] {
            let expected = json["confusion_matrix"][name].as_f64();
            expect(
                Some(number(at, name)) == expected,
                format!("{name} at 0.5: {slider}, {}", json["confusion_matrix"]),
            )?;
        }
        for name in ["accuracy", "precision", "recall", "f1"] {
            let expected = json[name].as_f64().unwrap_or(-1.0);
            expect((number(at, name) - expected).abs() < 6e-5, format!("{name} at 0.5: {slider}, {expected}"))?;
        }
    }
    let rows = json["rows"].as_f64().unwrap_or(0.0);
    for at in ["low", "high"] {
        let [tn, fp, r#fn, tp] = ["tn", "fp", "fn", "tp"].map(|name| number(at, name));
        expect(tn + fp + r#fn + tp == rows, format!("rows {at}: {slider}"))?;
        expect((number(at, "recall") - tp / (tp + r#fn)).abs() < 6e-5, format!("recall {at}: {slider}"))?;
    }
    expect(number("low", "tp") > number("high", "tp"), format!("{slider}"))?;
    expect(slider["low"]["point"] != slider["high"]["point"], "the point on the ROC curve stays")
}

fn binary(browser: &Path) -> Result<(), Failed> {
    let report = report("binary:logistic", |a, b| u32::from(a + b > 60).to_string());
    for window in [Window { width: 1280, dark: false }, Window { width: 500, dark: true }] {
        let seen = check(browser, &report, window)?;
        slider(&seen, &report.json)?;
    }
    Ok(())
}

fn multiclass(browser: &Path) -> Result<(), Failed> {
    let report = report("multi:softprob --num-class 3", |a, b| ((a + b) / 45).min(2).to_string());
    let seen = check(browser, &report, Window { width: 1280, dark: true })?;
    expect(seen["slider"].is_null(), "a slider for several classes")
}

fn regression(browser: &Path) -> Result<(), Failed> {
    let report = report("reg:squarederror", |a, b| format!("{}.5", a * 2 + b));
    check(browser, &report, Window { width: 500, dark: false }).map(drop)
}

/// The page's policy holds: a script that is not the page's own is not run, and the console says
/// so.
fn policy(browser: &Path) -> Result<(), Failed> {
    let report = report("reg:squarederror", |a, _| a.to_string());
    let page = report.folder.path().join("report.html");
    let html = fs::read_to_string(&page)?;
    fs::write(&page, html.replacen("<main", "<script>window.pwned=1</script><main", 1))?;
    let Opened { seen, console } = open(browser, &page, Window { width: 1280, dark: false })?;
    expect(seen["pwned"] == "undefined", "a foreign script was run")?;
    expect(console.iter().any(|line| line.contains("Content Security Policy")), format!("console: {console:?}"))
}

/// Trains a regression of deep trees, of a feature with a hole, in a folder of training, validation
/// and test data; all three pages that it can be judged on, and the explanation.
fn houses() -> Report {
    let folder = TempDir::new().unwrap();
    let mut state = 11_u32;
    let mut next = |end: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % end
    };
    for (name, rows) in [("train.csv", 600), ("valid.csv", 200), ("eBay_test.csv", 200)] {
        let mut text = "price,area,year_of_construction,rooms\n".to_string();
        for _ in 0..rows {
            let (area, rooms) = (300 + next(1700), 1 + next(6));
            // Nothing was built from 1945 to 1989.
            let year = if next(2) == 0 { 1900 + next(45) } else { 1990 + next(30) };
            let price = area * 210 + rooms * 9000 + (year - 1900) * 700 + next(60_000);
            writeln!(text, "{price},{area}.5,{year},{rooms}").unwrap();
        }
        fs::write(folder.path().join(name), text).unwrap();
    }
    let report = Report { folder, json: Value::Null };
    report.run("train -q --train train.csv --validation valid.csv --num-round 30 --max-depth 6 --report trained.html");
    report.run("report -q --model model.json --data eBay_test.csv --train train.csv --validation valid.csv --output three.html");
    report.run("report -q --model model.json --data valid.csv --output valid.html");
    report.run("report -q --model model.json --data train.csv --output train.html");
    report.run("explain -q --model model.json --data eBay_test.csv --html explain.html");
    report
}

/// Training, validation and test data have one colour each on all pages, which nothing else has.
fn one_colour_a_channel(browser: &Path) -> Result<(), Failed> {
    let report = houses();
    for dark in [false, true] {
        let see = |page: &str| open(browser, &report.folder.path().join(page), Window { width: 1280, dark });
        let (trained, three) = (see("trained.html")?.seen, see("three.html")?.seen);
        let [train, validation, test] =
            ["train", "validation", "eBay_test.csv"].map(|name| three["inks"]["loss-0"][name].clone());
        expect(train != validation && train != test && validation != test, format!("{}", three["inks"]))?;
        let channels = [&train, &validation, &test];
        expect(channels.iter().all(|ink| ink.is_string()), format!("{}", three["inks"]))?;
        for (page, name, ink) in [
            (&trained, "train", &train),
            (&trained, "validation", &validation),
            (&three, "train", &train),
            (&three, "validation", &validation),
            (&three, "eBay_test.csv", &test),
        ] {
            expect(page["inks"]["loss-0"][name] == *ink, format!("the loss of {name}: {}", page["inks"]["loss-0"]))?;
            expect(page["swatches"][name] == *ink, format!("the table's {name}: {}", page["swatches"]))?;
        }
        // Whatever shows the judging data has its colour: by its name, by the manifest, by the
        // file's content.
        let (by_manifest, itself) = (see("valid.html")?.seen, see("train.html")?.seen);
        for (page, ink) in [(&trained, &validation), (&by_manifest, &validation), (&three, &test), (&itself, &train)] {
            expect(page["judged"] == *ink, format!("judged: {}, not {ink}", page["judged"]))?;
            for (chart, series) in [("labels", ""), ("residuals", ""), ("predictions", "rows"), ("error-quantiles", "")]
            {
                expect(page["inks"][chart][series] == *ink, format!("{chart}: {}", page["inks"][chart]))?;
            }
        }
        let explained = see("explain.html")?.seen;
        for page in [&trained, &three, &explained] {
            for (chart, inks) in page["inks"].as_object().into_iter().flatten() {
                let is_of_channel = ["loss-", "labels", "residual", "predictions", "error-", "bin-"];
                if !is_of_channel.iter().any(|start| chart.starts_with(start)) {
                    let taken = inks.as_object().into_iter().flatten().find(|(_, ink)| channels.contains(ink));
                    expect(taken.is_none(), format!("{chart} has the colour of a channel: {inks}"))?;
                }
            }
        }
    }
    Ok(())
}

/// Trees stay within their cards, provenance is folded, dependence has gaps, and a regression is in
/// units of its label.
fn trees_gaps_and_units(browser: &Path) -> Result<(), Failed> {
    let report = houses();
    let see = |page: &str, width| open(browser, &report.folder.path().join(page), Window { width, dark: false });
    for width in [1280, 1024, 500] {
        let seen = see("three.html", width)?.seen;
        let trees = seen["trees"].as_array().ok_or("no trees")?;
        expect(trees.len() == 3, format!("{trees:?}"))?;
        for tree in trees {
            expect(tree["boxes"].as_u64() > Some(100) && tree["beyondPicture"] == 0, format!("{tree}"))?;
            // A window too narrow for letters to be read has a picture to be scrolled within its
            // card.
            let fits = tree["beyondCard"] == 0 && tree["wider"] == false;
            expect(fits || (width < 860 && tree["scrolls"] == true), format!("{width}: {tree}"))?;
            expect(tree["letters"].as_f64() > Some(7.0), format!("letters that nobody can read: {tree}"))?;
        }
        let folded = serde_json::json!({ "closed": true, "printed": true, "again": true });
        expect(seen["provenance"] == folded, format!("{}", seen["provenance"]))?;
        let dependence = &seen["dependence"];
        let (area, year, rooms) = (&dependence["area"], &dependence["year_of_construction"], &dependence["rooms"]);
        expect(area["rug"].as_u64() >= Some(100) && area["pieces"] == serde_json::json!([1]), format!("area: {area}"))?;
        expect(year["rug"].as_u64() >= Some(100) && year["pieces"] == serde_json::json!([2]), format!("year: {year}"))?;
        expect(rooms["rug"].as_u64() > Some(0) && rooms["pieces"] == serde_json::json!([]), format!("rooms: {rooms}"))?;
        expect(seen["charts"].as_array().into_iter().flatten().all(|chart| chart["overlaps"] == 0), "overlaps")?;
    }
    for page in ["three.html", "explain.html"] {
        let seen = see(page, 1280)?.seen;
        let words = seen["words"].as_str().unwrap_or_default();
        expect(words.contains("in units of price"), format!("{page}: no unit of the label"))?;
        expect(!words.contains("margin"), format!("{page}: margins of a regression"))?;
    }
    Ok(())
}

/// The tests of this file.
pub fn trials() -> Vec<Trial> {
    let required = std::env::var("GBOOST_REQUIRE_CHROMIUM").is_ok_and(|value| value == "1");
    let browser = chromium();
    let ignored = browser.is_none() && !required;
    let browser = Arc::new(browser.unwrap_or_else(|| "chromium".into()));
    let trial = |name: &str, test: fn(&Path) -> Result<(), Failed>| {
        let browser = browser.clone();
        Trial::test(name, move || test(&browser)).with_ignored_flag(ignored)
    };
    vec![
        trial("binary", binary),
        trial("multiclass", multiclass),
        trial("regression", regression),
        trial("explanation_and_bias", explanation_and_bias),
        trial("one_colour_a_channel", one_colour_a_channel),
        trial("trees_gaps_and_units", trees_gaps_and_units),
        trial("the_policy_refuses_foreign_scripts", policy),
    ]
}
