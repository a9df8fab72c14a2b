//! One lock per output: a hidden file beside it, locked as long as the process lives.
//!
//! The operating system ends the lock with the process; the file itself says who holds it, and is
//! removed at the end or, after a crash, by the next run.

use super::place::{self, Id};
use super::record::Name;
use super::{folder_of, hidden};
use crate::observer::Observer;
use gboost::internals::io::writing;
use gboost::internals::io::writing::Locking;
use gboost::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How the names of locks end.
pub const LOCK: &str = ".lock";

/// How long a lock may be held by one that only tidies up.
const TIDY_TIME: Duration = Duration::from_millis(300);
const POLL_TIME: Duration = Duration::from_millis(10);

/// Bytes of a lock's file that are read at most.
const MOST_BYTES: u64 = 4096;

/// What the claims of the process hold: released at their ends, and at the end of the process.
static HELD: Mutex<Vec<Held>> = Mutex::new(Vec::new());

/// The number of the next claim.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Locks and folders that one claim holds, released when it ends.
struct Held {
    claim: u64,
    locks: Vec<(PathBuf, File)>,
    /// Folders that were made for outputs, outer ones first.
    folders: Vec<PathBuf>,
}

impl Held {
    /// Ends all locks, and removes the folders that were made and are empty.
    fn release(self) {
        for (path, file) in self.locks {
            // Before the lock ends: otherwise it could be another's by now.
            let _ = fs::remove_file(path);
            drop(file);
        }
        for folder in self.folders.into_iter().rev() {
            // Fails where there is something in it.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The locks and folders of one claim. Dropped, it ends the locks and removes folders that stayed
/// empty.
pub struct Holding(u64);

impl Holding {
    /// Registers a new claim that holds no lock and no folder.
    pub fn new() -> Self {
        let claim = NEXT.fetch_add(1, Ordering::Relaxed);
        held().push(Held { claim, locks: Vec::new(), folders: Vec::new() });
        Self(claim)
    }

    /// Applies `work` to the locks and folders of this claim, if it still holds any.
    fn change(&self, work: impl FnOnce(&mut Held)) {
        if let Some(held) = held().iter_mut().find(|held| held.claim == self.0) {
            work(held);
        }
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut all = held();
        if let Some(place) = all.iter().position(|held| held.claim == self.0) {
            all.remove(place).release();
        }
    }
}

/// Ends the locks of all claims, for a process that ends at once.
pub fn release_all() {
    held().drain(..).for_each(Held::release);
}

fn held() -> MutexGuard<'static, Vec<Held>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Owner of a lock, written to the lock file as JSON.
#[derive(Serialize, Deserialize)]
struct Holder {
    pid: u32,
    command: String,
    since: String,
    /// All folders that it writes to, so that who finds the lock left over tidies those as well.
    folders: Vec<Name>,
}

impl Holder {
    fn this(folders: &[PathBuf]) -> Self {
        let mut words: Vec<_> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        if let Some(program) = words.first_mut() {
            *program = Path::new(program).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        }
        let since = gboost::internals::util::clock::Clock::start().times().start;
        let folders = folders.iter().map(|folder| Name::new(folder.as_os_str())).collect();
        Self { pid: std::process::id(), command: words.join(" "), since, folders }
    }

    /// The holder as its lock's file has it.
    fn read(file: &File) -> Option<Self> {
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Describes the holder for an error.
    fn of(file: &File) -> String {
        match Self::read(file) {
            Some(Self { pid, command, since, .. }) => format!("process {pid}, `{command}`, since {since}"),
            None => "another gboost".to_string(),
        }
    }
}

/// What came of taking the locks.
#[derive(Default)]
pub struct Taken {
    /// Warnings for the user, such as of a file system without locks.
    pub notes: Vec<String>,
    /// Folders that a killed run wrote to whose lock this one took over.
    pub left: Vec<PathBuf>,
}

/// Locks the outputs, the main one first in the list. All processes lock in one order, so that of
/// two that want the same outputs one gets them all.
pub fn take(outputs: &[PathBuf], holding: &Holding, observer: &mut dyn Observer) -> Result<Taken> {
    let mut folders: Vec<PathBuf> = outputs.iter().filter_map(|path| fs::canonicalize(folder_of(path)).ok()).collect();
    folders.sort();
    folders.dedup();
    let mut files: Vec<(Option<Id>, String, &PathBuf)> = Vec::new();
    for path in outputs {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        files.push((place::id(folder_of(path)), name, path));
    }
    files.sort();
    let mut taken = Taken::default();
    for (_, _, path) in files {
        take_one(path, &folders, &mut taken, (holding, &mut *observer))?;
    }
    taken.notes.dedup();
    // The main output's lock is released last: while it is there, who finds it tidies the other
    // folders as well.
    if let Some(main) = outputs.first() {
        let main = folder_of(main).join(hidden(main, LOCK));
        holding.change(|held| held.locks.sort_by_key(|(path, _)| *path == main));
    }
    Ok(taken)
}

fn take_one(
    output: &Path,
    folders: &[PathBuf],
    taken: &mut Taken,
    (holding, observer): (&Holding, &mut dyn Observer),
) -> Result<()> {
    let path = folder_of(output).join(hidden(output, LOCK));
    let refuse = |source: std::io::Error| Error::io("lock", output, source).remedy(super::REMEDY);
    let begun = Instant::now();
    loop {
        observer.check()?;
        let file = open(&path).map_err(refuse)?;
        match writing::lock(&file) {
            // One that tidied up may have removed it in the meantime.
            Locking::Done if !writing::leads_to(&path, &file) => {}
            Locking::Done => {
                taken.left.extend(left_folders(&file));
                let holder = serde_json::to_vec(&Holder::this(folders)).unwrap_or_default();
                // Only to be told: what matters is the lock.
                let _ = file.set_len(0).and_then(|()| (&file).rewind()).and_then(|()| (&file).write_all(&holder));
                holding.change(|held| held.locks.push((path, file)));
                return Ok(());
            }
            Locking::Held if begun.elapsed() < TIDY_TIME => std::thread::sleep(POLL_TIME),
            Locking::Held => {
                return Err(Error::parameter(format!("it is being written by {}", Holder::of(&file)))
                    .remedy("wait until that has ended, or choose another place")
                    .at_path(output));
            }
            Locking::Unavailable(error) => {
                let _ = fs::remove_file(&path);
                let folder = folder_of(output).display();
                taken.notes.push(format!(
                    "warning: {folder}: the file system has no locks ({error}); let no other gboost write there at the same time"
                ));
                return Ok(());
            }
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let file = match open_hidden(path, File::options().read(true).write(true).create(true)) {
        // Left over by another user: the lock needs no more than reading.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied && path.exists() => {
            open_hidden(path, File::options().read(true))
        }
        opened => opened,
    };
    file.map_err(|error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Opens a hidden file of ours. What bears its name and is none is refused: a link leads to a file
/// that would be written over, a further name of a file as well, and a pipe waits for ever.
pub fn open_hidden(path: &Path, options: &mut OpenOptions) -> std::io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let refused = || std::io::Error::other("it is none of gboost's own files, and has to be removed");
    let file = match options.open(path) {
        Err(_) if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) => return Err(refused()),
        opened => opened?,
    };
    let data = file.metadata()?;
    #[cfg(unix)]
    let names = std::os::unix::fs::MetadataExt::nlink(&data);
    #[cfg(not(unix))]
    let names = 1;
    // One that was removed since it was opened has no name.
    match data.is_file() && names <= 1 {
        true => Ok(file),
        false => Err(refused()),
    }
}

/// Makes a folder and those above it that are missing; the end of the claim removes them if they
/// stay empty. Returns the outermost folder that was made.
pub fn make_folder(folder: &Path, holding: &Holding) -> std::io::Result<Option<PathBuf>> {
    let mut missing: Vec<&Path> =
        folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists()).collect();
    missing.reverse();
    let first = missing.first().map(|first| first.to_path_buf());
    for folder in missing {
        match fs::create_dir(folder) {
            Ok(()) => holding.change(|held| held.folders.push(folder.to_path_buf())),
            // `a/..`, or another process was faster.
            Err(_) if folder.is_dir() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(first)
}

/// The folders that the owner of a lock that was left over wrote to.
fn left_folders(file: &File) -> Vec<PathBuf> {
    let folders = Holder::read(file).map_or_else(Vec::new, |holder| holder.folders);
    folders.iter().map(|folder| folder.as_path().to_path_buf()).collect()
}

/// Whether a file belongs to the user who runs the program.
fn is_own(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        file.metadata().is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw())
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}

/// Removes a hidden file that no process uses; nothing happens to one that is in use, or that is
/// another user's. Returns other folders that its owner wrote to, if it was a lock.
pub fn remove_unused(path: &Path) -> Vec<PathBuf> {
    let Ok(file) = open_hidden(path, File::options().read(true)) else { return Vec::new() };
    if !matches!(writing::lock(&file), Locking::Done) || !writing::leads_to(path, &file) || !is_own(&file) {
        return Vec::new();
    }
    let folders = if path.to_string_lossy().ends_with(LOCK) { left_folders(&file) } else { Vec::new() };
    let _ = fs::remove_file(path);
    folders
}
