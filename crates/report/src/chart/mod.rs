//! Charts as data: what is drawn, without where its pixels go.
//!
//! A [`Chart`] holds the numbers in the units of its axes. Two things draw it:
//! `html/templates/charts.js` in a page, to the width of the screen and with hovering, zooming and
//! hiding; and [`Chart::to_svg`] as a picture that needs no program, for notebooks and for pages
//! whose reader runs no scripts. Coordinates are rounded to six significant digits, which no screen
//! can tell apart; numbers that are read, not looked at, stand in tables.

pub(crate) mod picture;
mod scale;

pub use scale::{Ticks, short};

use super::palette::Ink;
use serde::Serialize;

/// A chart: what it is called, what it shows to those who cannot see it, and its content.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    /// Name in the page, of letters, digits and `-`; unique in a page.
    pub id: String,
    /// What it shows, as a heading; text, not HTML.
    pub title: String,
    /// One sentence in place of the picture.
    pub alt: String,
    /// Numbers that are drawn, by the kind of chart.
    #[serde(flatten)]
    pub kind: Kind,
}

/// Kinds of charts, each with its numbers; in JSON by the member `kind`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// Lines, points or columns over a horizontal and a vertical axis.
    Plane(Plane),
    /// Horizontal bars by category.
    Bars(Bars),
    /// Points by category, spread where they crowd.
    Swarm(Swarm),
    /// Steps from one value to another, each beginning where the one before ended.
    Waterfall(Waterfall),
}

/// Axis of numbers: its label, its ends and the form of its ticks.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Axis {
    /// What is measured, with its unit.
    pub label: String,
    /// First and last value; what the data spans, with some air, where it is not given.
    pub domain: Option<[f64; 2]>,
    /// Whether shares are shown as percent.
    pub percent: bool,
}

/// Chart of lines, points or columns over two axes of numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plane {
    /// Horizontal axis, such as the rounds.
    pub x: Axis,
    /// Vertical axis, such as the loss.
    pub y: Axis,
    /// What is drawn, first to last.
    pub series: Vec<Series>,
    /// Values of x that are marked with a line.
    pub marks: Vec<Mark>,
    /// Whether both axes have the same length, as for curves in the unit square.
    pub square: bool,
    /// Whether it is as high as a square one, to stand beside it.
    pub tall: bool,
    /// Whether x counts something, so that only whole values of it are pointed at, and stand at the
    /// axis.
    pub whole: bool,
    /// Values of x that the data has, marked along the axis: where they are dense, there are many
    /// rows.
    pub rug: Vec<f64>,
    /// What the page's threshold slider moves along the curve.
    pub follow: Option<Follow>,
}

/// The point of a curve that stands for the threshold of the page's slider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Follow {
    /// False positive rate and recall.
    Roc,
    /// Recall and precision, on the precision-recall curve.
    Recall,
}

/// A line across a chart at one value of x.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mark {
    /// Position of the line, in units of the horizontal axis.
    pub at: f64,
    /// Words above the line, such as the best round.
    pub label: String,
    /// Whether it follows the page's threshold slider.
    pub threshold: bool,
}

/// Style of a series: lines, markers or columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Straight lines between the points.
    #[default]
    Line,
    /// Lines, and a marker at each point.
    Marked,
    /// Markers alone, small ones: one of many.
    Points,
    /// Markers alone: values between which there is nothing.
    Dots,
    /// Columns from 0: between `x[i]` and `x[i + 1]` with height `y[i]`; one more x than y.
    Columns,
    /// A thin dashed line to compare with, in the colour of text.
    Reference,
}

/// Numbers that are drawn in one colour.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// Name in the legend, such as that of a channel or class.
    pub name: String,
    /// Lines, markers or columns.
    pub style: Style,
    /// Values along x, one per value along y; for columns their edges, one more.
    pub x: Vec<f64>,
    /// Values along y; a line has a gap where one is NaN.
    pub y: Vec<f64>,
    /// Its colour; that of a category by its place in the chart where none is given, and none for
    /// references.
    pub ink: Option<Ink>,
}

/// Horizontal bars: one row per category, in it one bar per series.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bars {
    /// The axis of the values.
    pub axis: Axis,
    /// Names of the rows, top to bottom.
    pub categories: Vec<String>,
    /// Bars by series, each of which has a value per category.
    pub series: Vec<BarSeries>,
    /// Whether the bars of a row are put end to end rather than one below the other.
    pub stacked: bool,
}

/// Bars of one colour: one in each row of the chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BarSeries {
    /// Name in the legend, shown where there are several series.
    pub name: String,
    /// Length of the bar per row, in units of the axis, top to bottom.
    pub values: Vec<f64>,
    /// Its colour; that of a category by its place in the chart where none is given.
    pub ink: Option<Ink>,
}

/// Points by category along one axis, coloured by another value.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Swarm {
    /// The axis of the points.
    pub axis: Axis,
    /// The categories, top to bottom.
    pub rows: Vec<SwarmRow>,
    /// What the colour stands for, such as "feature value".
    pub colour: String,
}

/// The points of a category.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SwarmRow {
    /// Name of the category, such as a feature, at the left of its points.
    pub name: String,
    /// Positions of the points, in units of the axis.
    pub x: Vec<f64>,
    /// Colour of each point, from 0 (low) to 1 (high); NaN for none.
    pub colour: Vec<f64>,
    /// The value that the colour stands for, shown when pointed at; NaN for missing.
    pub value: Vec<f64>,
}

/// Steps from one value to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Waterfall {
    /// The axis of the values.
    pub axis: Axis,
    /// What the steps begin with.
    pub start: WaterfallEnd,
    /// The steps, top to bottom.
    pub steps: Vec<WaterfallStep>,
    /// What they lead to: the start with all changes.
    pub end: WaterfallEnd,
}

/// The first or last value of a waterfall.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WaterfallEnd {
    /// Words at the left of the value, such as its meaning.
    pub name: String,
    /// Position of the end, in units of the axis.
    pub value: f64,
}

/// Step of a waterfall, which begins where the step above it ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WaterfallStep {
    /// Cause of the step, such as a feature and its value.
    pub name: String,
    /// How much the value changes.
    pub change: f64,
}

impl Axis {
    /// Returns an axis that spans its data.
    #[must_use]
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// Returns an axis from 0 to 1, as for shares and probabilities.
    #[must_use]
    pub fn unit(label: impl Into<String>) -> Self {
        Self::new(label).within(0.0, 1.0)
    }

    /// Fixes both ends of the axis, in its unit.
    #[must_use]
    pub fn within(mut self, first: f64, last: f64) -> Self {
        self.domain = Some([first, last]);
        self
    }

    /// Labels the axis in percent; its values stay shares, where 1 is 100 %.
    #[must_use]
    pub fn in_percent(mut self) -> Self {
        self.percent = true;
        self
    }
}

impl Series {
    /// Returns a series through points, rounded to six significant digits.
    #[must_use]
    pub fn new(name: impl Into<String>, style: Style, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (x, y) = points.into_iter().map(|(x, y)| (short(x), short(y))).unzip();
        Self { name: name.into(), style, x, y, ink: None }
    }

    /// Returns columns between edges, of which there is one more than heights.
    #[must_use]
    pub fn columns(name: impl Into<String>, edges: &[f64], heights: impl IntoIterator<Item = f64>) -> Self {
        Self {
            name: name.into(),
            style: Style::Columns,
            x: edges.iter().copied().map(short).collect(),
            y: heights.into_iter().map(short).collect(),
            ink: None,
        }
    }

    /// Sets the colour, in place of that by the position in the chart.
    #[must_use]
    pub fn in_ink(mut self, ink: Ink) -> Self {
        self.ink = Some(ink);
        self
    }
}

impl BarSeries {
    /// Returns bars with one value per row of the chart, rounded to six significant digits.
    #[must_use]
    pub fn new(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        Self { name: name.into(), values: values.into_iter().map(short).collect(), ink: None }
    }

    /// Sets the colour, in place of that by the position in the chart.
    #[must_use]
    pub fn in_ink(mut self, ink: Ink) -> Self {
        self.ink = Some(ink);
        self
    }
}

impl Chart {
    /// Returns a chart with two axes; series without a colour get categories' colours in turn.
    #[must_use]
    pub fn plane(id: impl Into<String>, title: impl Into<String>, alt: impl Into<String>, mut plane: Plane) -> Self {
        let coloured = plane.series.iter_mut().filter(|series| series.style != Style::Reference);
        for (place, series) in coloured.enumerate() {
            series.ink.get_or_insert(Ink::category(place));
        }
        Self { id: id.into(), title: title.into(), alt: alt.into(), kind: Kind::Plane(plane) }
    }

    /// Returns a chart of horizontal bars; series without a colour get categories' in turn.
    #[must_use]
    pub fn bars(id: impl Into<String>, title: impl Into<String>, alt: impl Into<String>, mut bars: Bars) -> Self {
        for (place, series) in bars.series.iter_mut().enumerate() {
            series.ink.get_or_insert(Ink::category(place));
        }
        Self { id: id.into(), title: title.into(), alt: alt.into(), kind: Kind::Bars(bars) }
    }

    /// Returns a chart of points by category, spread where they crowd.
    #[must_use]
    pub fn swarm(id: impl Into<String>, title: impl Into<String>, alt: impl Into<String>, swarm: Swarm) -> Self {
        Self { id: id.into(), title: title.into(), alt: alt.into(), kind: Kind::Swarm(swarm) }
    }

    /// Steps from one value to another.
    #[must_use]
    pub fn waterfall(
        id: impl Into<String>,
        title: impl Into<String>,
        alt: impl Into<String>,
        waterfall: Waterfall,
    ) -> Self {
        Self { id: id.into(), title: title.into(), alt: alt.into(), kind: Kind::Waterfall(waterfall) }
    }

    /// Draws the chart as a picture. Returns SVG of its own size and colours, on white, with
    /// nothing to be loaded or run.
    #[must_use]
    pub fn to_svg(&self) -> String {
        picture::draw(self)
    }
}
