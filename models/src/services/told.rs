//! What does each task say of itself to somebody who has never met it?
//!
//! What is done for a request (`does`), and what is fetched from brokers (`consumes`). Fields without a name stand in brackets here.

use crate::about::{About, parameter};

/// What the tasks have in common.
const OWN: &str = "own definition";

const NOTHING: &str = "Nothing beyond the request that does it.";

/// Name, summary and explanation of every task.
pub fn explanations() -> Vec<(&'static str, &'static str, About)> {
    vec![
        ("Call", "calls another service, or the group, and waits for the end of that call", CALL),
        ("Forward", "passes the request on, and is answered what that is answered: what a load balancer does", FORWARD),
        ("Work", "further work of the worker", WORK),
        ("Write", "writes to the disk, for which the worker waits", WRITE),
        ("Parallel", "makes several calls at once, and waits for all, the first, or so many of them", PARALLEL),
        ("Send", "makes a call for which nobody waits", SEND),
        ("Maybe", "does something for a share of the requests", MAYBE),
        ("For", "does something for requests of some classes", FOR),
        ("AfterOwnWrite", "does something for clients that have written lately", AFTER_OWN_WRITE),
        ("Flag", "does something at replicas that have a flag on", FLAG),
        ("Try", "may fail without the request failing, and makes up for it", TRY),
        ("Saga", "makes calls that take effect as a whole or, in the end, not at all", SAGA),
        ("Consume", "fetches messages from a broker, each of which is work as a request is (in consumes)", CONSUME),
    ]
}

const CALL: About = About {
    meaning: "Calls another service, a broker or the group over the edge \"caller -> callee\", through the stack that is written for it, and waits for the \
              end of the call. If it fails, the request fails with dependency, whatever the callee said. The call is about the object of the \
              request, of its class, and has a key of its own.",
    formula: "With threads: Held the worker is held meanwhile; with Released it is free. Draws are those of the call, keyed by the attempt and the place of \
              the task in the list. A deadline that travels ends the call with the request.",
    parameters: &[parameter("(callee)", "service, broker or group", "required", "who is called")],
    memory: NOTHING,
    source: OWN,
    example: "Call(\"payments\")",
};

const FORWARD: About = About {
    meaning: "Passes the request on over the edge \"caller -> callee\", through its stack, as a middlebox does: like a Call, but whoever is called is asked the \
              very same thing, and the caller hears what that answered. A LoadBalancer does this and nothing else.",
    formula: "A failure that was answered is the failure of the request (conflict, server error, overload, throttled, client error, dependency), and so is its \
              hint about when to come again. Where no answer came: overload (503) if there was nobody to ask (refused, breaker open, limited), \
              dependency (502, 504) if nothing came of asking (timeout, deadline, reset). The idempotency key goes with the request, so that \
              retries of the caller are known behind any number of middleboxes; draws do not: each hop has its own luck.",
    parameters: &[parameter("(callee)", "service, broker or group", "required", "who is asked")],
    memory: "24 bytes for each call under way that passes a request on.",
    source: "own definition; the answers of a proxy where none came are those of Envoy and HAProxy in kind",
    example: "Forward(\"shop\")",
};

const WORK: About = About {
    meaning: "Further work of the worker, beside the demand of the service.",
    formula: "Draws its length from the distribution; a node that is slow makes it longer. After a call with threads: Released it waits for a worker at the end \
              of the queue, regardless of its limit. demand_of_retry: Same gives a retry the work of the first attempt.",
    parameters: &[parameter("(work)", "distribution", "required", "how long it takes")],
    memory: NOTHING,
    source: OWN,
    example: "Work(Exponential(mean: \"5ms\"))",
};

const WRITE: About = About {
    meaning: "Writes to the disk of the node. The worker waits for it; cores that are shared are not needed meanwhile.",
    formula: "As Work, at the pace of the disk: DiskSlow makes it longer, DiskStall holds it up. If the disk is full when it begins, the request fails \
              with server error.",
    parameters: &[parameter("(write)", "distribution", "required", "how long it takes")],
    memory: NOTHING,
    source: OWN,
    example: "Write(Constant(\"2ms\"))",
};

const PARALLEL: About = About {
    meaning: "Makes several calls at one instant and waits for as many of them as wait says. Who is named twice is called twice, with draws of its own.",
    formula: "All: for the success of all; the first failure is that of the whole. First: for one success. Quorum(n): for n successes; the whole fails as soon \
              as they cannot be had any more. Settled: for the end of all; it does not fail, and the answer is degraded if one of them has \
              failed. With rest: Abandon the calls that are open then are given up, with Finish they go on as those of a Send.",
    parameters: &[
        parameter("calls", "name, or a list of names", "required", "who is called"),
        parameter("times", "number, 1 to 1000 calls in all", "1", "how often each of them is called"),
        parameter("wait", "All, First, Quorum(n), Settled", "All", "for what the request waits"),
        parameter("rest", "Abandon, Finish", "Abandon", "what becomes of the calls that are still open then"),
    ],
    memory: "A record of the calls, as long as any of them is under way.",
    source: OWN,
    example: "Parallel(calls: [\"stock\", \"prices\", \"prices\"], wait: Quorum(2), rest: Finish)",
};

const SEND: About = About {
    meaning: "Makes a call for which nobody waits: the request goes on at the same instant, and how the call ends touches nobody.",
    formula: "The call counts on its edge and passes the layers there. It has no deadline of the request's, and lives in the process that made it: if \
              that dies, no more attempts are made.",
    parameters: &[parameter("(callee)", "service, broker or group", "required", "who is called")],
    memory: NOTHING,
    source: OWN,
    example: "Send(\"audit\")",
};

const AFTER_OWN_WRITE: About = About {
    meaning: "Does something for requests of clients that have lately written what a service keeps, and something else for all others: whoever has written \
              reads at the source for a while, where copies (read replicas, read models) lag behind. Nobody misses a write of his own as long as \
              the copies lag less than within, and the source has those reads to answer.",
    formula: "Those whose client's last write was committed at the service no longer than within before the request comes to this place: at an instant known \
              to all, as a cookie or a token of the client would tell it. No draws.",
    parameters: &[
        parameter("at", "service", "required", "where the write was committed; it says in its data who writes"),
        parameter("within", "duration above 0", "required", "for how long after the commit"),
        parameter("does", "list of tasks, not empty", "required", "what is done for them"),
        parameter("otherwise", "list of tasks", "nothing", "what is done for the others"),
    ],
    memory: "About 100 bytes at the service for each write that was committed within the longest time that anybody asks for.",
    source: "own definition, after D. Terry et al., \"Session Guarantees\", 1994 (read your writes)",
    example: "AfterOwnWrite(at: \"carts\", within: \"5s\", does: [Call(\"carts\")], otherwise: [Call(\"prices\")])",
};

const MAYBE: About = About {
    meaning: "Does something for a share of the requests, and something else, or nothing, for the others.",
    formula: "One draw for each attempt, at a place of its own; with demand_of_retry: Same a retry takes the way of the first attempt. A larger share holds \
              all that a smaller one does.",
    parameters: &[
        parameter("share", "share", "required", "for how many of the requests"),
        parameter("does", "list of tasks, not empty", "required", "what is done for them"),
        parameter("otherwise", "list of tasks", "nothing", "what is done for the others"),
    ],
    memory: NOTHING,
    source: OWN,
    example: "Maybe(share: \"1%\", does: [Send(\"audit\")])",
};

const FOR: About = About {
    meaning: "Does something for requests of some classes, and something else, or nothing, for all others, those without a class among them.",
    formula: "A request has the class of the client's call that it is made for. No draws.",
    parameters: &[
        parameter("class", "class, or a list of classes", "required", "for whom"),
        parameter("does", "list of tasks, not empty", "required", "what is done for them"),
        parameter("otherwise", "list of tasks", "nothing", "what is done for the others"),
    ],
    memory: NOTHING,
    source: OWN,
    example: "For(class: \"buy\", does: [Call(\"payments\")])",
};

const FLAG: About = About {
    meaning: "Does something at replicas that have a flag on, and something else, or nothing, at the others. The fault FlagRollout turns flags on, at one \
              replica after another or everywhere at once, and off again; before that they are off. Services that ask for one name ask for one \
              flag, and each replica has it for itself.",
    formula: "Asked when the request comes to the task, at the replica that works on it; what has been begun goes on. A retry may meet another replica, and \
              the other behaviour. No draws; the first task in does has the luck of the flag's own place.",
    parameters: &[
        parameter("name", "text", "required", "the name of the flag"),
        parameter("does", "list of tasks", "nothing", "what is done where it is on; one of the two lists has to be written"),
        parameter("otherwise", "list of tasks", "nothing", "what is done where it is off"),
    ],
    memory: NOTHING,
    source: OWN,
    example: "Flag(name: \"new-prices\", does: [Call(\"prices\")], otherwise: [Work(Constant(\"2ms\"))])",
};

const TRY: About = About {
    meaning: "If something of does fails, the request leaves it at that place, does otherwise, and goes on with what comes after.",
    formula: "The answer is degraded then, unless answer says that it is as good as any. What fails in otherwise fails the request. Nothing is made up for when \
              the deadline that the server was told of has passed. No draws.",
    parameters: &[
        parameter("does", "list of tasks, not empty", "required", "what may fail"),
        parameter("otherwise", "list of tasks", "nothing", "what is done when it has failed"),
        parameter("answer", "Degraded, Full", "Degraded", "what the answer is worth then"),
    ],
    memory: NOTHING,
    source: OWN,
    example: "Try(does: [Call(\"tips\")], otherwise: [Work(Constant(\"1ms\"))])",
};

const SAGA: About = About {
    meaning: "Steps at other services, one after another, that take effect as a whole or, in the end, not at all: when one fails, the compensations of \
              those before it are called in the reverse order, and the request fails with dependency. It goes on when its caller has gone and, with \
              a log, when its coordinator has died.",
    formula: "Each step is Step(call: .., undo: ..) over edges of its own. All calls for one step carry one idempotency key. A record is written before the \
              first step and after the end of every step and compensation, if log is Durable.",
    parameters: &[
        parameter("steps", "list of 1 to 16 Step(call, undo)", "required", "what is done, and what takes it back"),
        parameter("undo_unknown", "true or false", "true", "whether a failed step that nobody answered for is compensated as well"),
        parameter("undo_checks", "true or false", "false", "whether participants look for the step before they compensate it"),
        parameter("undo_attempts", "number, or \"unlimited\"", "\"unlimited\"", "how many calls are made for one compensation"),
        parameter("undo_backoff", "a backoff", "Exponential(base: \"1s\", cap: \"60s\")", "how long to wait between them"),
        parameter("log", "Memory, Durable(write)", "Memory", "whether a crash of the coordinator forgets how far it has come"),
        parameter("resumes", "Forward, Backward", "Backward", "what the next life does with a saga that was going forward"),
    ],
    memory: "A record of the saga until it has ended, however often its coordinator dies.",
    source: "H. Garcia-Molina, K. Salem, \"Sagas\", 1987, in kind",
    example: "Saga(steps: [Step(call: \"payment\", undo: \"refund\"), Step(call: \"parcel\")])",
};

const CONSUME: About = About {
    meaning: "In the consumes of a service: each of its replicas has pollers that fetch messages from a broker, have them worked on as requests, and \
              delete those that are done.",
    formula: "Polls and deletions are calls over \"service -> broker\"; a message is a call over \"broker -> service\" for which nothing travels. A poller asks \
              again when all of its batch are settled. What fails lapses with its visibility timeout, or is given back.",
    parameters: &[
        parameter("from", "broker", "required", "where messages are fetched"),
        parameter("batch", "number, at least 1", "1", "how many messages a poll brings at most"),
        parameter("pollers", "number, at least 1", "1", "how many pollers each replica has"),
        parameter("wait", "duration", "20s", "how long the broker keeps a poll for which there is nothing"),
        parameter("rest", "duration", "1s", "how long a poller rests after a poll that failed, or brought nothing without a wait"),
        parameter("timeout", "duration", "5s", "how long it waits for a deletion, and beyond wait for a poll"),
        parameter("together", "true or false", "false", "whether the batch is one request, which fails as a whole"),
        parameter("after_failure", "Lapse, Return", "Lapse", "what becomes of a message on which the work failed"),
        parameter("poison", "share", "0%", "the share of messages on which this consumer always fails"),
    ],
    memory: "What each poller has fetched, until it is settled.",
    source: "own definition, after Amazon SQS",
    example: "Consume(from: \"orders\", batch: 10, pollers: 4)",
};
