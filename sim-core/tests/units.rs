//! Does text with a unit become exactly the number it says, and do mistakes get a message that helps?

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use sim_core::draw::Draw;
use sim_core::time::{SimDuration, SimTime};
use sim_core::units::{Bandwidth, Ppm, Rate, Reason, Share, SignedDuration, Size, UnitError};
use std::fmt::{Debug, Display};
use std::str::FromStr;

fn nanos(text: &str) -> u64 {
    text.parse::<SimDuration>().unwrap().as_nanos()
}

fn complaint<T: FromStr<Err = UnitError> + Debug>(text: &str) -> String {
    text.parse::<T>().unwrap_err().to_string()
}

fn reason<T: FromStr<Err = UnitError> + Debug>(text: &str) -> Reason {
    text.parse::<T>().unwrap_err().reason
}

#[test]
fn a_duration_is_read_exactly_in_every_unit() {
    assert_eq!(nanos("10ns"), 10);
    assert_eq!(nanos("500us"), 500_000);
    assert_eq!(nanos("250ms"), 250_000_000);
    assert_eq!(nanos("1.5s"), 1_500_000_000);
    assert_eq!(nanos("5m"), 300_000_000_000);
    assert_eq!(nanos("2h"), 7_200_000_000_000);
    assert_eq!(nanos("1d"), 86_400_000_000_000);
    assert_eq!(nanos("0.1s"), 100_000_000);
    assert_eq!(nanos("0.1000000000000000000000s"), 100_000_000);
    assert_eq!(nanos("18446744073.709551615s"), u64::MAX);
    assert_eq!("90s".parse::<SimTime>().unwrap(), SimTime::ZERO + SimDuration::from_secs(90));
}

#[test]
fn a_duration_that_cannot_be_held_is_refused() {
    assert_eq!(reason::<SimDuration>("18446744073.709551616s"), Reason::TooLarge);
    assert_eq!(reason::<SimDuration>("99999999999999999999999999999999999999999999d"), Reason::TooLarge);
    assert_eq!(reason::<SimDuration>("1.0000000001s"), Reason::TooFine);
    assert_eq!(reason::<SimDuration>("0.00000000000000000000000000000000000000000001d"), Reason::TooFine);
    assert_eq!(reason::<SimDuration>("-5ms"), Reason::Negative);
    assert_eq!(reason::<SimDuration>("5M"), Reason::UnknownUnit);
    assert_eq!(reason::<SimDuration>("5 ms"), Reason::UnknownUnit);
    assert_eq!(reason::<SimDuration>("1m30s"), Reason::UnknownUnit);
    for text in ["", "s", ".5s", "5.s", "1.2.3s", "+5s", "five", "٣s"] {
        assert_eq!(reason::<SimDuration>(text), Reason::NoNumber, "{text}");
    }
}

#[test]
fn every_complaint_names_the_text_the_fault_and_an_example() {
    let complaints = [
        complaint::<SimDuration>("250"),
        complaint::<SimDuration>("250msec"),
        complaint::<SimDuration>("0.5ns"),
        complaint::<SimDuration>("1000000d"),
        complaint::<SimTime>("-1s"),
        complaint::<SignedDuration>("soon"),
        complaint::<Rate>("900"),
        complaint::<Rate>("900/y"),
        complaint::<Rate>("0.0000001/d"),
        complaint::<Size>("10Mb"),
        complaint::<Bandwidth>("10Mbps"),
        complaint::<Share>("100.1%"),
        complaint::<Share>("0.00000000001%"),
        complaint::<Ppm>("50%"),
    ];
    assert_eq!(complaints, COMPLAINTS);
}
const COMPLAINTS: [&str; 14] = [
    r#"`250` is not a duration: the unit is missing; a duration looks like "250ms""#,
    r#"`250msec` is not a duration: its unit is not one of ns, us, ms, s, m, h, d; a duration looks like "250ms""#,
    r#"`0.5ns` is not a duration: it has more digits than can be held, which is whole nanoseconds; a duration looks like "250ms""#,
    r#"`1000000d` is not a duration: it is too large for 64 bits of whole nanoseconds; a duration looks like "250ms""#,
    r#"`-1s` is not an instant: it is negative; an instant looks like "90s""#,
    r#"`soon` is not a signed duration: it does not begin with a number; a signed duration looks like "-5ms""#,
    r#"`900` is not a rate: the unit is missing; a rate looks like "1k/s""#,
    r#"`900/y` is not a rate: its unit is not one of /s, /m, /h, /d, k/s, k/m, k/h, k/d, M/s, M/m, M/h, M/d; a rate looks like "1k/s""#,
    r#"`0.0000001/d` is not a rate: it has more digits than can be held, which is whole events per 100,000 days; a rate looks like "1k/s""#,
    r#"`10Mb` is not a size: its unit is not one of B, KB, kB, MB, GB, TB, KiB, MiB, GiB, TiB; a size looks like "10MB""#,
    r#"`10Mbps` is not a bandwidth: its unit is not one of bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s, B/s, kB/s, MB/s, GB/s; a bandwidth looks like "10Mbit/s""#,
    r#"`100.1%` is not a share: it does not lie within 0% and 100%; a share looks like "12.5%""#,
    r#"`0.00000000001%` is not a share: it has more digits than can be held, which is whole parts of 10^12; a share looks like "12.5%""#,
    r#"`50%` is not a relative error: its unit is not one of ppm, ppb; a relative error looks like "50ppm""#,
];

#[test]
fn a_rate_is_exact_in_every_unit_of_time() {
    let rate = |text: &str| text.parse::<Rate>().unwrap();
    assert_eq!(rate("60/m"), rate("1/s"));
    assert_eq!(rate("24/d"), rate("1/h"));
    assert_eq!(rate("1k/s"), Rate::per_second(1_000));
    assert_eq!(rate("2M/s"), Rate::per_second(2_000_000));
    assert_eq!(rate("0.5/s").mean_interval(), SimDuration::from_secs(2));
    assert_eq!(rate("900/s").mean_interval(), SimDuration::from_nanos(1_111_111));
    assert_eq!(rate("1000M/s").mean_interval(), SimDuration::NANOSECOND);
    assert_eq!(rate("0/s").mean_interval(), SimDuration::MAX);
    assert_eq!(rate("0.00001/d").mean_interval(), SimDuration::from_secs(8_640_000_000));
    assert!((rate("40/m").per_second_f64() - 2.0 / 3.0).abs() < 1e-15);
    assert_eq!(reason::<Rate>("3000M/s"), Reason::TooLarge);
    for (text, canonical) in [("1k/s", "1000/s"), ("40/m", "40/m"), ("1/h", "1/h"), ("1/d", "1/d"), ("0.5/s", "0.5/s"), ("60/m", "1/s")] {
        assert_eq!(rate(text).to_string(), canonical);
    }
}

#[test]
fn data_is_counted_in_bytes_and_sent_in_bits() {
    let size = |text: &str| text.parse::<Size>().unwrap();
    assert_eq!(size("10MB").as_bytes(), 10_000_000);
    assert_eq!(size("1KiB").as_bytes(), 1_024);
    assert_eq!(size("2KB"), size("2kB"));
    assert_eq!(size("1KiB").to_string(), "1KiB");
    assert_eq!(size("2000B").to_string(), "2kB");
    assert_eq!(size("0MB").to_string(), "0B");
    let line: Bandwidth = "10MB/s".parse().unwrap();
    assert_eq!(line.to_string(), "80Mbit/s");
    assert_eq!(line.transfer_time(Size::from_bytes(1)), SimDuration::from_nanos(100));
    assert_eq!(Bandwidth::from_bits_per_second(3).transfer_time(Size::from_bytes(1)), SimDuration::from_nanos(2_666_666_667));
    assert_eq!(Bandwidth::default().transfer_time(size("1B")), SimDuration::MAX);
}

#[test]
fn clocks_know_signs() {
    let signed = |text: &str| text.parse::<SignedDuration>().unwrap();
    assert_eq!(signed("-5ms").as_nanos(), -5_000_000);
    assert_eq!(signed("-0s").to_string(), "0s");
    assert_eq!(signed("-1.5s").shifted(SimTime::from_nanos(7)), SimTime::ZERO);
    assert_eq!(reason::<SignedDuration>("9223372036854775808ns"), Reason::TooLarge);
    assert_eq!(SignedDuration::from_nanos(i64::MIN).to_string().parse(), Ok(SignedDuration::from_nanos(-i64::MAX)));
    let drift = |text: &str| text.parse::<Ppm>().unwrap();
    assert_eq!(drift("50ppm"), Ppm::new(50));
    assert_eq!(drift("1ppb").to_string(), "0.001ppm");
    assert_eq!(drift("0.5ppm").of(SimDuration::from_nanos(1_000_000)).as_nanos(), 0);
    assert_eq!(drift("-0.5ppm").of(SimDuration::from_nanos(1_000_000)).as_nanos(), -1);
    assert_eq!(drift("-2000000ppm").of(SimDuration::MAX).as_nanos(), -i64::MAX);
}

#[test]
fn a_share_never_holds_at_nothing_and_always_at_all() {
    let (low, high) = (Draw::from_bits(0), Draw::from_bits(u64::MAX));
    assert!(!Share::NONE.holds(low) && Share::ALL.holds(high));
    let least: Share = "0.0000000001%".parse().unwrap();
    // 2^64 / 10^12 = 18,446,744.07: that many bit patterns hold, rounded up.
    assert!(least.holds(Draw::from_bits(18_446_744)) && !least.holds(Draw::from_bits(18_446_745)));
    assert!(!Share::percent(50).holds(Draw::from_bits(1 << 63)) && Share::percent(50).holds(Draw::from_bits((1 << 63) - 1)));
    assert_eq!(Share::ALL.to_string(), "100%");
    assert_eq!(Share::percent(30).complement(), Share::percent(70));
    assert_eq!("12.5%".parse::<Share>().unwrap().as_f64().to_bits(), 0.125_f64.to_bits());
}

#[test]
fn losses_combine_as_independent_causes() {
    let half = Share::percent(50);
    assert_eq!(half.combined(half), Share::percent(75));
    assert_eq!(half.combined(Share::NONE), half);
    assert_eq!(half.combined(Share::ALL), Share::ALL);
}

#[test]
fn a_bare_number_in_a_file_is_answered_with_an_example() {
    fn answer<T: DeserializeOwned + Debug>(text: &str) -> String {
        ron::from_str::<T>(text).unwrap_err().code.to_string()
    }
    assert_eq!(
        answer::<SimDuration>("250"),
        r#"Expected text with a unit (a duration looks like "250ms") but found the unsigned integer `250` instead"#
    );
    assert_eq!(
        answer::<Share>("0.5"),
        r#"Expected text with a unit (a share looks like "12.5%") but found the floating point number `0.5` instead"#
    );
    assert_eq!(answer::<Rate>("\"900\""), r#"`900` is not a rate: the unit is missing; a rate looks like "1k/s""#);
}

fn survives<T: FromStr<Err = UnitError> + Display + Debug + PartialEq + DeserializeOwned + serde::Serialize>(value: &T) {
    let text = value.to_string();
    assert_eq!(&text.parse::<T>().unwrap(), value, "{text}");
    let file = ron::to_string(value).unwrap();
    assert_eq!(file, format!("\"{text}\""));
    assert_eq!(&ron::from_str::<T>(&file).unwrap(), value);
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same_value(wide in any::<u64>(), shift in 0_u32..64) {
        let (bits, text) = (wide >> shift, (wide >> shift).to_string());
        survives(&SimTime::from_nanos(bits));
        survives(&SimDuration::from_nanos(bits));
        survives(&SignedDuration::from_nanos(bits as i64));
        survives(&Size::from_bytes(bits));
        survives(&Bandwidth::from_bits_per_second(bits));
        survives(&format!("{}.{:05}/d", bits / 100_000, bits % 100_000).parse::<Rate>().unwrap());
        survives(&format!("-{}ppb", bits >> 11).parse::<Ppm>().unwrap());
        survives(&format!("0.{:0>10}%", &text[..text.len().min(10)]).parse::<Share>().unwrap());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "-?[0-9.]{0,40}[a-zA-Z/%]{0,6}") {
        let _ = (text.parse::<SimDuration>(), text.parse::<SignedDuration>(), text.parse::<Rate>(), text.parse::<Size>());
        let _ = (text.parse::<Bandwidth>(), text.parse::<Share>(), text.parse::<Ppm>(), text.parse::<SimTime>());
    }
}
