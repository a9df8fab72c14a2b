//! How much memory the training rows may take, and what is done where they would take more.

use crate::observer::Observer;
use gboost::ingest::{Channel, SpillOptions};
use gboost::{Error, Result};
use std::fs;
use std::path::{Path, PathBuf};
use sysinfo::{MemoryRefreshKind, ProcessRefreshKind, ProcessesToUpdate, System};

/// When the values of the training rows are spilled to a temporary file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spill {
    /// Where they would take more than half of the memory that is available.
    #[default]
    Auto,
    /// Always, however few bytes they take.
    Always,
    /// Never: the values stay in memory until they are binned.
    Never,
}

/// How much memory the training rows may take. The model is the same to the last byte.
#[derive(Clone, Debug, Default)]
pub struct MemoryOptions {
    /// When values are spilled.
    pub spill: Spill,
    /// Folder of the temporary file; by default the system's, or /var/tmp if that lies in memory.
    pub spill_folder: Option<PathBuf>,
}

/// Why the values of the training rows are needed after they were binned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// Name of the option, with its dashes.
    pub flag: &'static str,
    /// What it does with them.
    pub why: &'static str,
    /// Advice for the error: how to train without the option.
    pub remedy: &'static str,
}

/// What is done with the values.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Whether they may go to disk.
    pub spill: Option<SpillOptions>,
    /// Whether they are given up once they are binned.
    pub gives_up: bool,
    /// Bytes of memory that were available, where that was asked.
    available: Option<u64>,
}

impl Plan {
    /// Values stay in memory, since the training or what comes after it needs them.
    pub const KEEP: Self = Self { spill: None, gives_up: false, available: None };
}

impl MemoryOptions {
    /// Returns the option that requests spilled values, where one is given.
    fn asks(&self) -> Option<&'static str> {
        match (self.spill, &self.spill_folder) {
            (Spill::Always, _) => Some("--spill always"),
            (_, Some(_)) => Some("--spill-dir"),
            (_, None) => None,
        }
    }

    /// Refuses the options where no file is given.
    pub(crate) fn refuse_without_files(&self) -> Result<()> {
        self.asks().map_or(Ok(()), |flag| {
            Err(Error::parameter(format!("{flag} is given, but no data to read"))
                .remedy("give --train, or leave it out to train on the built-in census data"))
        })
    }

    /// Refuses the options for a manifest of built-in data or of a cross-validation, whose values
    /// stay in memory.
    pub(crate) fn refuse_for(&self, what: &str) -> Result<()> {
        self.asks().map_or(Ok(()), |flag| {
            let error = Error::parameter(format!("{flag} is given, but {what} is never spilled"));
            Err(error.remedy("leave it out"))
        })
    }

    /// Decides, before anything is read.
    pub(crate) fn plan(&self, need: Option<Need>) -> Result<Plan> {
        if self.spill == Spill::Never && self.spill_folder.is_some() {
            return Err(Error::parameter("--spill-dir does not go with --spill never").remedy("leave one of them out"));
        }
        if let Some(Need { flag, why, remedy }) = need {
            if let Some(asking) = self.asks() {
                return Err(Error::parameter(format!("{asking} does not go with {flag}, which {why}")).remedy(remedy));
            }
            return Ok(Plan::KEEP);
        }
        let folder = self.spill_folder.clone().unwrap_or_else(default_folder);
        let (from_bytes, available) = match self.spill {
            Spill::Never => return Ok(Plan { gives_up: true, ..Plan::KEEP }),
            Spill::Always => (0, None),
            Spill::Auto => {
                let available = available();
                (available / 2, Some(available))
            }
        };
        let spill = Some(SpillOptions::always(folder).from_bytes(from_bytes));
        Ok(Plan { spill, gives_up: true, available })
    }
}

impl Plan {
    /// Reports where the values of the training rows are kept.
    pub fn tell(&self, channel: &Channel, observer: &mut dyn Observer) -> Result<()> {
        let data = &channel.dataset;
        let values = shown((data.rows * data.features() * size_of::<f32>()) as u64);
        if let Some(spilled) = channel.spilled.as_ref().filter(|spilled| lies_in_memory(spilled.folder())) {
            let folder = spilled.folder().display();
            observer
                .note(&format!("{folder} lies in memory: name a folder on a disk with --spill-dir to save memory"))?;
        }
        match (&channel.spilled, self.available) {
            (Some(spilled), Some(available)) => observer.note(&format!(
                "train: {values} of values were spilled to {}, more than half of the {} of memory available",
                spilled.folder().display(),
                shown(available)
            )),
            (Some(spilled), None) => {
                observer.note(&format!("train: {values} of values were spilled to {}", spilled.folder().display()))
            }
            (None, Some(available)) => observer.detail(&format!(
                "memory: {values} of values in memory, not more than half of the {} available; given up once binned",
                shown(available)
            )),
            (None, None) if self.gives_up => {
                observer.detail(&format!("memory: {values} of values in memory; given up once binned"))
            }
            (None, None) => observer.detail(&format!("memory: {values} of values in memory, kept")),
        }
    }
}

/// The system's folder for temporary files; /var/tmp, which is meant for large ones, if the
/// system's lies in memory.
fn default_folder() -> PathBuf {
    let (folder, large) = (std::env::temp_dir(), Path::new("/var/tmp"));
    if lies_in_memory(&folder) && large.is_dir() && !lies_in_memory(large) { large.to_path_buf() } else { folder }
}

/// Whether files in a folder are in memory, as on Linux many a /tmp is.
fn lies_in_memory(folder: &Path) -> bool {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    folder.canonicalize().is_ok_and(|folder| is_on_tmpfs(&folder, &mounts))
}

/// The same from the text of this file: one mount a line, what lies under it in the next words.
fn is_on_tmpfs(folder: &Path, mounts: &str) -> bool {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        Some((Path::new(words.next()?), words.next()?))
    });
    let holding = mounts.filter(|(place, _)| folder.starts_with(place));
    // A later mount hides an earlier one at the same place.
    let nearest = holding.max_by_key(|(place, _)| place.components().count());
    nearest.is_some_and(|(_, kind)| kind == "tmpfs" || kind == "ramfs")
}

/// Bytes in a unit that suits them.
fn shown(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.2} GB", bytes as f64 / 1e9),
    }
}

/// Bytes of memory that this process can have without pushing others out: the least of what the
/// system has available, what its control group leaves, and what its limit of address space leaves
/// (both on Linux). All there can be where the system does not say.
fn available() -> u64 {
    let limit = address_space_left().unwrap_or(u64::MAX);
    let Ok(mut system) = System::new() else { return limit };
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let system_has = Some(system.available_memory()).filter(|&bytes| bytes > 0).unwrap_or(u64::MAX);
    let group = sysinfo::get_current_pid().ok().and_then(|id| {
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[id]), false, ProcessRefreshKind::nothing());
        system.process(id)?.cgroup_limits()
    });
    limit.min(system_has).min(group.map_or(u64::MAX, |group| group.free_memory))
}

/// What `ulimit -v` leaves.
fn address_space_left() -> Option<u64> {
    left(&fs::read_to_string("/proc/self/limits").ok()?, &fs::read_to_string("/proc/self/status").ok()?)
}

/// The same from the text of these files.
fn left(limits: &str, status: &str) -> Option<u64> {
    let number = |text: &str, name: &str| -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix(name))?.split_ascii_whitespace().next()?.parse().ok()
    };
    let limit = number(limits, "Max address space")?;
    Some(limit.saturating_sub(1024 * number(status, "VmSize:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_limit_of_address_space_leaves() {
        let status = "Name:\tgboost\nVmPeak:\t  900 kB\nVmSize:\t     512 kB\nVmRSS:\t   9 kB\n";
        let limits = |soft: &str| {
            format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max address space         {soft:20} unlimited            bytes     \n\
                 Max file locks            unlimited            unlimited            locks     \n"
            )
        };
        assert_eq!(left(&limits("1048576"), status), Some(524_288));
        assert_eq!(left(&limits("1024"), status), Some(0));
        assert_eq!(left(&limits("unlimited"), status), None);
        assert_eq!(left("", status), None);
    }

    #[test]
    fn some_memory_is_available() {
        assert!(available() > 1 << 20);
    }

    #[test]
    fn folders_in_memory_are_known() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk xfs rw 0 0\n";
        let found = ["/", "/home/a", "/tmp", "/tmp/a/b", "/tmp/disk/a", "/tmpa"];
        let found = found.map(|folder| is_on_tmpfs(Path::new(folder), mounts));
        assert_eq!(found, [false, false, true, true, false, false]);
        assert!(!is_on_tmpfs(Path::new("/tmp"), "tmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp xfs rw 0 0\n"));
        assert!(!is_on_tmpfs(Path::new("/tmp"), ""));
    }

    #[test]
    fn bytes_have_units() {
        assert_eq!([999, 1_500, 112_000_000, 1_904_000_000].map(shown), ["999 bytes", "1.5 kB", "112.0 MB", "1.90 GB"]);
    }
}
