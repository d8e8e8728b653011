//! Where does the text of a scenario come from, and is it RON at all?
//!
//! A byte order mark at the beginning (some editors write one) and `#![enable(...)]` lines are stepped over: they change
//! nothing. Offsets always count from the very first byte, so that a patched text keeps every other byte.

use super::split::any_name_and_rest;
use super::syntax;
use super::tree::Element;
use crate::problem::{Problem, Span, file};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize as _;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};

/// A text and the name under which problems speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name of the file as the reader typed it, or a word for what is not a file.
    pub name: String,
    /// The text as it was read, byte for byte.
    pub text: String,
    /// The folder of the file: data that the text names is read from there. Nothing for a text that is no file.
    pub folder: Option<Utf8PathBuf>,
    /// Files that came with the text, by the names it calls them: where there are any, no other file is read.
    pub enclosed: BTreeMap<String, String>,
}

impl Source {
    /// Returns a source from a text that is already at hand.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        Source { name: name.into(), text: text.into(), folder: None, enclosed: BTreeMap::new() }
    }

    /// Returns the source with the folder in which data it names is found.
    #[must_use]
    pub fn beside(self, folder: impl Into<Utf8PathBuf>) -> Source {
        Source { folder: Some(folder.into()), ..self }
    }

    /// Returns the source with the files that came with it: no other file is ever read for it.
    #[must_use]
    pub fn with_enclosed(self, enclosed: BTreeMap<String, String>) -> Source {
        Source { enclosed, folder: None, ..self }
    }

    /// Reads a file. The problem says what to do about it; `known` are names that may have been meant if there is no
    /// such file.
    pub fn read<'k>(path: &Utf8Path, known: impl IntoIterator<Item = &'k str>) -> Result<Source, Problem> {
        let name = path.as_str();
        if path.is_dir() {
            return Err(file::is_folder(name));
        }
        let mut opened = fs_err::File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => file::missing(name, known),
            _ => file::unreadable(name, &reason(&error)),
        })?;
        let length = opened.metadata().map_err(|error| file::unreadable(name, &reason(&error)))?.len();
        if length > file::LARGEST_FILE as u64 {
            return Err(file::too_large(name, length));
        }
        let mut bytes = Vec::new();
        // A pipe has no length: one byte more than allowed is enough to see that it is too long.
        let limit = file::LARGEST_FILE as u64 + 1;
        (&mut opened).take(limit).read_to_end(&mut bytes).map_err(|error| file::unreadable(name, &reason(&error)))?;
        let folder = path.parent().unwrap_or_else(|| Utf8Path::new(""));
        Source::from_bytes(name, bytes).map(|source| source.beside(folder))
    }

    /// Returns a source from bytes, or says that they are too many, not UTF-8, or nothing.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Source, Problem> {
        if bytes.len() > file::LARGEST_FILE {
            return Err(file::too_large(name, bytes.len() as u64));
        }
        let text = String::from_utf8(bytes).map_err(|error| file::not_utf8(name, error.as_bytes(), error.utf8_error().valid_up_to()))?;
        if text.trim_start_matches('\u{feff}').trim().is_empty() {
            return Err(file::empty(name));
        }
        Ok(Source::new(name, text))
    }

    /// Returns the one value the text consists of, or the first place at which it is no RON.
    pub fn root(&self) -> Result<Element<'_>, Problem> {
        let text = self.text.trim_start_matches('\u{feff}');
        let failed = |part: &str, error| syntax::explain(self, self.text.len() - part.len(), error);
        let value = ron::Deserializer::from_str(text).map_err(|error| failed(text, error))?.remainder();
        if value.trim().is_empty() {
            let nothing = if text.trim().is_empty() { file::empty } else { file::comments_only };
            return Err(nothing(&self.name).at(Span::new(self.text.len(), self.text.len())));
        }
        // Again from the value itself, so that extensions which a file enables are without effect.
        let mut reader = ron::Deserializer::from_str(value).map_err(|error| failed(value, error))?;
        let whole = IgnoredAny::deserialize(&mut reader).map_err(|code| reader.span_error(code));
        whole.map_err(|error| failed(value, error))?;
        let length = value.len() - reader.remainder().len();
        let end = reader.end().map_err(|code| reader.span_error(code));
        end.map_err(|error| failed(value, error))?;
        // Behind a bare name RON looks for brackets, and takes a comment that ends the text with it.
        let text = match any_name_and_rest(value) {
            Some((name, rest)) if !rest.starts_with('(') => name,
            _ => value[..length].trim_end(),
        };
        Ok(Element::new(text, self.text.len() - value.len()))
    }

    /// Returns line and column of an offset, both from 1; columns count characters.
    pub fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let (_, start) = self.line_at(offset);
        let row = 1 + self.text[..start].matches('\n').count();
        let before = self.text.as_bytes().get(start..offset.min(self.text.len())).unwrap_or_default();
        let column = 1 + String::from_utf8_lossy(before).chars().filter(|c| *c != '\u{feff}').count();
        (row, column)
    }

    /// Returns the line around an offset, without its end, and the offset of its first byte.
    pub fn line_at(&self, offset: usize) -> (&str, usize) {
        let bytes = self.text.as_bytes();
        let offset = offset.min(bytes.len());
        let start = bytes[..offset].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = bytes[offset..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| offset + at);
        (self.text[start..end].trim_end_matches('\r'), start)
    }
}

/// Returns what the operating system said, without the path, which the message already names.
fn reason(error: &std::io::Error) -> String {
    error.kind().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = Source::new("x", "\u{feff}(a: \"ü\",\r\n b: 2)");
        let at = |needle: &str| source.line_and_column(source.text.find(needle).unwrap());
        assert_eq!(at("("), (1, 1));
        assert_eq!(at("ü"), (1, 6));
        assert_eq!(at(","), (1, 8));
        assert_eq!(at("b"), (2, 2));
        assert_eq!(source.line_at(source.text.len()), (" b: 2)", 14));
        assert_eq!(source.line_and_column(usize::MAX), (2, 7));
    }

    #[test]
    fn a_byte_order_mark_an_enable_line_and_comments_around_the_value_are_stepped_over() {
        let text = "\u{feff}// about\n#![enable(implicit_some)]\n /* here */ (a: 1) // no line end follows";
        let source = Source::new("x", text);
        let root = source.root().unwrap();
        assert_eq!(root.text(), "(a: 1)");
        assert_eq!(&text[root.span().start()..root.span().end()], "(a: 1)");
    }

    #[test]
    fn a_text_with_more_than_one_value_is_refused() {
        assert!(Source::new("x", "(a: 1) (b: 2)").root().is_err());
        assert_eq!(Source::new("x", "// only a comment").root().unwrap_err().message, "`x` ends behind its comment");
    }

    #[test]
    fn the_bytes_of_a_file_are_judged_before_its_characters() {
        let message = |bytes: &[u8]| Source::from_bytes("storm.ron", bytes.to_vec()).unwrap_err().message;
        assert_eq!(message(b" \r\n"), "`storm.ron` is empty");
        assert_eq!(message(b"(a: 1,\n b\xe9: 2)"), "`storm.ron` is not UTF-8: byte 0xe9 at line 2, column 3");
        assert_eq!(message(b"\xff\xfe(\0"), "`storm.ron` is UTF-16, not UTF-8");
        assert_eq!(message(&vec![b' '; file::LARGEST_FILE + 1]), "`storm.ron` has 17 MiB; a scenario has at most 16 MiB");
    }

    #[test]
    fn a_file_that_cannot_be_read_comes_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        assert!(Source::read(path, []).unwrap_err().message.ends_with("is a folder, not a scenario file"));
        let missing = Source::read(&path.join("stom.ron"), ["storm"]).unwrap_err();
        assert!(missing.message.starts_with("there is no file"));
        let missing = Source::read(Utf8Path::new("payment-brownuot"), ["payment-brownout", "leader-loss"]).unwrap_err();
        assert_eq!(missing.hint.as_deref(), Some("did you mean `payment-brownout`?"));
        std::fs::write(path.join("storm.ron"), "(a: 1)").unwrap();
        assert_eq!(Source::read(&path.join("storm.ron"), []).unwrap().text, "(a: 1)");
    }
}
