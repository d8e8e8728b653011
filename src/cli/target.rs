//! Can what a command writes be put where it was told to? Asked before anything is run.

use super::Exit;
use super::output::wrong;
use camino::{Utf8Path, Utf8PathBuf};

/// A folder that is there, or can be made. `what` goes into it, and `flag` chooses it.
///
/// # Errors
/// [`Exit::Wrong`] if a file stands where it, or a folder around it, would have to be.
pub fn folder(folder: &Utf8Path, what: &str, flag: &str) -> Result<(), Exit> {
    match in_the_way(folder) {
        None => Ok(()),
        Some(file) if file == folder => {
            Err(wrong(&format!("{folder} is a file, and {what} need a folder; choose another one with {flag}")))
        }
        Some(file) => Err(wrong(&format!("{folder} cannot be a folder, because {file} is a file; choose another one with {flag}"))),
    }
}

/// A file that can be made or replaced, whose folder is there.
///
/// # Errors
/// [`Exit::Wrong`] if a folder has its name, or its folder is none.
pub fn file(file: &Utf8Path, flag: &str) -> Result<(), Exit> {
    if file.is_dir() {
        return Err(wrong(&format!("{file} is a folder; name a file in it, such as {flag} {}", file.join("FILE"))));
    }
    let around = file.parent().filter(|around| !around.as_str().is_empty() && !around.exists());
    match (file.parent().and_then(in_the_way), around) {
        (Some(other), _) => {
            Err(wrong(&format!("{file} cannot be written, because {other} is a file and no folder; choose another place with {flag}")))
        }
        (None, Some(around)) => Err(wrong(&format!(
            "{file} cannot be written, because there is no folder {around}; make it, or choose another place with {flag}"
        ))),
        (None, None) => Ok(()),
    }
}

/// The file that stands where a folder would have to be, if one does.
fn in_the_way(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let nearest = folder.ancestors().find(|place| place.exists())?;
    (!nearest.as_str().is_empty() && !nearest.is_dir()).then(|| nearest.to_owned())
}
