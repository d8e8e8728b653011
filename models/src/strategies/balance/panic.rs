//! When do too few healthy replicas mean that health should be ignored?
//!
//! Source: Envoy, `LoadBalancerBase::isHostSetInPanic`, `common_lb_config.healthy_panic_threshold`: default 50 %.

use sim_core::units::Share;

/// The default threshold.
pub const DEFAULT_THRESHOLD: Share = Share::percent(50);

/// Whether so few of all are healthy (not ejected, and not found unhealthy) that all are used: strictly less than `threshold`, which is
/// cut to whole percent first. 0 % turns panic off: then nobody is left to choose from when none is healthy.
pub fn is_panic(healthy: u32, all: u32, threshold: Share) -> bool {
    let percent = u64::from(u8::try_from(threshold.parts() / Share::percent(1).parts()).unwrap_or(100));
    if all == 0 {
        return percent > 0;
    }
    100 * u64::from(healthy) < percent * u64::from(all)
}
