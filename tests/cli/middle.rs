//! Load balancers and flags as a user writes them, wrongly and rightly, and what is said of nodes and tasks.

use super::{Place, keep};

const GOOD: &str = r#"// A shop behind a load balancer, with a feature that may be turned on.
(
    schema: 1, name: "middle", horizon: "30s", warm_up: "5s",
    nodes: {
        "users": Clients(count: 10, arrivals: Poisson(rate: "50/s"), calls: "lb"),
        "lb": LoadBalancer(to: "shop"),
        "shop": Service(replicas: 2, workers: 4, demand: Exponential(mean: "10ms"), does: [
            Try(does: [Parallel(calls: ["tips", "prices"], wait: First)], answer: Full),
            Flag(name: "new-prices", does: [Parallel(calls: "prices", times: 2)], otherwise: [Try(does: [Call("tips")])]),
        ]),
        "prices": Service(workers: 8, demand: Constant("2ms")), "tips": Service(workers: 8, demand: Constant("2ms")),
    },
    faults: [FlagRollout(node: "shop", flag: "new-prices", rollout: "5s", at: "10s", lasts: "10s")],
    stacks: { "lb -> shop": [Balance(policy: RoundRobin()), Timeout("1s")] },
)
"#;

#[test]
fn what_is_wrong_with_a_flag_or_a_load_balancer_is_said_where_it_is_written() {
    let change = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replace(from, to)
    };
    let flag = change(r#"flag: "new-prices", rollout"#, r#"flag: "new-price", rollout"#);
    let none = change("FlagRollout(node: \"shop\"", "FlagRollout(node: \"tips\"");
    let to = change(r#"to: "shop""#, r#"to: "shoop""#);
    let circle = change(r#"Call("tips")"#, r#"Call("lb")"#);
    let empty = change(
        r#"Flag(name: "new-prices", does: [Parallel(calls: "prices", times: 2)], otherwise: [Try(does: [Call("tips")])])"#,
        r#"Flag(name: "")"#,
    );
    let lever = change("faults: [", r#"faults: [EmergencyLever(edge: "users -> lb", breakers: Disabled, rollout: "1s", at: "5s"), "#);
    let back = change("faults: [", r#"faults: [EmergencyLever(edge: "shop -> tips", breakers: Disabled, back: "1s", at: "5s"), "#);
    let files = [("flag", flag), ("none", none), ("to", to), ("circle", circle), ("empty", empty), ("lever", lever), ("back", back)];
    let names: Vec<String> = files.iter().map(|(name, _)| format!("{name}.ron")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(files.iter().map(|(_, text)| text.as_str())).collect();
    let place = Place::with(&files);
    let commands: Vec<Vec<&str>> = names.iter().map(|name| vec!["check", name.as_str()]).collect();
    keep("middle", &place.transcript(&commands.iter().map(Vec::as_slice).collect::<Vec<_>>()));
}

#[test]
fn defaults_inside_of_tasks_and_of_load_balancers_are_listed_with_their_origin() {
    let place = Place::with(&[("good.ron", GOOD)]);
    let said = place.run(&["run", "good.ron", "--print-config", "--format", "csv"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines: Vec<&str> = said.out.lines().filter(|line| line.contains(".does") || line.contains("nodes.lb")).collect();
    assert_eq!(
        lines,
        [
            "nodes.lb.workers,unlimited,default",
            "nodes.lb.demand,100us on average,default",
            "nodes.lb.late_work,Cancel,default",
            "nodes.lb.queue,\"Fifo, without limit\",default",
            "nodes.shop.does[0].answer,Full,written in the scenario",
            "nodes.shop.does[0].does[0].times,1,default",
            "nodes.shop.does[0].does[0].wait,First,written in the scenario",
            "nodes.shop.does[0].does[0].rest,Abandon,default",
            "nodes.shop.does[1].does[0].times,2,written in the scenario",
            "nodes.shop.does[1].does[0].wait,All,default",
            "nodes.shop.does[1].does[0].rest,Abandon,default",
            "nodes.shop.does[1].otherwise[0].answer,Degraded,default",
        ]
    );
}

#[test]
fn nodes_and_tasks_are_listed_and_explained() {
    let place = Place::with(&[]);
    keep(
        "nodes_and_tasks",
        &place.transcript(&[
            &["list", "nodes"],
            &["list", "tasks"],
            &["explain", "LoadBalancer"],
            &["explain", "forward"],
            &["explain", "Flag"],
        ]),
    );
}
