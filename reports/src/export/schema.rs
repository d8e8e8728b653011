//! Which shape has `results.json`? As a JSON Schema (draft 2020-12), with what every field means.

use super::results::SCHEMA_VERSION;
use serde_json::{Value, json};

/// The schema of [`results`](super::results::results).
pub fn results() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stormglass results",
        "description": "All results of a comparison or sweep. Lengths of time are in seconds, shares are from 0 to 1.",
        "type": "object",
        "additionalProperties": false,
        "required": ["schema_version", "tool_version", "scenario", "digest", "arms", "axes", "cells", "headline", "expectations", "rankings", "runs"],
        "properties": {
            "schema_version": { "const": SCHEMA_VERSION, "description": "Grows when something is renamed, removed or means something else." },
            "tool_version": text("The version of Stormglass that made the runs."),
            "scenario": scenario(),
            "digest": { "type": "string", "pattern": "^[0-9a-f]{16}$", "description": "Fingerprint of all runs: equal results have equal ones." },
            "arms": list(text("Its name."), "What was compared, the baseline first."),
            "axes": list(text("The path of a field."), "What was varied, outermost first."),
            "cells": list(cell(), "The cells of the grid, in order; one without values if nothing was varied."),
            "headline": text("Which arm is best and which is worst, in a sentence."),
            "expectations": list(expectation(), "What came of every clause in every cell and arm it speaks of."),
            "rankings": list(json!({ "$ref": "#/$defs/table" }), "For each cell the arms, best first."),
            "runs": runs(),
        },
        "$defs": { "table": table(), "value": {
            "description": "Words, a number in the unit of its column, nothing where there is no value, or a length that is known only to be longer.",
            "anyOf": [
                { "type": ["string", "number", "null"] },
                { "type": "object", "required": ["longer_than"], "additionalProperties": false, "properties": { "longer_than": number("Seconds.") } },
            ],
        } },
    })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

fn number(description: &str) -> Value {
    json!({ "type": "number", "minimum": 0, "description": description })
}

fn count(description: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": description })
}

fn list(items: Value, description: &str) -> Value {
    json!({ "type": "array", "items": items, "description": description })
}

fn object(fields: Value, description: &str) -> Value {
    let required: Vec<&String> = fields.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
    json!({ "type": "object", "description": description, "additionalProperties": false, "required": required, "properties": fields })
}

fn scenario() -> Value {
    object(
        json!({
            "name": text("Its name."),
            "source": text("What is typed to name it again: a shipped name, or the path as given."),
            "hash": text("Hash of its text with all changes applied."),
            "first_seed": count("The seed of the first replication."),
            "replications": count("Runs per cell and arm that were asked for."),
            "warm_up": number("When measuring begins."),
            "horizon": number("When arrivals stop."),
            "bin": number("Width of the time bins of all series."),
            "load": text("open, closed, one-shot, or a mixture of them."),
        }),
        "What was run.",
    )
}

fn cell() -> Value {
    object(
        json!({
            "label": text("The cell in words; empty if nothing is varied."),
            "values": list(text("As a scenario writes it."), "One value for each of the axes."),
        }),
        "A cell of the grid.",
    )
}

fn expectation() -> Value {
    object(
        json!({
            "verdict": { "enum": ["passed", "failed", "undecided"], "description": "What came of it." },
            "arm": { "type": ["string", "null"], "description": "The arm it is about." },
            "cell": count("The cell it is about, by its place in cells."),
            "expected": text("The clause in words."),
            "seen": text("What was seen instead, or as well."),
            "worst_seed": { "type": ["integer", "null"], "minimum": 0, "description": "The run that speaks most against it." },
        }),
        "A verdict.",
    )
}

fn table() -> Value {
    let column =
        object(json!({ "name": text("What it holds."), "unit": text("The unit of its numbers; empty if they have none.") }), "A column.");
    object(
        json!({
            "title": text("What the table shows."),
            "columns": list(column, "From left to right."),
            "rows": list(json!({ "type": "object", "additionalProperties": { "$ref": "#/$defs/value" } }), "Values by the names of their columns."),
        }),
        "A table.",
    )
}

fn runs() -> Value {
    let column = json!({
        "type": "object",
        "description": "A column of all runs.",
        "additionalProperties": false,
        "required": ["name", "unit", "values"],
        "properties": {
            "name": text("What it holds; no two columns have one name."),
            "unit": text("The unit of its numbers; empty if they have none."),
            "values": list(json!({ "type": ["string", "number", "null"] }), "One for each run: words only, or numbers only; null where there is no value."),
            "longer_than": list(count("A row, from 0."), "The rows whose value is a lower bound: the run was cut off before."),
        },
    });
    object(
        json!({ "rows": count("How many runs there are."), "columns": list(column, "Each with as many values as there are runs.") }),
        "Every run in grid order, cell by cell, arm by arm, seed by seed.",
    )
}
