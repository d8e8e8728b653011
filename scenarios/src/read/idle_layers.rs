//! Which layers of a stack do nothing, or not what they seem to?

use models::ids::EdgeId;
use models::plan::{Callee, EdgePlan, Plan};
use models::strategies::breaker::{AnyBreaker, SlidingWindowType};
use models::strategies::budget::AnyBudget;
use models::strategies::hedge::AnyHedge;
use models::strategies::throttle::AnyThrottle;
use models::strategies::{Attempts, Breaker, Hedge, Layer, Retry, Throttle};
use sim_core::time::SimDuration;

/// Whether another edge of the same caller takes from a pool of this name.
fn is_shared(plan: &Plan, edge: &EdgePlan, pool: &str) -> bool {
    let takes = |layer: &Layer| matches!(layer, Layer::Bulkhead(bulkhead) if bulkhead.0.pool() == Some(pool));
    let is_other = |other: &&EdgePlan| other.caller == edge.caller && other.name != edge.name;
    plan.edges.iter().filter(is_other).any(|other| other.stack.iter().any(takes))
}

/// The layers of an edge that do nothing, or not what they seem to: position, the field that is to blame (none for the layer), and why.
pub(super) fn idle_layers(plan: &Plan, edge: &EdgePlan) -> Vec<(usize, &'static str, String)> {
    let inner = |index: usize| &edge.stack[index + 1..];
    let idle = |(index, layer): (usize, &Layer)| match layer {
        Layer::Cache(_) | Layer::Coalesce(_) if !knows_objects(plan, edge) => {
            let does = if matches!(layer, Layer::Cache(_)) { "finds nothing it has kept" } else { "has nobody to wait with" };
            let sentence = format!("`{}` {does}: every call over `{}` is about something of its own", layer.name(), edge.name);
            Some((index, "", format!("{sentence}; write `keys: (count: 1000)` for the clients")))
        }
        Layer::Breaker(Breaker(AnyBreaker::Resilience4j(breaker)))
            if breaker.sliding_window_type == SlidingWindowType::CountBased
                && breaker.minimum_number_of_calls > breaker.sliding_window_size =>
        {
            let (least, size) = (breaker.minimum_number_of_calls, breaker.sliding_window_size);
            let sentence = format!("`minimum_number_of_calls: {least}` counts as {size}: a window of {size} calls never holds more");
            Some((index, "minimum_number_of_calls", sentence))
        }
        Layer::Balance(_) if inner(index).iter().any(|layer| matches!(layer, Layer::Balance(_))) => {
            let sentence = "the `Balance` further in chooses again, and goes where it wants: this one chooses for nothing";
            Some((index, "", sentence.to_owned()))
        }
        Layer::Throttle(Throttle(AnyThrottle::AwsAdaptive(_))) => {
            let retries = inner(index).iter().find(|layer| matches!(layer, Layer::Retry(_) | Layer::AwsRetry(_)))?;
            let sentence = format!(
                "`AwsAdaptive` stands outside of `{}` and never hears of an attempt that was throttled and retried; in the SDKs it stands inside",
                retries.name()
            );
            Some((index, "", sentence))
        }
        Layer::Bulkhead(bulkhead) if bulkhead.0.pool().is_some_and(|pool| !is_shared(plan, edge, pool)) => {
            let (pool, caller) = (bulkhead.0.pool()?, edge.name.split(" -> ").next()?);
            Some((index, "pool", format!("nobody shares the pool `{pool}`: no other edge of `{caller}` has a `Bulkhead` that names it")))
        }
        Layer::Fallback(fallback) if fallback.on.as_ref().is_some_and(Vec::is_empty) => {
            Some((index, "on", "`on: []` answers no failure at all; leave `on` out to answer any".to_owned()))
        }
        Layer::Retry(retry) => idle_retry(&edge.stack, index, retry).map(|(field, sentence)| (index, field, sentence)),
        Layer::Hedge(Hedge(AnyHedge::AfterDelay(hedge))) => {
            let longest = time_of(&edge.stack, index).filter(|longest| *longest <= hedge.delay)?;
            let sentence = format!("`delay: \"{}\"` never passes: what is hedged is over after {longest}, by its `Timeout`", hedge.delay);
            Some((index, "delay", sentence))
        }
        _ => None,
    };
    edge.stack.iter().enumerate().filter_map(idle).collect()
}

/// Whether any call over an edge is about something that others are about as well: whether clients with `keys` are at its root.
fn knows_objects(plan: &Plan, edge: &EdgePlan) -> bool {
    let mut next: Vec<EdgeId> =
        plan.populations.iter().filter(|population| population.objects.is_some()).map(|population| population.edge).collect();
    let mut seen: Vec<EdgeId> = Vec::new();
    while let Some(id) = next.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let reached = &plan.edges[id.index()];
        if reached.name == edge.name {
            return true;
        }
        next.extend(reached.elsewhere.iter().flatten());
        if let Callee::Service(service) = reached.callee {
            // Whatever a service calls for a request is about the same.
            let caller = plan.services[service as usize].first;
            next.extend((0..).map(EdgeId).zip(&plan.edges).filter(|(_, edge)| edge.caller == caller).map(|(id, _)| id));
        }
    }
    false
}

/// Why a layer never tries again, if it does not: the field that is to blame, and the sentence.
fn idle_retry(stack: &[Layer], index: usize, retry: &Retry) -> Option<(&'static str, String)> {
    if retry.attempts == Attempts::AtMost(1) {
        return Some(("attempts", "`attempts: 1` never tries again: the first attempt counts; write 2, or leave the layer out".to_owned()));
    }
    if let Some(AnyBudget::TokenBucket(bucket)) = &retry.budget
        && bucket.capacity < 2
    {
        let sentence = "`capacity: 1` never allows a retry: the bucket has to hold more than one token; write 2 or more";
        return Some(("budget.capacity", sentence.to_owned()));
    }
    let around = stack[..index].iter().filter_map(timeout).min()?;
    let least = retry.backoff.least_wait().filter(|least| *least >= around)?;
    let sentence =
        format!("no retry is in time: the first waits {least} at least, and the `Timeout(\"{around}\")` around it is over by then");
    Some(("backoff", sentence))
}

/// How long what lies inside of a layer may take, as timeouts say: those around it, and those inside of it up to the first layer that tries again.
fn time_of(stack: &[Layer], index: usize) -> Option<SimDuration> {
    let tries_again = |layer: &&Layer| {
        matches!(layer, Layer::Retry(_) | Layer::GrpcRetry(_) | Layer::EnvoyRetry(_) | Layer::AwsRetry(_) | Layer::External(_))
    };
    let inside = stack[index + 1..].iter().take_while(|layer| !tries_again(layer));
    stack[..index].iter().chain(inside).filter_map(timeout).min()
}

const fn timeout(layer: &Layer) -> Option<SimDuration> {
    if let Layer::Timeout(timeout) = layer { Some(timeout.0) } else { None }
}
