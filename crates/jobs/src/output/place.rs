//! Which file a path stands for, whether it is there or not.

use super::folder_of;
use gboost::internals::io::writing;
use std::fs::{self, Metadata};
use std::path::{Component, Path, PathBuf};

/// A file as the file system knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An existing file or folder, by its identity in the file system.
    There(Id),
    /// One that is not: the nearest folder above it that is, and the names from there on, folded
    /// where the file system does not tell large letters from small ones.
    Absent(Id, Vec<String>),
}

/// What two paths to one file or folder have in common.
#[cfg(unix)]
pub type Id = (u64, u64);

/// What two paths to one file or folder have in common.
#[cfg(not(unix))]
pub type Id = PathBuf;

/// The identity of a file or a folder: device and inode, or the canonical path where there are
/// none.
pub fn id(path: &Path) -> Option<Id> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata(path).ok().map(|data| (data.dev(), data.ino()))
    }
    #[cfg(not(unix))]
    fs::canonicalize(path).ok()
}

/// Names of a folder that are looked at for one with letters.
const MOST_NAMES: usize = 100;

impl Place {
    /// The place that a path leads to; `None` for a pipe and most devices, which are no file that
    /// could be lost.
    pub fn of(path: &Path) -> Option<Self> {
        match fs::metadata(path) {
            Ok(data) if !data.is_file() && !data.is_dir() && !is_disk(&data) => None,
            Ok(_) => id(path).map(Self::There),
            Err(_) => Self::absent(&writing::resolve(path)),
        }
    }

    fn absent(path: &Path) -> Option<Self> {
        let (existing, names) = nearest(path);
        let folds = !names.is_empty() && folds_case(&existing);
        let name = |name: String| if folds { name.to_lowercase() } else { name };
        Some(Self::Absent(id(&existing)?, names.into_iter().map(name).collect()))
    }
}

/// The nearest folder above a file that exists, and the names of what is missing from there on;
/// `..` undoes a name.
pub fn nearest(path: &Path) -> (PathBuf, Vec<String>) {
    let mut existing = path;
    while fs::symlink_metadata(existing).is_err() {
        match existing.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => existing = parent,
            _ => {
                existing = Path::new(".");
                break;
            }
        }
    }
    let missing = path.strip_prefix(existing).unwrap_or(path);
    let (mut existing, mut names) = (existing.to_path_buf(), Vec::new());
    for part in missing.components() {
        match part {
            Component::Normal(name) => names.push(name.to_string_lossy().into_owned()),
            Component::ParentDir if names.pop().is_none() => existing.push(".."),
            _ => {}
        }
    }
    (existing, names)
}

/// Whether names in the folder mean the same in small letters as in large ones: asked of a name in
/// it or, where it has none, of its own.
fn folds_case(folder: &Path) -> bool {
    let is_same = |path: &Path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let other = if name == name.to_uppercase() { name.to_lowercase() } else { name.to_uppercase() };
        (other != name).then(|| id(path).is_some() && id(path) == id(&folder_of(path).join(other)))
    };
    let inside = fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_NAMES);
    let own = fs::canonicalize(folder).ok();
    inside.map(|entry| entry.path()).chain(own).find_map(|path| is_same(&path)).unwrap_or(false)
}

/// Whether it is a disk, which writing destroys.
fn is_disk(data: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        data.file_type().is_block_device()
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        false
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_missing_is_compared_from_the_nearest_folder_on() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| Place::of(&folder.path().join(name));
        assert_eq!(place("out/model.json"), place("out/../out/./model.json"));
        assert_eq!(place("model.json"), place("out/../model.json"));
        assert_ne!(place("model.json"), place("out/model.json"));
        fs::create_dir(folder.path().join("there")).unwrap();
        assert_eq!(place("model.json"), place("there/../model.json"));
        assert_eq!(place("there/a/model.json"), place("there/a/b/../model.json"));
    }

    #[test]
    #[cfg(unix)]
    fn links_lead_to_the_same_place() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "").unwrap();
        fs::hard_link(path("a"), path("b")).unwrap();
        symlink("a", path("c")).unwrap();
        symlink("nowhere", path("d")).unwrap();
        assert_eq!(Place::of(&path("a")), Place::of(&path("b")));
        assert_eq!(Place::of(&path("a")), Place::of(&path("c")));
        assert_eq!(Place::of(&path("d")), Place::of(&path("nowhere")));
        assert_eq!(Place::of(Path::new("/dev/null")), None);
    }
}
