//! Which scenarios are inside the program?

/// A shipped scenario: its name and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// What a user types.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        /// Every shipped scenario, in the order in which a newcomer would look at them.
        pub const SHIPPED: &[Shipped] = &[$(Shipped { name: $name, text: include_str!(concat!("../library/", $name, ".ron")) }),+];
    };
}

shipped!(
    "retry-storm",
    "payment-brownout",
    "retry-budget",
    "adaptive-lifo-and-codel",
    "priority-shedding",
    "greedy-client",
    "dagor",
    "held-or-released",
    "late-work",
    "crash-and-return",
    "health-checks",
    "deep-health-check",
    "liveness-probes",
    "autoscale-too-late",
    "slow-node",
    "gray-failure",
    "gc-pause",
    "rolling-restart",
    "event-sourced-restart",
    "disk-stall",
    "zone-cut",
    "cut-that-answers",
    "cut-that-holds",
    "flapping-link",
    "minority-isolated",
    "mute-replica",
    "late-answers",
    "dishonest-replica",
    "shared-dependency",
    "leaked-connections",
    "bad-deploy",
    "expired-certificate",
    "load-spike",
    "bursty-load",
    "thundering-herd",
    "synchronised-jobs",
    "reroute",
    "lossy-link",
    "bursty-loss",
    "bufferbloat",
    "second-blow",
    "any-storm",
    "chaos-experiment",
    "canary-traffic",
    "holder-crashes",
    "majority-availability",
    "repair-crews",
    "aws-jitter",
    "backoff-immediate",
    "backoff-constant",
    "backoff-exponential",
    "backoff-full-jitter",
    "backoff-equal-jitter",
    "backoff-decorrelated",
    "mm1-queue",
    "fan-out",
    "soft-dependency",
    "spike-collapse",
    "metastable-database",
    "clock-sync",
    "false-ticker",
    "lease-and-clock",
    "failure-detectors",
    "gossip-rounds",
    "jitters-compared",
    "lost-acknowledgements",
    "silent-corruption",
    "two-primaries",
    "budget-or-breaker",
    "clients-few-or-many",
    "product-retries",
    "hedging",
    "balancers",
    "limits",
    "client-throttling",
    "deadline-told",
    "cold-cache",
    "cache-restart",
    "hot-shard",
    "shuffle-sharding",
    "read-replicas",
    "hot-row",
    "connection-proxy",
    "constant-work",
    "stale-answers",
    "paid-twice",
    "saga-keys",
    "saga-coordinator-dies",
);

/// The shipped scenario of this name.
pub fn find(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}
