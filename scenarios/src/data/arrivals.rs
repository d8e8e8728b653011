//! Which arrivals does a file hold: instants of calls, or rates?
//!
//! A CSV file beside the scenario. Instants: one per line, since the start of the run, in any order. Rates: an instant and the rate
//! from then on. Empty lines, lines that begin with `#` and a first line of headings are skipped. The values, not the name of the
//! file, are part of a run's content key.

use super::{Fault, rows};
use models::workloads::Recorded;
use sim_core::time::SimDuration;
use sim_core::units::Rate;

/// What a line should look like.
pub(super) const EXPECTED: &str =
    "the instant of one call per line, `12.5s`, or in every line an instant and the rate from then on, `60s,300/s`";

pub(super) fn recorded(text: &str) -> Result<Recorded, Fault> {
    let rows = rows(text, row)?;
    let (mut times, mut rates) = (Vec::new(), Vec::new());
    for (line, (time, rate)) in rows {
        match rate {
            None => times.push(time),
            Some(rate) => rates.push((time, rate)),
        }
        if !times.is_empty() && !rates.is_empty() {
            return Err((Some(line), "some lines have a rate and others have none".to_owned()));
        }
    }
    Ok(if rates.is_empty() { Recorded::Times(times) } else { Recorded::Rates(rates) })
}

fn row(row: &str) -> Result<(SimDuration, Option<Rate>), String> {
    let mut columns = row.split(',').map(|column| column.trim().trim_matches('"'));
    let time = columns.next().unwrap_or_default().parse::<SimDuration>().map_err(|error| error.to_string())?;
    let rate = match columns.next() {
        None | Some("") => None,
        Some(rate) => Some(rate.parse::<Rate>().map_err(|error| error.to_string())?),
    };
    match columns.next() {
        Some(third) => Err(format!("`{third}` is a third column, and only two have a meaning")),
        None => Ok((time, rate)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> SimDuration {
        SimDuration::from_millis(millis)
    }

    #[test]
    fn a_file_holds_instants_or_rates() {
        assert_eq!(recorded("when\n1.5s\n# the second\n250ms\n"), Ok(Recorded::Times(vec![ms(1_500), ms(250)])));
        let (slow, fast) = (Rate::per_second(5), Rate::per_second(1_000));
        assert_eq!(recorded("from,rate\n0s,5/s\n\"60s\", 1k/s\n"), Ok(Recorded::Rates(vec![(ms(0), slow), (ms(60_000), fast)])));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = |text| recorded(text).map_err(|(line, message)| (line.unwrap_or_default(), message)).unwrap_err();
        assert_eq!(wrong("0s,5/s\n7s\n"), (2, "some lines have a rate and others have none".to_owned()));
        assert_eq!(wrong("1s\n2\n").0, 2);
        assert!(wrong("0s,5\n").1.starts_with("`5` is not a rate"), "{}", wrong("0s,5\n").1);
        assert_eq!(wrong("0s,5/s,9"), (1, "`9` is a third column, and only two have a meaning".to_owned()));
        assert_eq!(wrong("when\n"), (0, "there is no value in it".to_owned()));
    }
}
