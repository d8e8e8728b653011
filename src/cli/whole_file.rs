//! How does a file that is written bit by bit get onto the disk whole, or not at all?

use super::output::say;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write as _};
use std::sync::{Mutex, PoisonError};

/// What is being written beside its place at this moment.
static BEGUN: Mutex<BTreeSet<Utf8PathBuf>> = Mutex::new(BTreeSet::new());

/// Removes whatever is half written, because the program ends before it is whole.
pub fn abandon_all() {
    for beside in std::mem::take(&mut *BEGUN.lock().unwrap_or_else(PoisonError::into_inner)) {
        // Nothing can be done about what cannot be removed.
        let _ = fs_err::remove_file(beside);
    }
}

/// A file that is being written beside its place, and takes it when it is whole. Dropped before that, it leaves behind whatever was there.
pub struct WholeFile {
    path: Utf8PathBuf,
    /// Where the bytes go meanwhile; nowhere else if they go through a pipe or to a device, which nothing can be put in the place of.
    beside: Option<Utf8PathBuf>,
}

impl WholeFile {
    /// Begins a file that takes long to write, and gives what its bytes are written to. Who interrupts that leaves nothing behind.
    ///
    /// # Errors
    /// If it cannot be made there.
    pub fn begin(path: &Utf8Path) -> io::Result<(Self, BufWriter<fs_err::File>)> {
        let handler = || {
            abandon_all();
            say("\ninterrupted: what was being written is not there, and whatever was there before is");
            std::process::exit(130);
        };
        // Commands that go on from where they were stopped have a handler of their own, and stay with that.
        let _ = ctrlc::try_set_handler(handler);
        Self::beside(path)
    }

    fn beside(path: &Utf8Path) -> io::Result<(Self, BufWriter<fs_err::File>)> {
        let is_replaced = fs_err::metadata(path).map_or(true, |found| found.is_file());
        let name = path.file_name().filter(|_| is_replaced);
        // Hidden, and with the process in its name, so that two writers never share one.
        let beside = name.map(|name| path.with_file_name(format!(".{name}.{}.tmp", std::process::id())));
        let file = std::fs::File::create(beside.as_deref().unwrap_or(path));
        // An error names what the reader has called the file.
        let file = file.map_err(|error| io::Error::new(error.kind(), format!("failed to create file `{path}`: {error}")))?;
        BEGUN.lock().unwrap_or_else(PoisonError::into_inner).extend(beside.clone());
        Ok((Self { path: path.to_owned(), beside }, BufWriter::new(fs_err::File::from_parts(file, path.as_std_path()))))
    }

    /// Writes a file of which everything is known.
    ///
    /// # Errors
    /// If it cannot be written; what was there is there still.
    pub fn write(path: &Utf8Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let (whole, mut out) = Self::beside(path)?;
        out.write_all(bytes.as_ref()).and_then(|()| out.flush())?;
        whole.keep()
    }

    /// It is whole: puts it in its place. Whatever wrote to it has to be flushed.
    ///
    /// # Errors
    /// If it cannot be put there.
    pub fn keep(mut self) -> io::Result<()> {
        let Some(beside) = self.beside.take() else { return Ok(()) };
        BEGUN.lock().unwrap_or_else(PoisonError::into_inner).remove(&beside);
        fs_err::rename(&beside, &self.path)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some(beside) = &self.beside {
            BEGUN.lock().unwrap_or_else(PoisonError::into_inner).remove(beside);
            // Nothing can be done about what cannot be removed.
            let _ = fs_err::remove_file(beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_stays_until_the_new_file_is_whole() {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let path = Utf8PathBuf::try_from(folder.path().join("run.json")).expect("its name is text");
        std::fs::write(&path, "old").expect("it can be written");
        let read = || std::fs::read_to_string(&path).expect("it can be read");
        let (half, mut out) = WholeFile::begin(&path).expect("it can be begun");
        out.write_all(b"half").expect("it can be written");
        drop((out, half));
        assert_eq!(read(), "old");
        let (whole, mut out) = WholeFile::begin(&path).expect("it can be begun");
        out.write_all(b"new").expect("it can be written");
        drop(out);
        assert_eq!(read(), "old");
        whole.keep().expect("it can be put there");
        assert_eq!(read(), "new");
        WholeFile::write(&path, "newer").expect("it can be written");
        assert_eq!(read(), "newer");
        assert_eq!(std::fs::read_dir(folder.path()).expect("it can be listed").count(), 1, "nothing else is left behind");
    }
}
