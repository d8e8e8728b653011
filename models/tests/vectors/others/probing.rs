//! Probes.

use super::secs;
use models::strategies::health::{Health, KubernetesProbe, ProbeKind, Probed};
use sim_core::time::SimTime;

/// When, in seconds, a replica that never answers from time 0 on is found not to be well.
fn found(probe: &KubernetesProbe) -> u64 {
    let mut health = Health::new(true);
    let mut began = probe.first(SimTime::ZERO);
    for _ in 0..100 {
        let ended = began.saturating_add(probe.timeout);
        if probe.probed(&mut health, Probed::Silent) {
            assert!(!health.is_well());
            return ended.as_nanos() / 1_000_000_000;
        }
        began = probe.next(began, ended);
    }
    panic!("it is never found");
}

pub fn probes_1() {
    assert_eq!(found(&KubernetesProbe::default()), 21);
}

pub fn probes_2() {
    assert_eq!(found(&KubernetesProbe { period: secs(5), failure_threshold: 2, ..KubernetesProbe::default() }), 6);
    assert_eq!(found(&KubernetesProbe { kind: ProbeKind::Liveness, ..KubernetesProbe::default() }), 21);
}
