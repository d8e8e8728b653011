//! What does a fault say of itself to somebody who has never met it?

/// What `stormglass explain` prints about a fault.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// What happens, in one or a few sentences.
    pub meaning: &'static str,
    /// What becomes of messages on their way, and of work under way, when it begins.
    pub in_flight: &'static str,
    /// What happens where it overlaps itself and others.
    pub overlap: &'static str,
    /// Its own fields, in order.
    pub parameters: &'static [Parameter],
    /// One that can be written as it stands, in a scenario with a service `shop` in `zone-a` called from `internet`.
    pub example: &'static str,
}

/// A field.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its unit or kind, with the range: "duration", "share", "number, 1 to 1000000".
    pub unit: &'static str,
    /// What it is if it is not written; "required" if it must be.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

/// A field, in one line.
pub const fn parameter(name: &'static str, unit: &'static str, default: &'static str, meaning: &'static str) -> Parameter {
    Parameter { name, unit, default, meaning }
}

/// The fields that every fault has.
pub const TIMING: &[Parameter] = &[
    parameter("label", "text", "the fault in words", "a name for paths, traces and charts"),
    parameter(
        "at",
        "duration",
        "required without `renewal` or `when`",
        "when it strikes, from the start of the run; from when on it waits or ages",
    ),
    parameter("lasts", "duration", "for ever", "how long"),
    parameter("every", "duration", "once", "it strikes again so long after it struck last"),
    parameter("when", "trigger, such as GoodputBelow(rate: \"100/s\")", "none", "it strikes when this happens in the run"),
    parameter("after", "duration", "at once", "with `when`: how long after that it strikes"),
    parameter("times", "number, at least 1", "until the horizon; once with `when`", "how often it strikes in all"),
    parameter("renewal", "(time_to_failure, time_to_repair, crews)", "none", "it comes and goes at random, at each member apart"),
    parameter("stagger", "distribution", "at once", "how much later each member is struck"),
    parameter(
        "pick",
        "One, Minority, Majority, Count(n) or Primary",
        "all",
        "how many of the members a strike hits, drawn anew each time; or the member of a group that leads it at that instant, also in a storm",
    ),
    parameter("only", "name, or a list of names", "all", "the members it may strike: nodes, or whatever it strikes"),
];
