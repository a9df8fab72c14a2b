//! The table of `--profile`.

use super::screen::table;
use gboost::internals::backend::profile::{Profile, ProfileRow};
use std::time::Duration;

/// Time and bytes of each kernel, and of all together.
pub fn text(profile: &Profile) -> String {
    let (mut all_calls, mut all_time, mut all_bytes) = (0, Duration::ZERO, 0);
    for row in &profile.rows {
        all_calls += row.calls;
        all_time += row.time;
        all_bytes += row.bytes;
    }
    let line = |name: &str, calls: u64, time: Duration, bytes: u64| {
        let seconds = time.as_secs_f64();
        let percent = 100.0 * seconds / all_time.as_secs_f64().max(f64::MIN_POSITIVE);
        let speed = bytes as f64 / 1e9 / seconds.max(f64::MIN_POSITIVE);
        vec![
            name.to_string(),
            calls.to_string(),
            format!("{:.3}", seconds * 1e3),
            format!("{percent:.1}"),
            size(bytes),
            if time.is_zero() { String::new() } else { format!("{speed:.2}") },
        ]
    };
    let of_row = |row: &ProfileRow| line(row.activity.name(), row.calls, row.time, row.bytes);
    let mut rows: Vec<Vec<String>> = profile.rows.iter().map(of_row).collect();
    rows.push(line("total", all_calls, all_time, all_bytes));
    let measured = if profile.timestamps { "the device's timestamps" } else { "the wall clock" };
    format!(
        "{}\n(time by {measured}; moved: what the kernel must read and write for the rows, features and nodes that it had, each element \
         once)",
        table(&["kernel", "calls", "ms", "percent", "moved", "GB/s"], rows)
    )
}

/// Bytes with a unit, so that three digits or four stand before it.
fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let power = (bytes.ilog10() / 3).min(units.len() as u32);
    let value = bytes as f64 / 1000_f64.powi(power as i32);
    format!("{value:.2} {}", units[power as usize - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use gboost::internals::backend::Kernel;
    use gboost::internals::backend::profile::Activity;

    #[test]
    fn sizes_have_a_unit() {
        let sizes = [0, 999, 1000, 15_300, 2_500_000, 7_654_321_000, 3_000_000_000_000_000];
        assert_eq!(sizes.map(size), ["0 B", "999 B", "1.00 kB", "15.30 kB", "2.50 MB", "7.65 GB", "3000.00 TB"]);
    }

    #[test]
    fn the_last_line_sums_up() {
        let mut profile = Profile::default();
        profile.add(Activity::Kernel(Kernel::Gradient), Duration::from_millis(1), 3_000_000);
        profile.add(Activity::Kernel(Kernel::Histogram), Duration::from_millis(3), 21_000_000);
        profile.add(Activity::Kernel(Kernel::Histogram), Duration::from_millis(4), 0);
        let text = text(&profile);
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["gradient", "1", "1.000", "12.5", "3.00", "MB", "3.00"]);
        assert_eq!(lines[2], ["histogram", "2", "7.000", "87.5", "21.00", "MB", "3.00"]);
        assert_eq!(lines[3], ["total", "3", "8.000", "100.0", "24.00", "MB", "3.00"]);
    }
}
