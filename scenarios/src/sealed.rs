//! How does a results file that people may open say of which format it is, and whether somebody has changed it?
//!
//! A JSON object with the number of its format and, under `checks`, a checksum of every other field: so that a field that was edited is
//! found, and named with its line. Reformatting changes nothing. It keeps honest people from fooling themselves, nobody else.

use serde_json::{Map, Value};

/// The format of the files in a results folder. A greater number is refused with a message that says so.
pub const FORMAT: u64 = 1;

const FORMAT_FIELD: &str = "format";
const CHECKS: &str = "checks";

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It has a format that only later versions know.
    Newer {
        /// Its format.
        format: u64,
        /// The version of the tool that made it, if it says so.
        version: Option<String>,
    },
    /// It is not what was written, as a clause that goes into brackets.
    Damaged(String),
}

/// The text of a file with these fields.
pub fn sealed(mut fields: Map<String, Value>) -> String {
    fields.remove(CHECKS);
    fields.insert(FORMAT_FIELD.to_owned(), Value::from(FORMAT));
    let checks: Map<String, Value> = fields.iter().map(|(name, value)| (name.clone(), Value::from(checksum(value)))).collect();
    fields.insert(CHECKS.to_owned(), Value::Object(checks));
    format!("{:#}\n", Value::Object(fields))
}

/// The fields of a file, without those that seal it.
///
/// # Errors
/// Why it cannot be believed, with the line.
pub fn opened(text: &str) -> Result<Map<String, Value>, Broken> {
    let damaged = |reason: String| Err(Broken::Damaged(reason));
    let mut fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return damaged("line 1 is no JSON object".to_owned()),
        Err(error) => return damaged(error.to_string()),
    };
    match fields.get(FORMAT_FIELD).map(Value::as_u64) {
        Some(Some(format)) if format > FORMAT => {
            let version = fields.get("tool_version").and_then(Value::as_str).map(str::to_owned);
            return Err(Broken::Newer { format, version });
        }
        Some(Some(_)) => {}
        Some(None) => return damaged(format!("line {}: `format` is no number", line_of(text, FORMAT_FIELD))),
        None => return damaged("it does not say which format it has".to_owned()),
    }
    let checks = match fields.remove(CHECKS) {
        Some(Value::Object(checks)) => checks,
        _ => return damaged("it has no checksums".to_owned()),
    };
    for (name, value) in &fields {
        if checks.get(name).and_then(Value::as_str) != Some(&checksum(value)) {
            return damaged(format!("line {}: `{name}` is not what was written: its checksum is wrong", line_of(text, name)));
        }
    }
    if let Some(name) = checks.keys().find(|name| !fields.contains_key(*name)) {
        return damaged(format!("line {}: `{name}` is gone", line_of(text, CHECKS)));
    }
    fields.remove(FORMAT_FIELD);
    Ok(fields)
}

fn checksum(value: &Value) -> String {
    // As it comes back from a file: a number that is written and read is what is compared.
    let text = value.to_string();
    let again = serde_json::from_str::<Value>(&text).map_or(text, |value| value.to_string());
    blake3::hash(again.as_bytes()).to_hex()[..16].to_owned()
}

/// The line of a field of the outermost object: where it stands as this module writes it, or else where its name stands first.
fn line_of(text: &str, field: &str) -> usize {
    let as_written = text.lines().position(|line| line.starts_with(&format!("  \"{field}\":")));
    let anywhere = || text.find(&format!("\"{field}\"")).map_or(0, |at| text[..at].matches('\n').count());
    as_written.unwrap_or_else(anywhere) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text() -> String {
        let Value::Object(fields) = json!({ "arms": ["a", "b"], "cells": [[0.1, 2.5e-7]], "tool_version": "9.9" }) else {
            unreachable!("it is written as an object")
        };
        sealed(fields)
    }

    #[test]
    fn what_was_sealed_is_opened_again_however_it_is_laid_out() {
        let opened = opened(&text()).expect("nobody has touched it");
        assert_eq!(Value::Object(opened), json!({ "arms": ["a", "b"], "cells": [[0.1, 2.5e-7]], "tool_version": "9.9" }));
        let flat: Value = serde_json::from_str(&text()).expect("it is JSON");
        assert!(super::opened(&flat.to_string()).is_ok());
    }

    #[test]
    fn an_edit_is_found_and_named_with_its_line() {
        let reason = |text: &str| match opened(text) {
            Err(Broken::Damaged(reason)) => reason,
            other => panic!("{other:?}"),
        };
        let edited = text().replacen("\"b\"", "\"c\"", 1);
        let line = 1 + edited.lines().position(|line| line.contains("arms")).expect("it is there");
        assert_eq!(reason(&edited), format!("line {line}: `arms` is not what was written: its checksum is wrong"));
        assert!(reason(&text()[..60]).contains("at line "), "{}", reason(&text()[..60]));
        assert!(
            reason(&text().replacen("  \"tool_version\": \"9.9\"", "  \"tool\": \"9.9\"", 2)).contains("`tool` is not what was written")
        );
        for place in 0..text().len() {
            assert!(opened(&text()[..place]).is_err() || text()[place..].trim().is_empty(), "cut after {place} bytes");
        }
    }

    #[test]
    fn a_later_format_is_told_apart_from_damage() {
        let later = text().replacen(&format!("\"format\": {FORMAT}"), "\"format\": 77", 1);
        assert_eq!(opened(&later), Err(Broken::Newer { format: 77, version: Some("9.9".to_owned()) }));
    }
}
