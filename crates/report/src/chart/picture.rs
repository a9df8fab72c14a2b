//! A chart as a picture: SVG on white, of fixed size, in colours that are told apart without colour
//! vision too.

use super::super::palette::Ink;
use super::scale::Ticks;
use super::{Axis, Bars, Chart, Kind, Plane, Series, Style, Swarm, Waterfall};
use std::fmt::Write as _;

/// Dashes of lines by their place, so that lines differ without colours; no multiple of the
/// categories' colours, so that both together repeat late.
const DASHES: [&str; 7] = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2", "1 3"];
const WIDTH: f64 = 680.0;
const SIZE: f64 = 12.0;
/// Mean width of a character of the text.
const CHARACTER: f64 = 6.6;

/// The colour of a series.
fn colour(ink: Option<Ink>) -> &'static str {
    ink.unwrap_or(Ink::category(0)).on_white()
}

/// Escapes text for SVG, in elements and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML has no other control characters.
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Clips a text to at most `most` characters. Names that begin alike differ at the end, so the
/// middle is left out.
pub(crate) fn clip(text: &str, most: usize) -> String {
    let letters = text.chars().count();
    if letters <= most {
        return text.to_string();
    }
    let kept = most.saturating_sub(1);
    let end = text.chars().skip(letters - kept / 2);
    text.chars().take(kept - kept / 2).chain(std::iter::once('…')).chain(end).collect()
}

/// Clips `name = value` to at most `most` characters: the name is clipped, the value stays.
fn clip_name(text: &str, most: usize) -> String {
    match text.rsplit_once(" = ") {
        Some((name, value)) if text.chars().count() > most && value.chars().count() + 7 < most => {
            format!("{} = {value}", clip(name, most - value.chars().count() - 3))
        }
        _ => clip(text, most),
    }
}

pub(super) fn draw(chart: &Chart) -> String {
    let mut picture = Picture { body: String::new(), height: 0.0 };
    picture.text((0.0, 16.0), Anchor::Start, &clip(&chart.title, 90), "font-weight=\"600\" font-size=\"14\"");
    match &chart.kind {
        Kind::Plane(plane) => picture.plane(plane),
        Kind::Bars(bars) => picture.bars(bars),
        Kind::Swarm(swarm) => picture.swarm(swarm),
        Kind::Waterfall(waterfall) => picture.waterfall(waterfall),
    }
    let Picture { body, height } = picture;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 -8 {} {}\" width=\"{}\" height=\"{}\" role=\"img\" \
         aria-label=\"{}\" font-family=\"system-ui, Segoe UI, Helvetica, Arial, sans-serif\" font-size=\"{SIZE}\" fill=\"#1b1f24\">\
         <rect x=\"-8\" y=\"-8\" width=\"100%\" height=\"100%\" fill=\"#fff\"/>{body}</svg>",
        WIDTH + 16.0,
        height + 16.0,
        WIDTH + 16.0,
        height + 16.0,
        escape(&chart.alt),
    )
}

/// The end of a text that stands at its place.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

/// Where values of both axes go.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: [f64; 2],
    y: [f64; 2],
}

impl Frame {
    fn x(&self, value: f64) -> f64 {
        self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.bottom - self.top)
    }
}

/// The ends of an axis: given, or those of the values with some air; 0 is kept as an end.
fn domain(axis: &Axis, values: impl Iterator<Item = f64>, from_zero: bool) -> [f64; 2] {
    if let Some(domain) = axis.domain {
        return domain;
    }
    let start = if from_zero { (0.0, 0.0) } else { (f64::INFINITY, f64::NEG_INFINITY) };
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold(start, |(low, high): (f64, f64), value| (low.min(value), high.max(value)));
    if low > high {
        return [0.0, 1.0];
    }
    let air = if high > low { (high - low) * 0.04 } else { high.abs().max(1.0) * 0.5 };
    let below = if from_zero && low == 0.0 { 0.0 } else { air };
    let above = if from_zero && high == 0.0 { 0.0 } else { air };
    [low - below, high + above]
}

struct Picture {
    body: String,
    height: f64,
}

impl Picture {
    fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, text: &str, more: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        // Writing to a String cannot fail.
        let _ = write!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {more}>{}</text>",
            escape(text)
        );
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), more: &str) {
        let _ = write!(self.body, "<path d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\" fill=\"none\" {more}/>");
    }

    fn rectangle(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), more: &str) {
        let _ = write!(
            self.body,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" {more}/>",
            width.max(0.0),
            height.max(0.0)
        );
    }

    /// Draws the legend, in as many lines as it takes. Returns where it ends, in pixels from the
    /// top.
    fn legend<'a>(&mut self, names: impl Iterator<Item = (&'a str, Option<(usize, Option<Ink>)>)>, top: f64) -> f64 {
        let (mut x, mut y) = (0.0, top);
        for (name, drawn) in names {
            let name = clip(name, 40);
            let width = 30.0 + name.chars().count() as f64 * CHARACTER + 18.0;
            if x > 0.0 && x + width > WIDTH {
                (x, y) = (0.0, y + 18.0);
            }
            let stroke = match drawn {
                Some((index, ink)) => format!(
                    "stroke=\"{}\" stroke-width=\"2.5\" stroke-dasharray=\"{}\"",
                    colour(ink),
                    DASHES[index % DASHES.len()]
                ),
                None => REFERENCE.to_string(),
            };
            self.line((x, y), (x + 24.0, y), &stroke);
            self.text((x + 30.0, y + 4.0), Anchor::Start, &name, "");
            x += width;
        }
        y + 14.0
    }

    /// Grid, ticks and labels; the vertical axis with the height of its label above the frame.
    fn axes(&mut self, frame: &Frame, (x, whole): (&Axis, bool), y: Option<(&Axis, f64)>) {
        let ticks = if whole { Ticks::whole(frame.x, 7) } else { Ticks::new(frame.x, 7, x.percent) };
        for &value in &ticks.values {
            let at = frame.x(value);
            self.line((at, frame.top), (at, frame.bottom), GRID);
            self.text((at, frame.bottom + 16.0), Anchor::Middle, &ticks.text(value), MUTED);
        }
        self.text(
            (f64::midpoint(frame.left, frame.right), frame.bottom + 34.0),
            Anchor::Middle,
            &clip(&x.label, 80),
            MUTED,
        );
        if let Some((y, above)) = y {
            let ticks = Ticks::new(frame.y, 5, y.percent);
            for &value in &ticks.values {
                let at = frame.y(value);
                self.line((frame.left, at), (frame.right, at), GRID);
                self.text((frame.left - 8.0, at + 4.0), Anchor::End, &ticks.text(value), MUTED);
            }
            self.text((0.0, frame.top - above), Anchor::Start, &clip(&y.label, 60), MUTED);
        }
        self.line((frame.left, frame.bottom), (frame.right, frame.bottom), "stroke=\"#8b949e\"");
    }

    fn plane(&mut self, plane: &Plane) {
        let names: Vec<_> = coloured(&plane.series)
            .map(|(series, index)| {
                (series.name.as_str(), (series.style != Style::Reference).then_some((index, series.ink)))
            })
            .collect();
        let mut top = 30.0;
        if names.len() > 1 {
            top = self.legend(names.into_iter(), 36.0);
        }
        // Labels of marks stand above what is drawn.
        let head = if plane.marks.is_empty() { 24.0 } else { 40.0 };
        let height = if plane.square || plane.tall { 380.0 } else { 280.0 };
        let columns = plane.series.iter().any(|series| series.style == Style::Columns);
        let mut frame = Frame {
            left: 0.0,
            right: WIDTH - 10.0,
            top: top + head,
            bottom: top + head + height,
            x: domain(&plane.x, plane.series.iter().flat_map(|series| series.x.iter().copied()), false),
            y: domain(&plane.y, plane.series.iter().flat_map(|series| series.y.iter().copied()), columns),
        };
        let ticks = Ticks::new(frame.y, 5, plane.y.percent);
        let widest = ticks.values.iter().map(|&value| ticks.text(value).chars().count()).max().unwrap_or(0);
        frame.left = widest as f64 * CHARACTER + 14.0;
        if plane.square {
            frame.right = frame.left + height;
        }
        self.axes(&frame, (&plane.x, plane.whole), Some((&plane.y, head - 16.0)));
        let _ = write!(
            self.body,
            "<svg x=\"{l:.1}\" y=\"{t:.1}\" width=\"{w:.1}\" height=\"{h:.1}\" viewBox=\"{l:.1} {t:.1} {w:.1} {h:.1}\">",
            l = frame.left,
            t = frame.top,
            w = frame.right - frame.left,
            h = frame.bottom - frame.top,
        );
        for (series, index) in coloured(&plane.series) {
            self.series(series, index, &frame);
        }
        self.body.push_str("</svg>");
        // Below the axis, so that it hides nothing.
        for &value in plane.rug.iter().filter(|value| (frame.x[0]..=frame.x[1]).contains(value)) {
            let at = frame.x(value);
            self.line((at, frame.bottom), (at, frame.bottom + RUG), "stroke=\"#57606a\" stroke-opacity=\".45\"");
        }
        for mark in &plane.marks {
            let at = frame.x(mark.at);
            if at < frame.left || at > frame.right {
                continue;
            }
            self.line((at, frame.top - 16.0), (at, frame.bottom), "stroke=\"#1b1f24\" stroke-dasharray=\"3 3\"");
            let late = at > f64::midpoint(frame.left, frame.right);
            let (anchor, shift) = if late { (Anchor::End, -3.0) } else { (Anchor::Start, 3.0) };
            self.text((at + shift, frame.top - 6.0), anchor, &mark.label, "font-weight=\"600\"");
        }
        self.height = frame.bottom + 40.0;
    }

    fn series(&mut self, series: &Series, index: usize, frame: &Frame) {
        let ink = colour(series.ink);
        if series.style == Style::Columns {
            let zero = frame.y(0.0);
            for (edges, &height) in series.x.windows(2).zip(&series.y) {
                let (left, right, top) = (frame.x(edges[0]), frame.x(edges[1]), frame.y(height));
                let size = (right - left - 0.6, (zero - top).abs());
                self.rectangle(
                    (left + 0.3, top.min(zero)),
                    size,
                    &format!("fill=\"{ink}\" fill-opacity=\".55\" stroke=\"{ink}\" stroke-width=\".8\""),
                );
            }
            return;
        }
        let place = |(&x, &y): (&f64, &f64)| (x.is_finite() && y.is_finite()).then(|| (frame.x(x), frame.y(y)));
        let places: Vec<Option<(f64, f64)>> = series.x.iter().zip(&series.y).map(place).collect();
        if !matches!(series.style, Style::Points | Style::Dots) {
            let more = match series.style {
                Style::Reference => REFERENCE.to_string(),
                _ => format!(
                    "stroke=\"{ink}\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke-dasharray=\"{}\"",
                    DASHES[index % DASHES.len()]
                ),
            };
            let mut path = String::new();
            let mut pen = 'M';
            for place in &places {
                if let Some((x, y)) = place {
                    let _ = write!(path, "{pen}{x:.1} {y:.1}");
                }
                // After a gap the line begins anew.
                pen = if place.is_some() { 'L' } else { 'M' };
            }
            let _ = write!(self.body, "<path d=\"{path}\" fill=\"none\" {more}/>");
        }
        if matches!(series.style, Style::Marked | Style::Points | Style::Dots) {
            let radius = if series.style == Style::Points { 2.2 } else { 3.5 };
            let opacity = if series.style == Style::Points { 0.5 } else { 1.0 };
            for (x, y) in places.into_iter().flatten() {
                let _ = write!(
                    self.body,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{ink}\" fill-opacity=\"{opacity}\"/>"
                );
            }
        }
    }

    fn bars(&mut self, bars: &Bars) {
        let mut top = 30.0;
        if bars.series.len() > 1 {
            let names = bars.series.iter().enumerate();
            let names = names.map(|(index, series)| (series.name.as_str(), Some((index, series.ink))));
            top = self.legend(names, 36.0);
        }
        let lanes = if bars.stacked { 1 } else { bars.series.len().max(1) };
        let thickness = if lanes == 1 { 16.0 } else { 12.0 };
        let row = lanes as f64 * thickness + 8.0;
        let ends: Vec<f64> = (0..bars.categories.len())
            .flat_map(|category| {
                let values: Vec<f64> =
                    bars.series.iter().filter_map(|series| series.values.get(category).copied()).collect();
                if bars.stacked { vec![values.iter().sum()] } else { values }
            })
            .collect();
        let longest = bars.categories.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(28);
        let frame = Frame {
            left: longest as f64 * CHARACTER + 12.0,
            right: WIDTH - 10.0,
            top: top + 6.0,
            bottom: top + 6.0 + row * bars.categories.len() as f64,
            x: domain(&bars.axis, ends.into_iter(), true),
            y: [0.0, 1.0],
        };
        self.axes(&frame, (&bars.axis, false), None);
        for (category, name) in bars.categories.iter().enumerate() {
            let upper = frame.top + row * category as f64 + 4.0;
            self.text((frame.left - 8.0, upper + (row - 8.0) / 2.0 + 4.0), Anchor::End, &clip(name, 28), "");
            let mut end = 0.0;
            for (index, series) in bars.series.iter().enumerate() {
                let value = series.values.get(category).copied().unwrap_or(f64::NAN);
                if !value.is_finite() {
                    continue;
                }
                let lane = if bars.stacked { 0.0 } else { index as f64 * thickness };
                let start = if bars.stacked { end } else { 0.0 };
                end = start + value;
                let (from, to) = (frame.x(start.min(end)), frame.x(start.max(end)));
                self.rectangle(
                    (from, upper + lane),
                    (to - from, thickness - 1.5),
                    &format!("fill=\"{}\"", colour(series.ink)),
                );
            }
        }
        let zero = frame.x(0.0);
        if zero > frame.left + 1.0 {
            self.line((zero, frame.top), (zero, frame.bottom), "stroke=\"#8b949e\"");
        }
        self.height = frame.bottom + 40.0;
    }

    fn swarm(&mut self, swarm: &Swarm) {
        let row = 34.0;
        let longest = swarm.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).min(28);
        let frame = Frame {
            left: longest as f64 * CHARACTER + 12.0,
            right: WIDTH - 10.0,
            top: 50.0,
            bottom: 50.0 + row * swarm.rows.len() as f64,
            x: domain(&swarm.axis, swarm.rows.iter().flat_map(|row| row.x.iter().copied()), true),
            y: [0.0, 1.0],
        };
        let legend = format!("colour: {}, from low (violet) to high (gold)", swarm.colour);
        self.text((0.0, 38.0), Anchor::Start, &legend, MUTED);
        self.axes(&frame, (&swarm.axis, false), None);
        for (index, category) in swarm.rows.iter().enumerate() {
            let middle = frame.top + row * (index as f64 + 0.5);
            self.text((frame.left - 8.0, middle + 4.0), Anchor::End, &clip(&category.name, 28), "");
            let mut crowd = vec![0_u32; (frame.right - frame.left) as usize / 3 + 2];
            for (&x, &shade) in category.x.iter().zip(&category.colour) {
                if !x.is_finite() {
                    continue;
                }
                let at = frame.x(x);
                let place = (((at - frame.left) / 3.0).max(0.0) as usize).min(crowd.len() - 1);
                let shift = offset(crowd[place], row);
                crowd[place] += 1;
                let _ = write!(
                    self.body,
                    "<circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"2\" fill=\"{}\"/>",
                    middle + shift,
                    shade_of(shade)
                );
            }
        }
        let zero = frame.x(0.0);
        self.line((zero, frame.top), (zero, frame.bottom), "stroke=\"#8b949e\"");
        self.height = frame.bottom + 40.0;
    }
}

impl Picture {
    fn waterfall(&mut self, waterfall: &Waterfall) {
        let row = 24.0;
        let names = waterfall.steps.iter().map(|step| &step.name).chain([&waterfall.start.name, &waterfall.end.name]);
        let longest = names.map(|name| name.chars().count()).max().unwrap_or(0).min(34);
        let mut reached = waterfall.start.value;
        let mut levels = vec![reached];
        levels.extend(waterfall.steps.iter().map(|step| {
            reached += step.change;
            reached
        }));
        let frame = Frame {
            left: longest as f64 * CHARACTER + 12.0,
            right: WIDTH - 60.0,
            top: 30.0,
            bottom: 30.0 + row * (waterfall.steps.len() + 2) as f64,
            x: domain(&waterfall.axis, levels.iter().copied(), false),
            y: [0.0, 1.0],
        };
        self.axes(&frame, (&waterfall.axis, false), None);
        let last = waterfall.steps.len() + 1;
        for (place, end) in [(0, &waterfall.start), (last, &waterfall.end)] {
            let middle = frame.top + row * (place as f64 + 0.5);
            let at = frame.x(end.value);
            self.text((frame.left - 8.0, middle + 4.0), Anchor::End, &clip(&end.name, 34), "font-weight=\"600\"");
            self.line((at, middle - 9.0), (at, middle + 9.0), "stroke=\"#1b1f24\" stroke-width=\"2.5\"");
            self.text((at + 6.0, middle + 4.0), Anchor::Start, &format!("{:.4}", end.value), MUTED);
        }
        for (place, (step, ends)) in waterfall.steps.iter().zip(levels.windows(2)).enumerate() {
            let upper = frame.top + row * (place + 1) as f64 + 4.0;
            let (from, to) = (frame.x(ends[0].min(ends[1])), frame.x(ends[0].max(ends[1])));
            self.text((frame.left - 8.0, upper + 12.0), Anchor::End, &clip_name(&step.name, 34), "");
            let fill = format!("fill=\"{}\"", (if step.change > 0.0 { Ink::UP } else { Ink::DOWN }).on_white());
            self.rectangle((from, upper), ((to - from).max(1.0), row - 8.0), &fill);
            self.text((to + 6.0, upper + 12.0), Anchor::Start, &format!("{:+.4}", step.change), MUTED);
        }
        self.height = frame.bottom + 40.0;
    }
}

/// How far from the middle the n-th point of a place stands: to both sides in turn, within the row.
fn offset(n: u32, row: f64) -> f64 {
    let step = f64::from(n.div_ceil(2)) * 2.4;
    let wrapped = step % (row / 2.0 - 3.0);
    if n.is_multiple_of(2) { wrapped } else { -wrapped }
}

/// From violet over grey to gold; grey for none.
fn shade_of(share: f64) -> String {
    if !share.is_finite() {
        return "#8b949e".to_string();
    }
    let stops = [(123.0, 82.0, 199.0), (176.0, 160.0, 156.0), (222.0, 146.0, 0.0)];
    let scaled = share.clamp(0.0, 1.0) * 2.0;
    let (from, to) = if scaled < 1.0 { (stops[0], stops[1]) } else { (stops[1], stops[2]) };
    let part = if scaled < 1.0 { scaled } else { scaled - 1.0 };
    let mix = |a: f64, b: f64| (a + (b - a) * part).round() as u8;
    format!("#{:02x}{:02x}{:02x}", mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// The series, and the colour of each: reference lines take none.
fn coloured(series: &[Series]) -> impl Iterator<Item = (&Series, usize)> {
    series.iter().scan(0, |next, series| {
        let index = *next;
        *next += usize::from(series.style != Style::Reference);
        Some((series, index))
    })
}

/// Height of a mark of the rug.
const RUG: f64 = 5.0;
const GRID: &str = "stroke=\"#e3e7ec\"";
const MUTED: &str = "fill=\"#57606a\"";
const REFERENCE: &str = "stroke=\"#57606a\" stroke-width=\"1.2\" stroke-dasharray=\"3 4\"";
