//! Curves of fewer points that look the same.

/// How far a left-out point may lie from the line that stands for it, as a share of the height (or
/// width) of the curve. Half a pixel of a curve that is 1000 pixels high.
const TOLERANCE: f64 = 1.0 / 2000.0;

/// The places of the points that a curve needs, first and last included: Ramer's and Douglas and
/// Peucker's algorithm, with the distance measured along x and y in units of the curve's width and
/// height.
#[must_use]
pub fn keep(x: &[f64], y: &[f64]) -> Vec<usize> {
    let rows = x.len().min(y.len());
    if rows < 3 {
        return (0..rows).collect();
    }
    let (width, height) = (span(x), span(y));
    let point = |place: usize| (x[place] / width, y[place] / height);
    let mut kept = vec![false; rows];
    (kept[0], kept[rows - 1]) = (true, true);
    let mut parts = vec![(0, rows - 1)];
    while let Some((first, last)) = parts.pop() {
        let (start, end) = (point(first), point(last));
        let furthest = (first + 1..last)
            .map(|place| (distance(point(place), start, end), place))
            .fold((0.0, first), |best, next| if next.0 > best.0 { next } else { best });
        if furthest.0 > TOLERANCE {
            kept[furthest.1] = true;
            parts.push((first, furthest.1));
            parts.push((furthest.1, last));
        }
    }
    (0..rows).filter(|&place| kept[place]).collect()
}

/// Largest less least; 1 for values that are all the same.
fn span(values: &[f64]) -> f64 {
    let (low, high) = values
        .iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (value.min(low), value.max(high)));
    if high > low { high - low } else { 1.0 }
}

/// Returns the distance from a point to a stretch of a line.
fn distance(point: (f64, f64), start: (f64, f64), end: (f64, f64)) -> f64 {
    let (dx, dy) = (end.0 - start.0, end.1 - start.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { ((point.0 - start.0) * dx + (point.1 - start.1) * dy) / length } else { 0.0 };
    let along = along.clamp(0.0, 1.0);
    let (x, y) = (start.0 + along * dx - point.0, start.1 + along * dy - point.1);
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_needs_its_ends() {
        let x: Vec<f64> = (0..100).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 * x + 1.0).collect();
        assert_eq!(keep(&x, &y), [0, 99]);
        assert_eq!(keep(&[1.0, 1.0], &[0.0, 1.0]), [0, 1]);
        assert_eq!(keep(&[], &[]), [0_usize; 0]);
    }

    #[test]
    fn a_peak_stays_and_nothing_moves_visibly() {
        let x: Vec<f64> = (0..10_001).map(|i| f64::from(i) / 10_000.0).collect();
        let y: Vec<f64> = x.iter().map(|x| if (*x - 0.5).abs() < 1e-9 { 2.0 } else { x.sqrt() }).collect();
        let kept = keep(&x, &y);
        assert!(kept.contains(&5000) && kept.len() < 100, "{} points", kept.len());
        for (place, (&x_at, &y_at)) in x.iter().zip(&y).enumerate() {
            let next = kept.partition_point(|&other| other < place).max(1);
            let (a, b) = (kept[next - 1], kept[next]);
            let line = y[a] + (y[b] - y[a]) * (x_at - x[a]) / (x[b] - x[a]);
            // In height; the distance to the line is less on its steep part.
            assert!((line - y_at).abs() < 0.02, "{x_at}");
        }
    }
}
