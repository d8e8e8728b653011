//! What does arithmetic say of a system before anything is run?

use scenarios::text::Source;
use scenarios::{Extent, read};

/// What is said of a scenario, each sentence with the text that it points at.
fn advice(nodes: &str, rest: &str) -> Vec<(String, String)> {
    let text = format!(r#"(schema: 1, name: "x", horizon: "60s", warm_up: "10s", nodes: {{ {nodes} }}, {rest})"#);
    let scenario =
        read(Source::new("x.ron", text.as_str()), "x.ron", &[], Extent::Grid).unwrap_or_else(|(_, problems)| panic!("{problems:?}"));
    let place = |problem: &scenarios::problem::Problem| problem.place.map_or("", |place| &text[place.start()..place.end()]).to_owned();
    scenario.advice.sorted().into_iter().map(|problem| (problem.message.clone(), place(problem))).collect()
}

fn sentences(nodes: &str, rest: &str) -> Vec<String> {
    advice(nodes, rest).into_iter().map(|(sentence, _)| sentence).collect()
}

fn clients(rate: &str) -> String {
    format!(r#""app": Clients(count: 10, arrivals: Poisson(rate: "{rate}"), calls: "shop")"#)
}

#[test]
fn a_service_that_is_offered_more_than_its_workers_can_do_is_named_with_the_numbers() {
    let shop = |workers: u32, rest: &str| format!(r#""shop": Service(workers: {workers}, demand: Exponential(mean: "20ms"), {rest})"#);
    assert_eq!(sentences(&format!("{}, {}", clients("900/s"), shop(18, "")), ""), Vec::<String>::new(), "just enough is enough");
    let said = advice(&format!("{}, {}", clients("900/s"), shop(16, "")), "");
    let sentence =
        "`shop` is asked for more than it can do: 900 requests a second, each 20ms of a worker, need 18 workers, and it has 16 (113 %)";
    assert_eq!(said, [(sentence.to_owned(), "16".to_owned())]);
    // Replicas count together, and so do all populations and all work.
    let nodes = format!(
        r#"{}, "others": Clients(count: 1, arrivals: Constant(rate: "100/s"), calls: "shop"), {}"#,
        clients("900/s"),
        shop(5, r#"replicas: 4, does: [Work(Constant("5ms"))]"#)
    );
    let said = sentences(&nodes, "");
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("1000 requests a second, each 25ms of a worker, need 25 workers, and it has 4 x 5 (125 %)"), "{said:?}");
}

#[test]
fn cores_that_are_shared_are_counted_as_workers_are_and_what_is_unlimited_is_enough() {
    let shop = |rest: &str| format!(r#"{}, "shop": Service({rest}, demand: Exponential(mean: "20ms"))"#, clients("900/s"));
    assert_eq!(sentences(&shop(r#"workers: "unlimited""#), ""), Vec::<String>::new());
    let said = sentences(&shop(r#"workers: "unlimited", serves: Sharing(cores: 16)"#), "");
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("each 20ms of a core, need 18 cores, and it has 16 (113 %)"), "{said:?}");
    let said = sentences(&shop("workers: 10, serves: Sharing(cores: 16)"), "");
    assert!(said.len() == 1 && said[0].contains("need 18 workers, and it has 10 (180 %)"), "{said:?}");
}

#[test]
fn load_goes_down_the_graph_of_calls_as_far_as_it_gets_through() {
    let nodes = |front: u32, threads: &str| {
        format!(
            r#"{}, "shop": Service(workers: {front}, threads: {threads}, demand: Constant("10ms"), does: [Call("db"), Call("db")]),
               "db": Service(workers: 10, demand: Constant("10ms"))"#,
            clients("600/s")
        )
    };
    let said = sentences(&nodes(100, "Released"), "");
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("`db`") && said[0].contains("1200 requests a second") && said[0].contains("need 12 workers"), "{said:?}");
    // A worker that is held while it waits is needed for 30 ms; what does not get through does not come to the database.
    let said = sentences(&nodes(9, "Held"), "");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("each 30") && said[0].contains("of a worker (held while it waits for others), need 18 workers"), "{said:?}");
}

#[test]
fn what_depends_on_the_answers_asks_for_nothing_and_changing_rates_for_their_mean() {
    let shop = r#""shop": Service(workers: 1, demand: Constant("10ms"))"#;
    let load = |arrivals: &str| sentences(&format!(r#""app": Clients(count: 500, arrivals: {arrivals}, calls: "shop"), {shop}"#), "").len();
    assert_eq!(load(r#"ClosedLoop(think: Constant("10ms"))"#), 0);
    assert_eq!(load("AllAtOnce()"), 0);
    assert_eq!(load(r#"OnOff(on: Constant("1s"), off: Constant("9s"), rate: "990/s")"#), 0);
    assert_eq!(load(r#"OnOff(on: Constant("1s"), off: Constant("9s"), rate: "1010/s")"#), 1);
    // From 0 to 220 a second over the minute: 128 on average after the warm-up.
    assert_eq!(load(r#"Ramp(from: "0/s", to: "220/s", over: "60s")"#), 1);
    assert_eq!(load(r#"Ramp(from: "0/s", to: "160/s", over: "60s")"#), 0);
}

const CHAIN: &str = r#""app": Clients(count: 10, arrivals: Poisson(rate: "10/s"), calls: "shop"),
    "shop": Service(workers: 9, demand: Constant("1ms"), does: [Call("stock")], LATE),
    "stock": Service(workers: 9, demand: Constant("1ms"), does: [Call("db")]), "db": Service(workers: 9, demand: Constant("1ms"))"#;

fn chain(stacks: &str) -> Vec<(String, String)> {
    advice(&CHAIN.replace(", LATE", ""), &format!("stacks: {{ {stacks} }}"))
}

#[test]
fn a_caller_that_gives_up_before_what_is_below_can_be_over_is_told_the_worst_case() {
    let retry = r#"[Retry(attempts: 4, backoff: Constant(delay: "100ms")), Timeout("500ms")]"#;
    let said = chain(&format!(r#""app -> shop": [Timeout("2s")], "shop -> stock": {retry}"#));
    let sentence = "`app -> shop` gives an attempt up after 2s, but `shop -> stock` may take 4 x 500ms and 300ms of waits = 2.3s: the rest is work for nobody";
    assert_eq!(said, [(sentence.to_owned(), r#""app -> shop""#.to_owned())]);
    assert!(chain(&format!(r#""app -> shop": [Timeout("2300ms")], "shop -> stock": {retry}"#)).is_empty());
    // The worst case of what has no time of its own is that of what it calls.
    let said = chain(&format!(r#""app -> shop": [Timeout("2s")], "stock -> db": {retry}"#));
    assert_eq!(said.len(), 1);
    assert!(said[0].0.contains("`shop -> stock` may take 2.3s"), "{said:?}");
    // A deadline that travels and late work that is cancelled end in time.
    let told = format!(r#""app -> shop": [Deadline(after: "2s", propagate: true)], "shop -> stock": {retry}"#);
    assert!(chain(&told).is_empty());
    let cancelled = CHAIN.replace("LATE", "late_work: Cancel");
    assert!(advice(&cancelled, &format!(r#"stacks: {{ "app -> shop": [Timeout("2s")], "shop -> stock": {retry} }}"#)).is_empty());
}

#[test]
fn a_caller_that_gives_up_before_any_answer_can_come_is_told_what_the_least_is() {
    let nodes = |demand: &str| {
        format!(
            r#""app": Clients(count: 10, arrivals: Poisson(rate: "10/s"), calls: "shop", domain: "far"),
               "shop": Service(workers: 9, demand: {demand})"#
        )
    };
    let link = |delay: &str, timeout: &str| {
        format!(
            r#"links: [Link(from: "far", to: "default", delay: Constant("{delay}"))], stacks: {{ "app -> shop": [Timeout("{timeout}")] }}"#
        )
    };
    let said = advice(&nodes(r#"Constant("25ms")"#), &link("1ms", "20ms"));
    let sentence = "no attempt over `app -> shop` can succeed: it is given up after 20ms, and takes at least 2ms on the way there and back and 25ms of work";
    assert_eq!(said, [(sentence.to_owned(), r#""app -> shop""#.to_owned())]);
    let said = sentences(&nodes(r#"Exponential(mean: "25ms")"#), &link("30ms", "20ms"));
    assert_eq!(
        said,
        ["no attempt over `app -> shop` can succeed: it is given up after 20ms, and takes at least 60ms on the way there and back"]
    );
    // Some are fast enough, if not many.
    assert_eq!(sentences(&nodes(r#"Exponential(mean: "25ms")"#), &link("1ms", "20ms")), Vec::<String>::new());
    assert_eq!(sentences(&nodes(r#"Constant("18ms")"#), &link("1ms", "20ms")), Vec::<String>::new());
}

#[test]
fn work_without_a_mean_and_with_another_mean_than_is_written_is_named() {
    let said = |demand: &str| sentences(&format!(r#"{}, "shop": Service(workers: 1, demand: {demand})"#, clients("10/s")), "");
    let [endless] = said(r#"Pareto(scale: "1ms", shape: 0.9)"#).try_into().expect("one sentence");
    assert_eq!(endless, "the work that a request asks of `shop` has no mean: no number of workers is enough for long");
    let [cut] = said(r#"Normal(mean: "10ms", sd: "10ms")"#).try_into().expect("one sentence");
    assert!(cut.starts_with("the work of `shop` is 12.9ms on average, not 10ms"), "{cut}");
    assert_eq!(said(r#"Normal(mean: "10ms", sd: "3ms")"#), Vec::<String>::new());
}

#[test]
fn a_queue_with_an_end_is_not_said_to_grow() {
    let hint = |queue: &str| {
        let text = format!(
            r#"(schema: 1, name: "x", horizon: "60s", warm_up: "10s", nodes: {{ {},
                "shop": Service(workers: 1, queue: {queue}, demand: Constant("10ms")) }})"#,
            clients("200/s")
        );
        let scenario = read(Source::new("x.ron", text.as_str()), "x.ron", &[], Extent::Grid).expect("it is sound");
        scenario.advice.sorted().first().map(|problem| format!("{:?}", problem.hint)).expect("it is asked for too much")
    };
    assert!(hint("Fifo()").contains("Its queue grows") && hint("Fifo(limit: 4, when_full: Wait)").contains("Its queue grows"));
    for queue in ["Fifo(limit: 200)", "Lifo(limit: 4, when_full: DropOldest)"] {
        assert!(hint(queue).contains("up to its limit") && !hint(queue).contains("grows"), "{}", hint(queue));
    }
}

#[test]
fn messages_go_through_queues_topics_and_routers_to_those_who_work_on_them() {
    // Of 100 calls/s half are orders; each is sent on with probability 80 %, and copied to both subscribers.
    let nodes = |workers: u32, rest: &str| {
        format!(
            r#""app": Clients(count: 10, arrivals: Poisson(rate: "100/s"), calls: "shop", classes: {{"order": (weight: 1), "view": (weight: 1)}}),
               "shop": Service(workers: 9, demand: Constant("1ms"), does: [For(class: "order", does: [Maybe(share: "80%", does: [Send("events")])])]),
               "events": Topic(subscribers: ["queue", "hook"]), "queue": Broker(), "hook": Service(workers: 1, demand: Constant("10ms")),
               "worker": Service(replicas: 2, workers: {workers}, demand: Constant("80ms"), consumes: [Consume(from: "queue", pollers: 50)]), {rest}"#
        )
    };
    assert_eq!(sentences(&nodes(2, ""), ""), Vec::<String>::new());
    let said = advice(&nodes(1, ""), "");
    let sentence = "`worker` is asked for more than it can do: 40 messages a second, each 80ms of a worker, need 3.2 workers, and it has 2 x 1 (160 %)";
    assert_eq!(said, [(sentence.to_owned(), "1".to_owned())]);
    // What comes as requests and what comes as messages count together.
    let both = r#""others": Clients(count: 1, arrivals: Constant(rate: "20/s"), calls: "worker")"#;
    let said = sentences(&nodes(2, both), "");
    assert!(said.len() == 1 && said[0].contains("60 requests and messages a second"), "{said:?}");
}

#[test]
fn rules_of_routers_pass_on_their_classes_only_and_no_faster_than_they_may() {
    let nodes = |rule: &str| {
        format!(
            r#""app": Clients(count: 10, arrivals: Poisson(rate: "100/s"), calls: "router", classes: {{"order": (weight: 3), "view": (weight: 1)}}),
               "router": Router(rules: [Rule(to: "orders", classes: ["order"]{rule}), Rule(to: "views", classes: ["view"])]),
               "orders": Service(workers: 7, demand: Constant("100ms")), "views": Service(workers: 2, demand: Constant("100ms"))"#
        )
    };
    let said = sentences(&nodes(""), "");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said.iter().any(|one| one.contains("`orders`") && one.contains("75 messages a second") && one.contains("(107 %)")), "{said:?}");
    assert!(said.iter().any(|one| one.contains("`views`") && one.contains("25 messages a second")), "{said:?}");
    // What a rule holds back does not come to its target.
    let said = sentences(&nodes(r#", rate: "60/s""#), "");
    assert!(said.iter().all(|one| !one.contains("`orders` is asked")), "{said:?}");
    let held = "more messages come for `router to orders` than are passed on: 75 a second, and its rule has a rate of 60/s (125 %)";
    assert!(said.contains(&held.to_owned()), "{said:?}");
    let said = sentences(&nodes(", at_once: 5"), "");
    assert!(said.iter().any(|one| one.contains("75 a second, and 5 at once, each for 100ms, are 50 (150 %)")), "{said:?}");
}

#[test]
fn pollers_that_cannot_fetch_all_that_comes_are_said_with_their_cycle() {
    let nodes = |consume: &str| {
        format!(
            r#""app": Clients(count: 10, arrivals: Poisson(rate: "100/s"), calls: "queue", domain: "a"),
               "queue": Broker(domain: "a"),
               "worker": Service(workers: 9, demand: Constant("38ms"), consumes: [Consume(from: "queue", {consume})], domain: "b")"#
        )
    };
    let links = r#"links: [Link(from: "a", to: "b", delay: Constant("500us"))]"#;
    let said = advice(&nodes("pollers: 2"), links);
    let sentence =
        "more messages come to `queue` than are fetched: 100 a second, and 2 pollers of `worker`, each a message in 40ms, take 50 (200 %)";
    assert_eq!(said, [(sentence.to_owned(), r#"[Consume(from: "queue", pollers: 2)]"#.to_owned())]);
    assert_eq!(sentences(&nodes("pollers: 4"), links), Vec::<String>::new());
    assert_eq!(sentences(&nodes("pollers: 2, batch: 2"), links), Vec::<String>::new());
}

#[test]
fn a_service_that_publishes_sends_a_message_for_each_write() {
    let nodes = |writes: &str| {
        format!(
            r#""app": Clients(count: 10, arrivals: Poisson(rate: "100/s"), calls: "shop", classes: {{"edit": (weight: 1), "view": (weight: 3)}}),
               "shop": Service(workers: 9, demand: Constant("1ms"), data: (writes: {writes}, publishes: "edits")), "edits": Broker(),
               "list": Service(workers: 1, demand: Constant("50ms"), read_model: (of: "shop"), consumes: [Consume(from: "edits", pollers: 9)])"#
        )
    };
    assert!(sentences(&nodes(r#"Classes(["edit"])"#), "")[0].contains("25 messages a second"));
    assert!(sentences(&nodes(r#"Share("50%")"#), "")[0].contains("50 messages a second"));
}

#[test]
fn retries_in_several_layers_multiply() {
    let retry = |budget: &str| format!(r#"[Retry(attempts: 4, backoff: Immediate(){budget}), Timeout("1ms")]"#);
    let stacks = |last: &str| {
        let plain = retry("");
        format!(r#""app -> shop": {plain}, "shop -> stock": {plain}, "stock -> db": {last}"#)
    };
    let of_retries = |stacks: &str| -> Vec<String> {
        chain(stacks).into_iter().map(|(sentence, _)| sentence).filter(|sentence| sentence.starts_with("retries multiply")).collect()
    };
    let said = of_retries(&stacks(&retry("")));
    assert_eq!(said.len(), 2, "of each edge that multiplies: {said:?}");
    let ways = "(`app -> shop`, `shop -> stock`, `stock -> db`)";
    let deepest = format!("retries multiply: 4 x 4 x 4 = 64 attempts over `stock -> db` for one call, if all of them fail {ways}");
    assert!(said.contains(&deepest), "{said:?}");
    // What a budget limits does not multiply, and one layer that retries is one layer.
    assert_eq!(of_retries(&stacks(&retry(", budget: Finagle()"))).len(), 1);
    assert!(of_retries(&format!(r#""app -> shop": {}"#, retry(""))).is_empty());
    let unlimited = r#"[Retry(attempts: "unlimited", backoff: Constant(delay: "1s")), Timeout("1ms")]"#;
    assert!(
        of_retries(&stacks(unlimited))
            .iter()
            .any(|sentence| sentence.contains("4 x 4 x any number = any number of attempts over `stock -> db`"))
    );
}

#[test]
fn what_is_true_of_some_arms_and_cells_says_so() {
    let nodes = format!(r#"{}, "shop": Service(workers: 1, demand: Constant("10ms"))"#, clients("50/s"));
    let rest = r#"arms: { "one": (), "two": (nodes: { "shop": Service(workers: 2, demand: Constant("10ms")) }) },
        sweep: (vary: { "nodes.app.arrivals.rate": ["90/s", "150/s", "120/s"] })"#;
    let said = advice(&nodes, rest);
    assert_eq!(said.len(), 1);
    let ending = "(150 %) (in the arm `one`, at worst with nodes.app.arrivals.rate = 150/s)";
    assert!(said[0].0.ends_with(ending), "{said:?}");
}
