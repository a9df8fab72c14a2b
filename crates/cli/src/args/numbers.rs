//! Numbers of flags, refused in words.

use std::ops::RangeInclusive;

/// Takes whole numbers of these bounds.
pub fn whole<N>(bounds: RangeInclusive<u64>) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync
where
    N: TryFrom<u64> + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| match (*bounds.start(), *bounds.end()) {
            (least, u64::MAX) => format!("give a whole number, at least {least}"),
            (least, most) => format!("give a whole number from {least} to {most}"),
        })
    }
}

/// Takes whole numbers from a least one on.
pub fn at_least<N>(least: u64) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync
where
    N: TryFrom<u64> + Clone + Send + Sync + 'static,
{
    whole(least..=u64::MAX)
}

/// Takes the value of a metric that a search is to reach.
pub fn target(text: &str) -> Result<f64, String> {
    let finite = text.parse().ok().filter(|value: &f64| value.is_finite());
    finite.ok_or_else(|| {
        "give a value of the objective metric at which the search may end, like 0.9; --label names the label column"
            .to_string()
    })
}

/// Takes a probability.
pub fn probability(text: &str) -> Result<f32, String> {
    text.parse().map_err(|_| "give a number from 0 to 1".to_string())
}
