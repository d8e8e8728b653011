//! Which kinds of nodes are there, and what does each say of itself to somebody who has never met it?

use crate::about::{About, parameter};

/// Name, summary and explanation of every kind of node that a scenario may write in `nodes`.
pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
    vec![
        ("Clients", "a population of clients that calls one service, broker or group", CLIENTS),
        ("Service", "replicas with workers and a queue, that work on requests and call others", SERVICE),
        ("LoadBalancer", "a middlebox in front of a fleet, which passes every request on", LOAD_BALANCER),
        ("Broker", "a queue of messages, from which services fetch", BROKER),
        ("Topic", "passes a copy of each message on to every subscriber", TOPIC),
        ("Router", "passes messages on to targets by rules", ROUTER),
    ]
}

const CLIENTS: About = About {
    meaning: "Somebody who wants something: each client makes calls of its own, and what becomes of them is what is measured. Faults may name a \
              population as the end of a way.",
    formula: "With open load the calls of the whole population come at its rate, each made by a client drawn evenly; with closed load each client thinks, \
              calls, waits and thinks again. The k-th call has the same draws in every arm.",
    parameters: &[
        parameter("count", "number, 1 to 10000000", "required", "how many clients"),
        parameter("arrivals", "arrivals", "required", "when they call (stormglass list arrivals)"),
        parameter("calls", "service, broker or group", "required", "whom they call"),
        parameter("domain", "domain", "\"default\"", "where they are"),
        parameter("keys", "(count, skew)", "each call is about something of its own", "what calls are about, by Zipf's law"),
        parameter("classes", "{name: (weight, priority)}", "none", "of which kinds calls are"),
        parameter("starts_within", "duration", "all at once", "with closed or one-shot load: the time over which clients start"),
        parameter("synthetic", "true or false", "false", "whether they are probes, whose calls are counted apart"),
        parameter("counts_each", "true or false", "false", "whether what each of them gets is counted: how evenly clients are served"),
    ],
    memory: "8 bytes per client, and a record for each call under way.",
    source: "own definition",
    example: "Clients(count: 500, arrivals: Poisson(rate: \"300/s\"), calls: \"shop\")",
};

const SERVICE: About = About {
    meaning: "Replicas that answer requests. Each has workers, a queue and a memory of its own; a request spends demand at a worker, and then goes through does. \
              Docs: language.md, Service.",
    formula: "A request that arrives takes a free worker or waits in the queue, which may refuse it. demand is spent first, then the tasks in order of \
              writing; as soon as one fails, the request fails. Attempts go to a replica drawn evenly, unless partition or a Balance says otherwise.",
    parameters: &[
        parameter("workers", "number, 1 to 1000000, or \"unlimited\"", "required", "requests that one replica works on at the same time"),
        parameter("demand", "distribution", "required", "how long a worker is busy with a request, before anything in does"),
        parameter("replicas", "number, 1 to 10000", "1", "how many there are"),
        parameter("does", "list of tasks", "nothing", "what else is done (stormglass list tasks)"),
        parameter("demand_of", "{class: distribution}", "none", "the demand of requests of some classes"),
        parameter("demand_of_retry", "Fresh, Same", "Fresh", "whether a retry has the demand of the first attempt"),
        parameter("queue", "a queue", "Fifo()", "who is served next, and who is sent away (stormglass list queues)"),
        parameter("admission", "list of admission controls", "everybody is let in", "who decides at the door"),
        parameter("threads", "Held, Released", "Held", "whether a worker is held during calls"),
        parameter("serves", "Alone, Sharing(cores)", "Alone", "whether workers share the cores of their node"),
        parameter("congestion", "Linear(adds), Universal(contention, coherency)", "none", "by how much work grows with what is in service"),
        parameter("late_work", "Finish, Cancel, SkipQueued", "Finish", "what happens to work whose caller has gone"),
        parameter("retry_after", "duration", "nothing", "what a full queue says about when to come again"),
        parameter("domain", "domain, or a list", "\"default\"", "where replicas stand"),
        parameter("partition", "a partition", "any replica", "which replicas a request may go to (stormglass list partitions)"),
        parameter("health", "Shallow, Deep(calls, timeout, liveness)", "Shallow", "what it answers when it is asked whether it is well"),
        parameter("restarts", "(start_up, liveness, readiness, ..)", "nobody", "who kills its replicas and brings them back"),
        parameter("scales", "Autoscale(..)", "never", "how many there are follows what they have to do"),
        parameter("discovery", "(refresh)", "always", "how often callers look who is there"),
        parameter("sessions", "Sticky(unknown)", "none", "replicas know their clients, who come back to them"),
        parameter("rolls_back", "(when, after)", "nothing", "what takes a bad deploy, a flag or a lever back"),
        parameter("consumes", "list of Consume", "nothing", "the brokers it fetches messages from"),
        parameter("idempotency", "(ttl, max_keys, keeps)", "none", "it executes a request once for each call"),
        parameter("counts_executions", "true or false", "false", "whether it counts what it executes, and executes again"),
        parameter("state", "EventSourced(..)", "none", "where its state is, if a restart has to rebuild it"),
        parameter("connections", "(most, idle)", "any number", "how many connections each replica takes"),
        parameter("data", "(writes, replication, optimistic, publishes)", "nothing is known", "what it keeps"),
        parameter("read_model", "(of)", "none", "of which service's writes messages tell it"),
        parameter("request_size", "size", "1kB", "how large a request is"),
        parameter("reply_size", "size", "1kB", "how large an answer is"),
    ],
    memory: "What waits and is in service, and what its fields say.",
    source: "own definition",
    example: "Service(replicas: 2, workers: 8, queue: Fifo(limit: 200), demand: LogNormal(median: \"20ms\", p99: \"80ms\"))",
};

const LOAD_BALANCER: About = About {
    meaning: "A machine of its own between callers and a fleet: a service that passes each request on (Forward) and does nothing else, with the defaults of \
              a proxy. Whom it chooses, whom it leaves out and whether it tries again say the layers of the edge \"balancer -> fleet\": Balance \
              with health, outliers, panic_threshold and slow_start, Retry or EnvoyRetry, Timeout. Each of its replicas knows what it has seen \
              itself, and forgets it when it dies. It can be lost, cut off, slow or the bottleneck as any service.",
    formula: "A request spends demand at a worker, of which there are any number unless said, and holds none while the fleet answers. Its caller hears what the fleet answered: see \
              Forward. What its caller gives up is given up behind it. Requests and answers are as large as those of the fleet.",
    parameters: &[
        parameter("to", "service, broker or group", "required", "the fleet behind it"),
        parameter(
            "replicas",
            "number, 1 to 10000",
            "1",
            "how many there are; an attempt goes to one drawn evenly, unless its caller has a Balance",
        ),
        parameter(
            "workers",
            "number, 1 to 1000000, or \"unlimited\"",
            "\"unlimited\"",
            "requests that one works on at the same time, not counting those that wait",
        ),
        parameter("serves", "Alone, Sharing(cores)", "Alone", "whether workers share the cores of their node"),
        parameter("demand", "distribution", "Constant(\"100us\")", "how long it works on a request before it passes it on"),
        parameter("queue", "a queue", "Fifo()", "how requests wait for a worker"),
        parameter("admission", "list of admission controls", "everybody is let in", "who decides at its door"),
        parameter("connections", "(most, idle)", "any number", "how many connections each of them takes"),
        parameter("domain", "domain, or a list", "\"default\"", "where it stands"),
        parameter("late_work", "Finish, Cancel, SkipQueued", "Cancel", "what happens to requests whose caller has gone"),
        parameter("retry_after", "duration", "nothing", "what its own full queue says about when to come again"),
        parameter("health", "Shallow, Deep(calls, timeout, liveness)", "Shallow", "what it answers when it is asked whether it is well"),
        parameter("restarts", "(start_up, liveness, readiness, ..)", "nobody", "who kills its replicas and brings them back"),
        parameter("scales", "Autoscale(..)", "never", "how many there are follows what they have to do"),
        parameter("discovery", "(refresh)", "always", "how often its callers look which of its replicas are there"),
    ],
    memory: "What its layers remember, for each replica of it.",
    source: "own definition",
    example: "LoadBalancer(to: \"shop\", replicas: 2, domain: \"zone-a\")",
};

const BROKER: About = About {
    meaning: "A node that keeps messages in a queue. Producers call it and are answered when the message is stored; services that consume fetch from it.",
    formula: "A request waits for a worker, which is busy for serve; a message is then stored (at the pace of the disk, if durable). What is handed out is \
              hidden for visibility, and handed out again if it is not deleted by then, max_receives times at most.",
    parameters: &[
        parameter("workers", "number, 1 to 1000000", "64", "requests that it works on at the same time"),
        parameter("store", "distribution", "Constant(\"1ms\")", "how long storing a message takes"),
        parameter("serve", "distribution", "no time", "how long a worker is busy with any request"),
        parameter("limit", "number", "any number", "how many messages it keeps"),
        parameter("order", "Standard, Fifo, PerKey", "Standard", "what a message in flight blocks"),
        parameter("visibility", "duration", "30s", "how long a message that was handed out is hidden"),
        parameter("max_receives", "number", "for ever; 10 with dead_letters", "how often a message is handed out"),
        parameter("dead_letters", "broker", "none", "who gets what is given up"),
        parameter("deduplication", "duration", "never", "for how long it knows a message that it has stored"),
        parameter("retention", "duration", "for ever", "how long a message is kept"),
        parameter("durable", "true or false", "true", "whether it has its messages again after a crash"),
        parameter("domain", "domain", "\"default\"", "where it stands"),
        parameter("message_size", "size", "1kB", "how large a message is"),
    ],
    memory: "A record for each message that is kept.",
    source: "own definition, after Amazon SQS",
    example: "Broker(visibility: \"10s\", max_receives: 3, dead_letters: \"unworkable\")",
};

const TOPIC: About = About {
    meaning: "Publish and subscribe: keeps a backlog for each subscriber, a broker or a service, and passes a copy of each message on until it is taken.",
    formula: "A router with one rule for each subscriber, which is for all classes and has no limit.",
    parameters: &[
        parameter("subscribers", "list of services and brokers", "required", "who gets a copy of each message"),
        parameter("workers", "number, 1 to 1000000", "64", "requests that it works on at the same time"),
        parameter("store", "distribution", "Constant(\"1ms\")", "how long storing a message takes"),
        parameter("dead_letters", "broker", "none", "who gets what is given up"),
        parameter("retention", "duration", "for ever", "how long a message is kept"),
        parameter("durable", "true or false", "true", "whether it has its messages again after a crash"),
        parameter("domain", "domain", "\"default\"", "where it stands"),
        parameter("message_size", "size", "1kB", "how large a message is"),
    ],
    memory: "A record for each message that is kept, and each copy of it.",
    source: "own definition, after Amazon SNS",
    example: "Topic(subscribers: [\"mailer\", \"archive\"])",
};

const ROUTER: About = About {
    meaning: "An event router: keeps a backlog for each target, and passes messages on by rules, at a rate and with a redelivery of their own.",
    formula: "Rule(to, classes, rate, at_once, timeout, redelivery): messages of the classes (all unless said), so many a second and so many under way at most, \
              given up after timeout (30s), and passed on again as redelivery says, Every(wait, attempts) or Lambda(max_age).",
    parameters: &[
        parameter("rules", "list of Rule(to, ..)", "required", "what is passed on to whom"),
        parameter("workers", "number, 1 to 1000000", "64", "requests that it works on at the same time"),
        parameter("store", "distribution", "Constant(\"1ms\")", "how long storing a message takes"),
        parameter("dead_letters", "broker", "none", "who gets what is given up"),
        parameter("retention", "duration", "for ever", "how long a message is kept"),
        parameter("durable", "true or false", "true", "whether it has its messages again after a crash"),
        parameter("domain", "domain", "\"default\"", "where it stands"),
        parameter("message_size", "size", "1kB", "how large a message is"),
    ],
    memory: "A record for each message that is kept, and each copy of it.",
    source: "own definition, after Amazon EventBridge and the redelivery of AWS Lambda",
    example: "Router(rules: [Rule(to: \"mailer\", rate: \"20/s\"), Rule(to: \"archive\", classes: [\"order\"])])",
};
