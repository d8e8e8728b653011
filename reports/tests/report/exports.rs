//! Do the files for programs hold what they promise, and is a page light however much was compared?

use crate::sample::{SIX, brownout, contention, rates, silence};
use crate::{expecting, unfinished};
use reports::charts;
use reports::export::{results as file, schema};
use reports::html;
use reports::theme::Theme;
use scenarios::results::Results;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What of a value does not fit its schema. Knows the words that our schemas use, and refuses others.
fn misfits(schema: &Value, value: &Value, root: &Value, place: &str, found: &mut Vec<String>) {
    let mut own = Vec::new();
    let mut wrong = |what: &str| own.push(format!("{place} {what}"));
    for (word, rule) in schema.as_object().expect("a schema is an object") {
        match word.as_str() {
            "$schema" | "title" | "description" | "$defs" | "additionalProperties" => {}
            "$ref" => {
                let path = rule.as_str().and_then(|path| path.strip_prefix('#')).expect("a reference into the same schema");
                misfits(root.pointer(path).expect("it leads somewhere"), value, root, place, found);
                return;
            }
            "const" if rule != value => wrong(&format!("is not {rule}")),
            "enum" if !rule.as_array().is_some_and(|all| all.contains(value)) => wrong("is none of the values"),
            "type" => {
                let names = rule.as_array().map_or_else(|| vec![rule.clone()], Clone::clone);
                let is = |name: &Value| match name.as_str() {
                    Some("object") => value.is_object(),
                    Some("array") => value.is_array(),
                    Some("string") => value.is_string(),
                    Some("number") => value.is_number(),
                    Some("integer") => value.is_u64() || value.is_i64(),
                    Some("null") => value.is_null(),
                    other => panic!("the type {other:?} is not known here"),
                };
                if !names.iter().any(is) {
                    wrong(&format!("is no {rule}"));
                }
            }
            "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().expect("a number")) => wrong("is too small"),
            "pattern" => {
                assert_eq!(rule, "^[0-9a-f]{16}$", "the only pattern known here");
                let text = value.as_str().unwrap_or_default();
                if text.len() != 16 || !text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
                    wrong("is no digest");
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    misfits(rule, item, root, &format!("{place}[{index}]"), found);
                }
            }
            "required" => {
                let missing = rule.as_array().into_iter().flatten().filter(|name| value.get(name.as_str().expect("a name")).is_none());
                missing.for_each(|name| wrong(&format!("lacks {name}")));
            }
            "properties" => {}
            "anyOf" => {
                let fits = |one: &Value| {
                    let mut inner = Vec::new();
                    misfits(one, value, root, place, &mut inner);
                    inner.is_empty()
                };
                if !rule.as_array().is_some_and(|all| all.iter().any(fits)) {
                    wrong("fits none of the shapes");
                }
            }
            "const" | "enum" | "minimum" => {}
            other => panic!("the word {other} is not known here"),
        }
    }
    found.append(&mut own);
    let known = schema.get("properties").and_then(Value::as_object);
    for (name, inner) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        match (known.and_then(|known| known.get(name)), schema.get("additionalProperties")) {
            (Some(rule), _) => misfits(rule, inner, root, &place, found),
            (None, Some(Value::Bool(false))) => found.push(format!("{place} is not in the schema")),
            (None, Some(rule)) => misfits(rule, inner, root, &place, found),
            (None, None) => {}
        }
    }
}

fn all_misfits(value: &Value) -> Vec<String> {
    let (schema, mut found) = (schema::results(), Vec::new());
    misfits(&schema, value, &schema, "results", &mut found);
    found
}

#[test]
fn results_as_json_fit_the_published_schema() {
    for results in [brownout(SIX, 20), contention(3), expecting(rates(5)), unfinished(), silence()] {
        let value = file::results(&results);
        assert_eq!(all_misfits(&value), Vec::<String>::new());
        let runs = value["runs"]["columns"].as_array().expect("there are columns");
        let mut names: Vec<&str> = runs.iter().filter_map(|column| column["name"].as_str()).collect();
        for column in runs {
            let values = column["values"].as_array().expect("it has values");
            assert_eq!(values.len(), results.runs.len());
            assert!(values.iter().all(|value| value.is_null() || value.is_string()) || !values.iter().any(Value::is_string), "{column}");
        }
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "no two columns have one name: {names:?}");
    }
}

#[test]
fn the_check_against_the_schema_finds_what_is_wrong() {
    let sound = file::results(&brownout(&SIX[..2], 2));
    let with = |path: &str, wrong: Value| {
        let mut value = sound.clone();
        *value.pointer_mut(path).expect("it is there") = wrong;
        value
    };
    for (path, wrong) in [
        ("/schema_version", json!(99)),
        ("/digest", json!("xyz")),
        ("/arms/0", json!(3)),
        ("/runs/columns/0/values/0", json!(["a"])),
        ("/rankings/0/rows/0", json!({ "arm": { "shorter_than": 3 } })),
        ("/scenario/first_seed", json!(-1)),
        ("/scenario", json!({})),
    ] {
        assert!(!all_misfits(&with(path, wrong)).is_empty(), "{path}");
    }
    let mut more = sound.clone();
    more["more"] = json!(1);
    assert_eq!(all_misfits(&more), ["results.more is not in the schema"]);
}

#[test]
fn runs_that_were_cut_off_are_named() {
    let value = file::results(&brownout(&SIX[1..2], 3));
    let column = value["runs"]["columns"].as_array().expect("there are columns").iter().find(|column| column["name"] == "recovery time");
    assert_eq!(column.expect("it is measured")["longer_than"], json!([0, 1, 2]), "eager retries never recover");
}

/// Ten arms with long names, over so many cells: four numbers of workers at each rate, or one rate.
fn large(cells: u32) -> Results {
    let names: Vec<String> = (0..10).map(|arm| format!("retries with full jitter, a budget and a breaker, variant number {arm}")).collect();
    let arms: Vec<_> = (0..10).map(|arm| SIX[arm % 6]).collect();
    let mut all = brownout(&arms, 0);
    (all.runs, all.series) = (Vec::new(), Vec::new());
    all.manifest.arms = names;
    all.manifest.replications = 10;
    all.manifest.axes = vec!["nodes.shoppers.arrivals.rate".to_owned(), "nodes.payments.workers".to_owned()];
    all.manifest.cells = (0..cells).map(|cell| vec![format!("{}/s", 600 + 100 * (cell / 4)), (4 + cell % 4).to_string()]).collect();
    all.manifest.faults = vec![all.manifest.faults[0].clone(); cells as usize];
    for cell in 0..cells {
        let mut one = brownout(&arms, 10);
        one.runs.iter_mut().for_each(|row| row.cell = cell);
        one.series.iter_mut().for_each(|series| series.cell = cell);
        all.runs.append(&mut one.runs);
        all.series.append(&mut one.series);
    }
    all
}

#[test]
fn a_page_of_ten_arms_and_twenty_cells_is_light() {
    let results = large(20);
    let pictures = charts::pictures(&results, &Theme::light());
    let page = html::page(&results, &pictures);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    let drawn = page.matches("<svg xmlns").count();
    // What a review cannot do without, of the cell that tells most.
    for chart in [
        "recovery-times",
        "availability-over-time",
        "load-and-goodput",
        "latency-percentiles",
        "paired-differences",
        "not-recovered-over-grid",
        "availability-over-grid",
        "recovery-over-grid",
    ] {
        assert!(pictures.iter().any(|picture| picture.chart == chart && page.contains(&picture.svg)), "{chart} is not on the page");
    }
    let open = page.matches("<details class=\"cell\">").count() - page.matches("has no room here").count();
    assert!(open > 0, "no ranking of a cell found room");
    // What has no room is linked, and everything has its place.
    for picture in &pictures {
        assert!(page.contains(&format!("charts/{}.svg", picture.stem)), "{} is nowhere on the page", picture.stem);
    }
    let places = [
        "id=\"simulated\"",
        "id=\"ranking\"",
        "id=\"over-time\"",
        "id=\"recovery\"",
        "id=\"latency\"",
        "id=\"grid\"",
        "id=\"worst\"",
        "id=\"definitions\"",
        "id=\"provenance\"",
    ];
    let places: Vec<_> = places.iter().map(|place| page.find(place)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
    eprintln!("the page has {} bytes and {drawn} of {} pictures", page.len(), pictures.len());
}

#[test]
fn no_kind_of_picture_comes_twice_before_every_kind_came_once() {
    let results = large(3);
    let pictures = charts::pictures(&results, &Theme::light());
    let page = html::page(&results, &pictures);
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    let kinds: BTreeSet<&str> = pictures.iter().map(|picture| picture.chart).collect();
    let shown = |chart: &str| pictures.iter().filter(|picture| picture.chart == chart && page.contains(&picture.svg)).count();
    // The last ones say nothing here that others do not.
    let needless = ["recovery-ecdf", "amplification"];
    for chart in kinds.iter().filter(|chart| !needless.contains(chart)) {
        assert!(shown(chart) > 0, "{chart} is not on the page");
    }
    assert!(kinds.iter().any(|chart| shown(chart) > 1), "there is room for some of a second cell");
}

#[cfg(feature = "parquet")]
#[test]
fn every_run_is_read_back_from_parquet_as_it_stands_in_csv() {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;
    use reports::export::{csv, parquet as export, runs};
    use reports::table::Cell;

    // Runs that never come back, classes of which some calls fail, and cells of a grid: words, counts, shares, lengths and gaps.
    for results in [crate::grids::with_classes(brownout(SIX, 12)), rates(6), unfinished(), silence()] {
        let table = runs::table(&results);
        let bytes = export::table(&table).expect("it is written");
        assert_eq!(bytes, export::table(&table).expect("it is written"), "the same bytes every time");
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("it is read");
        let rows: Vec<_> = reader.get_row_iter(None).expect("it has rows").map(|row| row.expect("a row is read")).collect();
        assert_eq!(rows.len(), table.rows.len());
        for (read, row) in rows.iter().zip(&table.rows) {
            assert_eq!(read.len(), row.len());
            for (((name, field), cell), column) in read.get_column_iter().zip(row).zip(&table.columns) {
                assert_eq!(*name, column.heading());
                let is_same = match field {
                    Field::Null => *cell == Cell::Missing || cell.raw().is_empty(),
                    Field::Str(text) => *text == cell.raw(),
                    Field::Long(count) => cell.raw() == count.to_string(),
                    Field::Double(number) => cell.value().is_some_and(|value| value.to_bits() == number.to_bits()),
                    _ => false,
                };
                assert!(is_same, "{name}: {field:?} of {cell:?}");
            }
        }
        let heads = csv::table(&table).lines().next().map(|line| line.matches(',').count() + 1);
        assert_eq!(heads, Some(table.columns.len()), "no head has a comma, so that both files have as many columns");
    }
}
