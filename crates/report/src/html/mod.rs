//! Pages: one HTML file each, with style, scripts and data inside it.
//!
//! The templates, the style sheet and the scripts are files in `templates/`. Everything that is put
//! into a template is escaped: as HTML by minijinja's auto-escaping, as JSON in script blocks by
//! the filter `json`, which leaves no `<` there; and the page's own policy lets the browser run no
//! script but the two that belong to it, and load nothing.

use super::chart::Chart;
use super::palette;
use gboost::{Error, ErrorKind, Result};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const STYLE: &str = include_str!("templates/style.css");
const THEME: &str = include_str!("templates/theme.js");
// One script in two files: what all charts have, then each kind of chart.
const SCRIPT: &str = concat!(include_str!("templates/charts/figure.js"), include_str!("templates/charts/kinds.js"));

/// Names and sources of the minijinja templates, compiled into the program.
const TEMPLATES: [(&str, &str); 5] = [
    ("base.html", include_str!("templates/base.html")),
    ("bias.html", include_str!("templates/bias.html")),
    ("explain.html", include_str!("templates/explain.html")),
    ("macros.html", include_str!("templates/macros.html")),
    ("report.html", include_str!("templates/report.html")),
];

/// A page to be rendered.
///
/// The template extends `base.html` and finds `page` (what every page has), `charts` (each chart by
/// its id, for `ui.chart` of `macros.html`), and `data`.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a, D> {
    /// Name of the template, such as `report.html`.
    pub template: &'a str,
    /// Title of the page, as plain text; the template escapes it.
    pub title: &'a str,
    /// The charts that the template may show.
    pub charts: &'a [Chart],
    /// What the template shows.
    pub data: &'a D,
}

impl<D: Serialize> Page<'_, D> {
    /// The page as HTML.
    ///
    /// # Errors
    /// Only if a template is broken, which is a bug of gboost.
    pub fn render(&self) -> Result<String> {
        let environment = environment().map_err(|error| broken(self.template, &error))?;
        let safe = |text: &str| Value::from_safe_string(text.to_string());
        let charts: BTreeMap<&str, Value> = self
            .charts
            .iter()
            .map(|chart| {
                let shown = minijinja::context! {
                    id => chart.id.as_str(), title => chart.title.as_str(), svg => Value::from_safe_string(chart.to_svg()),
                };
                (chart.id.as_str(), shown)
            })
            .collect();
        let context = minijinja::context! {
            page => minijinja::context! {
                title => self.title,
                version => env!("CARGO_PKG_VERSION"),
                policy => policy(),
                style => safe(&format!("{}{STYLE}", palette::style())),
                theme => safe(THEME),
                script => safe(SCRIPT),
                charts => Value::from(Serde(self.charts)),
            },
            charts,
            data => Value::from(Serde(self.data)),
        };
        environment
            .get_template(self.template)
            .and_then(|template| template.render(context))
            .map_err(|error| broken(self.template, &error))
    }
}

/// Everything that templates may use.
fn environment() -> std::result::Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    // Whatever the ending of a name: there is no template but HTML here.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    environment.add_filter("figure", |value: Option<f64>| figure(value.unwrap_or(f64::NAN)));
    environment.add_filter("percent", |value: Option<f64>| percent(value.unwrap_or(f64::NAN)));
    environment.add_filter("count", |value: f64| count(value));
    environment.add_filter("json", |value: Value| json(&value));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

fn broken(template: &str, error: &minijinja::Error) -> Error {
    Error::new(ErrorKind::Io, format!("the template {template} is broken: {error:#}"))
        .remedy("report this as a bug of gboost")
}

/// JSON for a script block: what could end the block, or begin another, is written as an escape.
fn json(value: &Value) -> std::result::Result<Value, minijinja::Error> {
    let text = serde_json::to_string(value).map_err(|error| {
        minijinja::Error::new(minijinja::ErrorKind::BadSerialization, "not to be written as JSON").with_source(error)
    })?;
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' | '>' | '&' | '\'' | '\u{2028}' | '\u{2029}' => escaped += &format!("\\u{:04x}", u32::from(character)),
            other => escaped.push(other),
        }
    }
    Ok(Value::from_safe_string(escaped))
}

/// What the browser may do: run the page's two scripts, known by their hashes, use its style, and
/// load nothing.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src {} {}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
        script_source(THEME),
        script_source(SCRIPT),
    )
}

/// A script by its hash, as a page's policy (Content Security Policy, level 2) allows it.
#[must_use]
pub fn script_source(script: &str) -> String {
    format!("'sha256-{}'", base64(&Sha256::digest(script)))
}

/// Base64 of RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().enumerate().fold(0_u32, |word, (place, &byte)| word | u32::from(byte) << (16 - 8 * place));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place)) as usize & 63];
            text.push(if place > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

/// A number for the eye, with four significant digits or as many as an integer has.
#[must_use]
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".to_string();
    }
    if value.fract() == 0.0 && size < 1e15 {
        return count(value);
    }
    match size {
        s if !(1e-4..1e7).contains(&s) => format!("{value:.3e}"),
        s if s >= 1000.0 => format!("{value:.1}"),
        s if s >= 100.0 => format!("{value:.2}"),
        s if s >= 10.0 => format!("{value:.3}"),
        _ => format!("{value:.4}"),
    }
}

/// Formats a share, where 1 is the whole, as percent with one decimal; a dash if not finite.
#[must_use]
pub fn percent(value: f64) -> String {
    if value.is_finite() { format!("{:.1} %", 100.0 * value) } else { "–".to_string() }
}

/// An integer, with a comma every three digits.
#[must_use]
pub fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if value < 0.0 { format!("-{grouped}") } else { grouped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Bars;

    #[test]
    fn base64_of_the_rfc() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn every_box_of_a_tree_has_a_style() {
        for kind in ["split", "more", "up", "down"] {
            assert!(STYLE.contains(&format!(".tree rect.{kind}")), "{kind} would be black");
        }
    }

    /// The style comes after the palette, and would win.
    #[test]
    fn colours_of_series_stand_in_the_palette_alone() {
        assert!((0..8).all(|number| !STYLE.contains(&format!("--s{number}:"))));
    }

    #[test]
    fn names_cannot_leave_their_place() {
        let evil = "</script><script>alert(1)</script>'\"&";
        let chart = Chart::bars("bars", evil, evil, Bars { categories: vec![evil.to_string()], ..Bars::default() });
        let page = Page { template: "base.html", title: evil, charts: &[chart], data: &() };
        let html = page.render().unwrap_or_else(|error| panic!("{error}"));
        assert!(!html.contains("<script>alert"), "{html}");
        // The page's own: the theme, the charts' data, the charts.
        assert_eq!(html.matches("<script").count(), 3);
        assert_eq!(html.matches("</script").count(), 3);
        assert!(html.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"), "shown as text");
    }

    #[test]
    fn numbers_for_the_eye() {
        let shown = [0.91745, 12.3456, 2356.0, 1_234_567.0, 0.000_012_3, f64::NAN, -1234.56].map(figure);
        assert_eq!(shown, ["0.9174", "12.346", "2,356", "1,234,567", "1.230e-5", "–", "-1234.6"]);
        assert_eq!(percent(0.4567), "45.7 %");
    }
}
