//! The only way in which a job or a command writes files.
//!
//! 1. A [`Request`] names all that is read and written. [`Request::claim`] refuses outputs that
//!    would overwrite an input or each other (`place`), makes their folders, locks them
//!    (`lock`) and mends what a killed run left (`recovery`), before anything is read.
//! 2. [`Draft`]s are written beside their places under hidden names.
//! 3. [`publish`] gives all of them their names, or none (`set`).

mod lock;
mod place;
mod record;
mod recovery;
mod set;

use crate::observer::{Event, Observer, Phase};
use gboost::ingest::is_data_name;
use gboost::internals::io::writing;
use gboost::{Error, Result};
use lock::{Holding, Taken};
use place::{Id, Place};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use gboost::internals::io::writing::{folder_of, is_special};
pub use lock::release_all;

/// The flag of the one output that grows as the work goes on.
pub const JOURNAL_FLAG: &str = "--journal";

const REMEDY: &str = "choose a place that you may write to";

/// Returns the title of a page about a file, such as `model.json explained`.
#[must_use]
pub fn title(path: &Path, what: &str) -> String {
    format!("{} {what}", path.file_name().unwrap_or(path.as_os_str()).to_string_lossy())
}

/// The name of the hidden file that belongs to an output; names of any length have one.
fn hidden(output: &Path, end: &str) -> String {
    /// Bytes of a name at most, in all common file systems.
    const MOST_BYTES: usize = 255;
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let whole = format!("{}{name}{end}", writing::PREFIX);
    if whole.len() <= MOST_BYTES {
        return whole;
    }
    // In small letters, so that a file system that takes no note of their size has one lock for one
    // file.
    let digest = gboost::internals::util::digest::sha256(name.to_lowercase().as_bytes());
    format!("{}{}{end}", writing::PREFIX, &digest[..32])
}

/// A file or folder that a command reads, with the flag that names it.
struct Input {
    flag: &'static str,
    path: PathBuf,
    /// Whether a folder stands for the data files in it.
    is_data: bool,
    /// The output's flag that may replace it.
    becomes: Option<&'static str>,
}

/// A file that a command writes, with the flag that names it.
struct Output {
    flag: &'static str,
    /// What it is, such as "the model".
    what: &'static str,
    path: PathBuf,
    /// Whether the flag names the folder that it is in.
    in_folder: bool,
}

impl Output {
    /// How to give it another place.
    fn remedy(&self) -> String {
        let place = if self.in_folder { "folder" } else { "name" };
        format!("give another {place} with {}", self.flag)
    }
}

/// All that a job or a command reads and writes, with the names that errors give it.
#[derive(Default)]
pub struct Request {
    inputs: Vec<Input>,
    outputs: Vec<Output>,
}

impl Request {
    /// Adds data that is read: files, or folders of them.
    #[must_use]
    pub fn data(mut self, flag: &'static str, paths: &[PathBuf]) -> Self {
        let input = |path: &PathBuf| Input { flag, path: path.clone(), is_data: true, becomes: None };
        self.inputs.extend(paths.iter().map(input));
        self
    }

    /// Adds a file that is read, if it is given.
    #[must_use]
    pub fn input(mut self, flag: &'static str, path: Option<&Path>) -> Self {
        let input = |path: &Path| Input { flag, path: path.to_path_buf(), is_data: false, becomes: None };
        self.inputs.extend(path.map(input));
        self
    }

    /// Adds a file that is read whole before anything is written. The output of the flag `becomes`
    /// may replace it.
    #[must_use]
    pub fn continued(mut self, flag: &'static str, path: Option<&Path>, becomes: &'static str) -> Self {
        let input = |path: &Path| Input { flag, path: path.to_path_buf(), is_data: false, becomes: Some(becomes) };
        self.inputs.extend(path.map(input));
        self
    }

    /// Adds a file that is written, if it is given; `what` it is, such as "the model".
    #[must_use]
    pub fn output(mut self, flag: &'static str, what: &'static str, path: Option<&Path>) -> Self {
        self.outputs.extend(path.map(|path| Output { flag, what, path: path.to_path_buf(), in_folder: false }));
        self
    }

    /// Adds a file that is written into the folder that the flag names.
    #[must_use]
    pub fn output_in(mut self, flag: &'static str, what: &'static str, path: &Path) -> Self {
        self.outputs.push(Output { flag, what, path: path.to_path_buf(), in_folder: true });
        self
    }

    /// Checks the places, makes the folders and locks the outputs, until the claim is dropped.
    ///
    /// # Errors
    ///
    /// If an output cannot be written, would replace an input or another output, or is locked by
    /// another run.
    pub fn claim(self, observer: &mut dyn Observer) -> Result<Claim> {
        // What exists from here on must not be left by an interruption.
        observer.begin(Phase::Claiming)?;
        let mut claim = Claim { notes: Vec::new(), holding: Holding::new() };
        self.outputs.iter().try_for_each(|output| check(&output.path))?;
        self.refuse_second_readers()?;
        self.refuse_clashes()?;
        self.take(&mut claim, observer)?;
        let results = self.outputs.iter().filter(|output| output.flag != JOURNAL_FLAG);
        let results: Vec<&Path> = results.map(|output| output.path.as_path()).collect();
        observer.tell(&Event::Claimed(&results))?;
        Ok(claim)
    }

    /// Refuses a pipe, standard input among them, that two inputs would read: the second would find
    /// nothing.
    fn refuse_second_readers(&self) -> Result<()> {
        let mut pipes: Vec<(Id, &Input)> = Vec::new();
        for input in &self.inputs {
            let is_standard_input = input.is_data && input.path == Path::new("-");
            let path = if is_standard_input { Path::new("/dev/stdin") } else { &input.path };
            let is_pipe = is_standard_input || fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir());
            let Some(id) = place::id(path).filter(|_| is_pipe) else { continue };
            if let Some((_, other)) = pipes.iter().find(|(known, _)| *known == id) {
                return Err(Error::parameter(format!(
                    "{} and {} would both read it, and it can be read once",
                    other.flag, input.flag
                ))
                .remedy("save what it holds in a file, and give the file's name")
                .at_path(&input.path));
            }
            pipes.push((id, input));
        }
        Ok(())
    }

    /// Refuses outputs that are inputs, or the same file as another output.
    fn refuse_clashes(&self) -> Result<()> {
        if self.outputs.is_empty() {
            return Ok(());
        }
        let inputs: Vec<(&Input, Option<Place>)> =
            self.inputs.iter().map(|input| (input, Place::of(&input.path))).collect();
        let mut taken: Vec<(&Output, Place)> = Vec::new();
        for output in &self.outputs {
            let path = &output.path;
            let Some(place) = Place::of(path) else { continue };
            let refuse = |message: String| Err(Error::parameter(message).remedy(output.remedy()).at_path(path));
            if let Some((other, _)) = taken.iter().find(|(_, other)| *other == place) {
                return refuse(format!(
                    "{} ({}) and {} ({}) would be the same file",
                    other.what, other.flag, output.what, output.flag
                ));
            }
            for (input, known) in &inputs {
                if input.becomes != Some(output.flag) && known.as_ref() == Some(&place) {
                    return refuse(overwrites(output, input));
                }
                if input.is_data && input.path.is_dir() {
                    Self::refuse_in_folder(output, &place, input)?;
                }
            }
            taken.push((output, place));
        }
        Ok(())
    }

    /// Refuses an output that is a file of a folder of data, or would be taken for one the next
    /// time.
    fn refuse_in_folder(output: &Output, place: &Place, input: &Input) -> Result<()> {
        let refuse = |message: String| Err(Error::parameter(message).remedy(output.remedy()).at_path(&output.path));
        let folder: Option<Id> = place::id(&input.path);
        let target = writing::resolve(&output.path);
        if is_data_name(&output.path) && [&output.path, &target].iter().any(|path| place::id(folder_of(path)) == folder)
        {
            return refuse(format!(
                "{} ({}) would lie among the data of {} {}, and be read as data the next time",
                output.what,
                output.flag,
                input.flag,
                input.path.display()
            ));
        }
        let Place::There(_) = place else { return Ok(()) };
        // A link in the folder, or another name of the file.
        let entries = fs::read_dir(&input.path).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| is_data_name(path)) {
            if Place::of(&path).as_ref() == Some(place) {
                return refuse(overwrites(output, &Input { path, ..*input }));
            }
        }
        Ok(())
    }

    fn take(&self, claim: &mut Claim, observer: &mut dyn Observer) -> Result<()> {
        let targets: Vec<PathBuf> = self
            .outputs
            .iter()
            .filter(|output| !is_special(&output.path))
            .map(|output| writing::resolve(&output.path))
            .collect();
        for target in &targets {
            let folder = folder_of(target);
            let made = lock::make_folder(folder, &claim.holding)
                .map_err(|source| Error::io("make the folder", folder, source).remedy(REMEDY))?;
            claim.notes.extend(made.map(|made| format!("created the folder {}", made.display())));
        }
        let Taken { notes, left } = lock::take(&targets, &claim.holding, observer)?;
        claim.notes.extend(notes);
        // Data is not what we write, and its folders may be huge.
        let results = self.inputs.iter().filter(|input| !input.is_data).map(|input| writing::resolve(&input.path));
        let mut folders: Vec<PathBuf> = Vec::new();
        let results: Vec<PathBuf> = targets.into_iter().chain(results).collect();
        for folder in results.iter().map(|path| folder_of(path).to_path_buf()).chain(left) {
            if !folders.contains(&folder) {
                claim.notes.extend(recovery::tidy(&folder, observer)?);
                folders.push(folder);
            }
        }
        Ok(())
    }
}

fn overwrites(output: &Output, input: &Input) -> String {
    format!("{} ({}) would overwrite {} {}", output.what, output.flag, input.flag, input.path.display())
}

/// Places of results, checked and locked. Dropped, it ends the locks and removes folders that
/// stayed empty.
pub struct Claim {
    notes: Vec<String>,
    holding: Holding,
}

impl Claim {
    /// Tells what was done.
    ///
    /// # Errors
    ///
    /// The observer's reason to stop.
    pub fn tell(&self, observer: &mut dyn Observer) -> Result<()> {
        self.notes.iter().try_for_each(|note| observer.note(note))
    }
}

/// Checks that `path` can be written: it is no folder, its name is not too long, and the folder it
/// is in, or would be made in, takes files. Nothing stays behind.
fn check(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::io("write", path, io::Error::other("it is a folder")).remedy("give the name of a file"));
    }
    if is_special(path) {
        return Ok(());
    }
    let target = writing::resolve(path);
    let (existing, missing) = place::nearest(&target);
    // Each name is asked for in a folder that exists: in one that does not no name is too long.
    for asked in missing.iter().map(|name| existing.join(name)).chain([target.clone()]) {
        if let Err(source) = fs::symlink_metadata(asked)
            && source.kind() == io::ErrorKind::InvalidFilename
        {
            return Err(Error::io("write", path, source).remedy("give it a shorter name"));
        }
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    if name.is_empty() {
        return Err(Error::parameter("it is no name of a file").remedy("give the name of a file").at_path(path));
    }
    if name.starts_with(writing::PREFIX) {
        return Err(Error::parameter(format!("names that begin with {} are gboost's own", writing::PREFIX))
            .remedy("give it another name")
            .at_path(path));
    }
    check_folder(folder_of(&target))
}

/// Checks that files can be made in `folder`, or in the nearest folder above it that exists.
fn check_folder(folder: &Path) -> Result<()> {
    let (existing, _) = place::nearest(folder);
    let refuse = |source: io::Error| Error::io("write to the folder", &existing, source).remedy(REMEDY);
    if !existing.is_dir() {
        return Err(refuse(io::Error::other("it is not a folder")));
    }
    // Without a name, so that a kill leaves nothing.
    tempfile::tempfile_in(&existing).map(drop).map_err(refuse)
}

/// Waits until somebody reads the pipe of this path, if it is one: to open it would wait as well,
/// but could not be interrupted. Returns what keeps the reader waiting.
#[cfg(unix)]
fn wait_for_reader(path: &Path, observer: &mut dyn Observer) -> Result<Option<File>> {
    use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
    if !fs::metadata(path).is_ok_and(|data| data.file_type().is_fifo()) {
        return Ok(None);
    }
    loop {
        match File::options().write(true).custom_flags(libc::O_NONBLOCK).open(path) {
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => observer.check()?,
            opened => return Ok(opened.ok()),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Elsewhere pipes are no files of a folder.
#[cfg(not(unix))]
fn wait_for_reader(_: &Path, _: &mut dyn Observer) -> Result<Option<File>> {
    Ok(None)
}

/// An output in the making; dropped, it leaves nothing.
pub enum Draft {
    /// A hidden file and the path that was asked for.
    File(writing::Draft, PathBuf),
    /// A device or a pipe: written to as it is, since a rename would replace it.
    Special(File, PathBuf),
}

impl Draft {
    /// Starts a file that will be called `path`. Of a pipe it waits for the reader.
    ///
    /// # Errors
    ///
    /// If the file cannot be made, or the observer stops the job.
    pub fn new(path: &Path, observer: &mut dyn Observer) -> Result<Self> {
        let refuse = |source: io::Error| Error::io("write", path, source).remedy(REMEDY);
        match is_special(path) {
            true => {
                // Held until the next opening, lest the reader see an end in between.
                let _held = wait_for_reader(path, observer)?;
                Ok(Self::Special(File::options().write(true).open(path).map_err(refuse)?, path.to_path_buf()))
            }
            false => Ok(Self::File(writing::Draft::new(path).map_err(refuse)?, path.to_path_buf())),
        }
    }

    /// Drafts a file with this content.
    ///
    /// # Errors
    ///
    /// As [`Self::new`], or if it cannot be written.
    pub fn with(path: &Path, bytes: &[u8], observer: &mut dyn Observer) -> Result<Self> {
        let mut draft = Self::new(path, observer)?;
        draft.write_all(bytes).map_err(|source| draft.error(source))?;
        Ok(draft)
    }

    /// Returns the error of a failed write to it.
    #[must_use]
    pub fn error(&self, source: io::Error) -> Error {
        let (Self::File(_, path) | Self::Special(_, path)) = self;
        Error::io("write", path, source).remedy(REMEDY)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file, _) => file.write(bytes),
            Self::Special(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file, _) => file.flush(),
            Self::Special(file, _) => file.flush(),
        }
    }
}

/// Returns the sha256 of a file that content of other bytes will replace.
#[must_use]
pub fn replaces(path: &Path, bytes: &[u8]) -> Option<String> {
    let old = gboost::internals::util::digest::sha256_of_file(path).ok().flatten()?;
    (old != gboost::internals::util::digest::sha256(bytes)).then_some(old)
}

/// Gives all files their names, the main result last in the list.
///
/// # Errors
///
/// If a file cannot be renamed: then all are as they were before, unless the error says otherwise.
pub fn publish(drafts: impl IntoIterator<Item = Draft>) -> Result<()> {
    let mut files = Vec::new();
    let mut paths = Vec::new();
    for draft in drafts {
        if let Draft::File(file, path) = draft {
            paths.push((file.target().to_path_buf(), path));
            files.push(file);
        }
    }
    set::publish(files).map_err(|failure| {
        // As it was asked for, not where its links led.
        let path = paths.iter().find(|(target, _)| *target == failure.path).map_or(&failure.path, |(_, path)| path);
        Error::io("write", path, failure.source).remedy(match failure.stuck {
            false => REMEDY,
            true => "mend the disk and run gboost verify: it brings the files from before this run back",
        })
    })
}
