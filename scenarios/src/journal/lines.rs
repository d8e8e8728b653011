//! How is a long file of lines read on all cores, in memory that does not grow with it?

use crate::parallel::{cores, map_in_index_order};
use camino::Utf8Path;
use std::io::{self, Read as _};

/// So many bytes of the file are in memory at a time, and the rest of a line.
const BLOCK: usize = 32 << 20;

/// So many lines are worked on before anything is handed over: to hand over each of them takes as long as to read it.
const BATCH: usize = 32;

/// Applies `work` to every line on all cores, and hands what comes of each to `fold` with its number from 1, in order. `tell` is told how many bytes of
/// how many have been read. No file has no lines.
///
/// # Errors
/// What the file system says.
pub(super) fn each<T: Send>(
    path: &Utf8Path,
    work: impl Fn(&[u8]) -> Result<T, &'static str> + Sync,
    mut fold: impl FnMut(u64, Result<T, &'static str>),
    tell: &mut dyn FnMut(u64, u64),
) -> io::Result<()> {
    let mut file = match fs_err::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(error),
    };
    let all = file.metadata()?.len();
    let (mut rest, mut number, mut so_far) = (Vec::new(), 1, 0);
    loop {
        let mut block = std::mem::take(&mut rest);
        let is_last = (&mut file).take(BLOCK as u64).read_to_end(&mut block)? == 0;
        if !is_last {
            // The line that goes on in the next block is read with that.
            let end = block.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            rest = block.split_off(end);
        }
        so_far += block.len() as u64;
        let lines: Vec<&[u8]> = block.split_inclusive(|byte| *byte == b'\n').collect();
        let batches: Vec<&[&[u8]]> = lines.chunks(BATCH).collect();
        // A line without an end was cut short, even if everything else of it is there.
        let of_line = |line: &&[u8]| line.strip_suffix(b"\n").ok_or("it was cut short").and_then(&work);
        let of_batch = |index: usize| batches[index].iter().map(of_line).collect::<Vec<_>>();
        let hand_over = |index: usize, found: Result<Vec<Result<T, &'static str>>, String>| {
            let found = found.unwrap_or_else(|_| batches[index].iter().map(|_| Err("it cannot be read")).collect());
            for one in found {
                fold(number, one);
                number += 1;
            }
        };
        map_in_index_order(cores(), batches.len(), || true, of_batch, hand_over).map_err(io::Error::other)?;
        tell(so_far, all);
        if is_last {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_order_with_their_numbers_whatever_their_length_and_the_last_is_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("lines");
        // More than a block, with one line that is longer than a block by itself.
        let long = "x".repeat(BLOCK + 7);
        let text: String = (0..300_000)
            .map(|line| if line == 1000 { format!("{long}\n") } else { format!("{line}{}\n", "y".repeat(line % 90)) })
            .collect();
        fs_err::write(&path, format!("{text}cut")).unwrap();
        let (mut seen, mut told) = (Vec::new(), Vec::new());
        each(&path, |line| Ok(line.len()), |number, length| seen.push((number, length)), &mut |done, of| told.push((done, of))).unwrap();
        let length = |line: usize| if line == 1000 { long.len() } else { line.to_string().len() + line % 90 };
        let expected: Vec<(u64, Result<usize, &str>)> = (0..300_000).map(|line| (line as u64 + 1, Ok(length(line)))).collect();
        assert!(seen[..300_000] == expected && seen[300_000..] == [(300_001, Err("it was cut short"))]);
        let all = text.len() as u64 + 3;
        assert!(told.is_sorted() && told.len() > 2 && told.last() == Some(&(all, all)), "{told:?}");
        let nothing = |_: u64, _: Result<(), &str>| panic!("there is none");
        each(&path.with_extension("none"), |_| Ok(()), nothing, &mut |_, _| {}).unwrap();
    }
}
