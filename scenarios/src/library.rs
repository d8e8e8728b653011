//! Which scenarios are inside the program?

/// A shipped scenario: its name and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// What a user types.
    pub name: &'static str,
    /// What it is about: the heading that it is listed under.
    pub subject: &'static str,
    /// The file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($subject:literal: [$($name:literal),+ $(,)?]),+ $(,)?) => {
        /// Every shipped scenario, subject by subject, in the order in which a newcomer would look at them.
        pub const SHIPPED: &[Shipped] = &[
            $($(Shipped { name: $name, subject: $subject, text: include_str!(concat!("../library/", $name, ".ron")) }),+),+
        ];
    };
}

shipped!(
    "To begin with": [
        "retry-storm",
        "payment-brownout",
        "e-commerce",
        "any-storm",
    ],
    "Retries, backoff and jitter": [
        "retry-budget",
        "jitters-compared",
        "aws-jitter",
        "backoff-immediate",
        "backoff-constant",
        "backoff-exponential",
        "backoff-full-jitter",
        "backoff-equal-jitter",
        "backoff-decorrelated",
        "retries-in-layers",
        "product-retries",
        "budget-or-breaker",
        "clients-few-or-many",
        "hedging",
    ],
    "Overload, queues and limits": [
        "mm1-queue",
        "load-spike",
        "bursty-load",
        "thundering-herd",
        "synchronised-jobs",
        "adaptive-lifo-and-codel",
        "late-work",
        "held-or-released",
        "deadline-told",
        "timeouts-upside-down",
        "limits",
        "client-throttling",
        "priority-shedding",
        "greedy-client",
        "dagor",
        "brown-out",
        "soft-dependency",
        "fan-out",
        "constant-work",
    ],
    "Outages that stay": [
        "stability-edge",
        "metastable-database",
        "spike-collapse",
        "cold-cache",
        "cache-restart",
        "second-blow",
    ],
    "How failures spread, and what stops them": [
        "cascade",
        "shared-dependency",
        "bulkheads",
        "one-pool-for-all",
        "leaked-connections",
        "connection-proxy",
        "shuffle-sharding",
    ],
    "Replicas that die, hang, limp or lie": [
        "crash-and-return",
        "slow-node",
        "gray-failure",
        "gc-pause",
        "mute-replica",
        "late-answers",
        "dishonest-replica",
        "zone-lost",
        "disk-stall",
        "event-sourced-restart",
        "balancers",
    ],
    "Operation: health checks, scaling, deployment, alerts": [
        "health-checks",
        "deep-health-check",
        "balancer-in-front",
        "liveness-probes",
        "autoscale-too-late",
        "sticky-sessions",
        "rolling-restart",
        "bad-deploy",
        "deploy-rollback",
        "flag-rollout",
        "expired-certificate",
        "burn-rate-alerts",
        "chaos-experiment",
        "canary-traffic",
        "repair-crews",
        "majority-availability",
    ],
    "The network": [
        "zone-cut",
        "cut-that-answers",
        "cut-that-holds",
        "flapping-link",
        "minority-isolated",
        "reroute",
        "lossy-link",
        "bursty-loss",
        "bufferbloat",
    ],
    "Data: caches, shards, replicas, disks": [
        "stale-answers",
        "hot-shard",
        "hot-row",
        "read-replicas",
        "read-model-lags",
        "fail-over",
        "two-primaries",
        "lost-acknowledgements",
        "silent-corruption",
    ],
    "Messages, payments and sagas": [
        "load-levelling",
        "loose-coupling",
        "publish-subscribe",
        "poison-message",
        "paid-twice",
        "charged-again",
        "money-in-transit",
        "saga-by-events",
        "saga-keys",
        "saga-coordinator-dies",
    ],
    "Clocks, leases and locks": [
        "clock-sync",
        "false-ticker",
        "lease-and-clock",
        "holder-crashes",
        "lock-and-pause",
    ],
    "Quorums, replication and agreement": [
        "abd-write-back",
        "last-write-wins",
        "partial-quorums",
        "cap-and-pacelc",
        "counter-or-register",
        "backup-takes-over",
        "chain-replication",
        "raft-leader-crash",
        "raft-isolated-follower",
        "raft-figure-8",
        "raft-forgotten-vote",
        "even-quorum",
        "raft-storm",
        "raft-sessions",
        "commit-and-crash",
        "partition-and-commit",
        "failure-detectors",
        "gossip-rounds",
    ],
    "Traitors": [
        "generals",
        "lying-primary",
        "byzantine-register",
    ],
);

/// The shipped scenario of this name.
pub fn find(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}
