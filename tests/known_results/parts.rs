//! Which test of known results stands where on docs/validation.md, and what the page says beside the rows.

/// One chapter of the page: the tests of one module, in order. A test that takes so long that it is ignored is `long`.
pub(super) struct Part {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) module: &'static str,
    pub(super) tests: &'static [&'static str],
}

/// How the page begins; the number of rows of each kind follows.
pub(super) const HEADER: &str = "\
# Validation

What does the simulator give where the right answer is known? Every row of this page is a published result or a closed form, held by a test of
`tests/known_results/` that runs with the others, through scenarios as a user writes them. The page is written by those runs
(`VALIDATION=write cargo test --test main known_results`), and every normal test run compares it, byte for byte, with what it has just seen: runs are
deterministic, so the same program gives the same page on every machine. Sections whose command ends in `--ignored` take minutes: a normal run takes them as they stand.

How to read a row:

- *mean*: the mean over independent runs (one seed each; *runs* says how many) of what each run measured. The 95 % interval is Student's t over these runs. `*` marks an
  interval that does not hold an exact reference: with right intervals that happens to one in twenty, and a little more often where the reference is printed with few digits
  or runs are few. *About* is a reference that is near to the truth and not it (a limit, an approximation, a number simulated elsewhere), *s.e.* one with a known standard error.
  *Allowed* is the larger of a share of the reference and four standard errors (of both, where the reference is itself a mean of runs), and is shown in the unit of the row;
  of fewer than four runs the share alone. Where four errors are many percent of the reference, the runs of a normal test are too few to say more: see the long sections.
  Seeds are fixed, so a row that holds today holds until the program changes.
- *share*: a share of runs, with its 95 % interval, inside bounds that the source leaves.
- *exact*: what every run must have, with nothing allowed. *near*: what is computed and not drawn, to a stated precision. *bound*: the largest or smallest
  of what runs had, inside bounds. *order*: values that must fall as written. *told*: a value of which nothing is promised.

Times are virtual. Percentiles of latency come from a histogram of three significant digits and may be a thousandth too long. What is not on this page has not been held against anything but the project's own laws and tests. A row says that the simulator agrees with a
*model*; whether that model is like a system of yours no table can tell.

";

/// The chapters. Rows are cited by their numbers: new tests are added at the end of a chapter.
pub(super) const PARTS: &[Part] = &[
    Part {
        id: "T01",
        title: "Backoff and jitter: M. Brooker 2015",
        about: "Many clients contend for one row of a database.",
        module: "aws_jitter",
        tests: &[
            "calls_and_time_of_every_strategy_are_those_of_the_published_simulator",
            "one_client_makes_one_call_and_two_make_three_under_every_seed",
            "one_client_is_done_after_exactly_its_four_delays",
            "exactly_one_write_wins_each_version",
        ],
    },
    Part {
        id: "T03",
        title: "Retries, budgets and breakers: M. Brooker 2022",
        about: "A server that fails each attempt at random, and is never busy.",
        module: "retries",
        tests: &[
            "four_strategies_succeed_as_often_and_load_the_server_as_much_as_published_at_every_rate_of_failures",
            "a_bucket_of_a_tenth_retries_a_tenth_of_the_calls_and_its_stock_whatever_the_number_of_clients",
            "backoff_does_not_lighten_the_load_of_open_clients",
            "backoff_lightens_the_load_of_serial_clients_the_more_the_more_often_they_fail",
        ],
    },
    Part {
        id: "T05",
        title: "Amplification, budgets and throttling: the SRE book",
        about: "What retries multiply to, and what holds them back.",
        module: "overload",
        tests: &[
            "four_attempts_in_each_of_three_tiers_are_sixty_four_at_the_bottom",
            "a_retry_ratio_of_a_tenth_turns_three_attempts_per_call_into_one_and_a_tenth",
            "client_throttling_settles_where_k_times_as_much_is_sent_as_is_taken",
        ],
    },
    Part {
        id: "T06",
        title: "Collapse and metastable failure: M. Brooker; Bronson and others 2021",
        about: "Systems that stay down when what struck them is over.",
        module: "collapse",
        tests: &[
            "three_attempts_without_jitter_keep_most_servers_down_after_a_spike_of_five_seconds",
            "jitter_as_long_as_the_spike_and_more_lets_every_server_survive_it",
            "a_collapsed_server_fills_and_one_that_survives_holds_as_many_as_the_formula_says",
            "a_database_below_half_its_capacity_comes_back_after_an_outage_and_one_above_stays_down",
            "a_database_that_is_down_comes_back_when_the_load_sinks_below_what_retries_leave_it",
        ],
    },
    Part {
        id: "T07",
        title: "The cached database of HotOS 2021",
        about: "What a cache hides.",
        module: "caches",
        tests: &["a_cache_that_answers_nine_of_ten_lets_a_database_of_300_serve_2500_and_hides_that_it_is_vulnerable"],
    },
    Part {
        id: "T10",
        title: "Queues: closed forms at listed parameters",
        about: "One service, time in units of its mean demand of one second.",
        module: "queueing",
        tests: &[
            "a_single_server_at_half_load",
            "a_single_server_at_four_fifths_load",
            "several_servers_at_four_fifths_load",
            "the_surprising_economics_of_load_balanced_systems",
            "a_queue_with_a_limit_refuses_and_serves_the_rest_sooner",
            "a_service_without_a_queue_loses_what_erlang_said",
            "the_wait_grows_with_the_variance_of_service",
            "closed_load_follows_mean_value_analysis",
            "littles_law_holds_in_every_run_to_a_billionth",
            "long a_single_server_at_nineteen_twentieths_load_and_beyond",
            "long many_servers_at_four_fifths_load_by_many_calls",
        ],
    },
    Part {
        id: "T12",
        title: "Availability of parts that fail and are repaired",
        about: "Nodes crash and return in the run; their time is counted by the world. Compared is the unavailability.",
        module: "availability",
        tests: &[
            "a_node_is_up_for_its_time_to_failure_of_the_two_times",
            "nodes_in_series_and_in_parallel",
            "a_majority_of_good_nodes",
            "a_majority_of_poor_nodes_and_an_even_number_is_worse",
            "quorum_availability_small_clusters_win_where_nodes_are_down_more_often_than_up",
            "byzantine_quorums_of_two_thirds_and_one",
            "with_too_few_crews_machines_wait_as_in_the_machine_repair_problem",
        ],
    },
    Part {
        id: "T14",
        title: "Elections of Raft: Ongaro 2014",
        about: "All timers are fresh when the election begins, and disks cost nothing.",
        module: "raft",
        tests: &[
            "votes_split_as_often_as_the_dissertation_says",
            "an_election_takes_as_long_as_its_terms",
            "elections_over_a_wide_area_take_half_a_second",
        ],
    },
    Part {
        id: "T16",
        title: "Staleness of partial quorums, and quorums as clients meet them",
        about: "Delays of writes, acknowledgements, reads and answers are drawn for each replica, with the production fits of the paper; times in ms.",
        module: "staleness",
        tests: &[
            "reads_that_begin_when_a_write_is_done_or_later_are_fresh_as_often_as_published",
            "nearly_all_reads_are_fresh_after_the_published_time_and_not_much_earlier",
            "reads_and_writes_take_as_long_as_the_fastest_replicas",
            "quorums_that_overlap_are_never_stale",
            "clients_of_a_quorum_meet_the_availability_of_its_majority",
            "with_disks_nearly_all_reads_are_fresh_after_the_published_time",
            "clients_of_a_byzantine_quorum_meet_the_availability_of_two_thirds_and_one",
        ],
    },
    Part {
        id: "T18",
        title: "The power of two choices",
        about: "A balancer before replicas.",
        module: "two_choices",
        tests: &[
            "the_mean_stay_with_one_two_and_three_choices_among_a_hundred_counters_is_that_of_the_supermarket_model",
            "two_choices_keep_the_stay_short_even_at_ninety_nine_percent",
            "the_fullest_of_a_hundred_bins_gets_fewer_balls_if_each_chooses_the_emptier_of_two",
            "the_best_of_all_is_best_while_the_numbers_are_fresh_and_the_worst_soon_after",
            "among_a_thousand_counters_the_stay_is_nearly_that_of_infinitely_many",
        ],
    },
    Part {
        id: "T19",
        title: "Failure detectors and gossip",
        about: "Members of a group that talk to each other.",
        module: "detectors",
        tests: &[
            "swim_finds_a_dead_member_after_as_many_periods_as_its_authors_say",
            "round_robin_probing_leaves_nobody_unprobed_for_long",
            "helpers_keep_a_probe_from_failing_where_messages_are_lost",
            "a_rumour_reaches_everybody_after_a_logarithm_of_rounds",
            "phi_suspects_as_many_deviations_after_the_mean_as_the_normal_distribution_says",
            "phi_is_how_often_a_beat_that_is_only_late_is_taken_for_death",
            "a_rumour_that_is_asked_for_reaches_everybody_after_as_many_rounds_as_its_chain_says",
        ],
    },
    Part {
        id: "T21",
        title: "Tails, fan-outs and hedging",
        about: "A service that is never busy.",
        module: "tails",
        tests: &[
            "of_fan_outs_to_a_hundred_two_thirds_meet_a_slow_server_although_a_hundredth_is_slow",
            "a_bimodal_tail_that_no_call_minds_is_the_rule_for_a_fan_out",
            "two_percent_more_requests_take_the_bimodal_tail_away",
            "hedging_at_the_p95_of_an_exponential_cuts_its_tail_for_a_twentieth_of_its_load",
            "a_page_that_calls_a_hundred_leaves_at_once_meets_the_same_tail",
            "hedged_requests_cut_the_tail_of_a_fan_out_by_far_more_than_they_cost",
        ],
    },
    Part {
        id: "T22",
        title: "Clocks, their synchronisation, and leases",
        about: "Everything happens over simulated messages.",
        module: "clocks",
        tests: &[
            "cristians_bound_of_half_the_round_trip_less_the_shortest_way_is_attained_and_never_exceeded",
            "ntp_is_wrong_by_half_the_difference_of_the_ways_whatever_else",
            "clocks_of_fifty_ppm_either_way_are_a_third_of_a_second_apart_after_an_hour",
            "a_lease_that_is_held_when_the_run_ends_counts_up_to_there",
            "the_uncertainty_of_truetime_is_a_saw_tooth_from_one_to_seven_milliseconds",
            "a_lease_is_held_by_two_as_long_as_a_slow_clock_is_behind_or_the_answer_was_under_way",
            "marzullo_finds_what_three_servers_agree_on",
        ],
    },
    Part {
        id: "C1",
        title: "Queues at parameters that nobody listed",
        about: "Expected values are computed in the test by the formula, so that a mechanism is held and not a table.",
        module: "queueing_by_formula",
        tests: &[
            "the_formulas_of_this_file_give_the_listed_values",
            "waiting_at_several_servers_by_erlang_c",
            "loss_by_erlang_b_does_not_depend_on_the_shape_of_service",
            "a_limited_queue_by_its_birth_death_chain",
            "waiting_for_any_shape_of_service_by_pollaczek_and_khinchine",
            "closed_load_by_its_birth_death_chain_whatever_the_shape_of_thinking",
            "each_of_several_replicas_is_a_queue_of_its_own",
            "stations_in_a_row_are_independent_queues",
            "a_worker_that_is_held_while_it_calls_is_busy_for_both",
        ],
    },
    Part {
        id: "C2",
        title: "Shared cores, and servers without a limit",
        about: "Processor sharing and the infinite server.",
        module: "queueing_shared",
        tests: &[
            "a_shared_core_serves_all_shapes_of_demand_in_the_same_mean_time",
            "on_a_shared_core_everybody_stays_in_proportion_to_what_they_need",
            "several_shared_cores_are_a_birth_death_chain_if_demand_is_exponential",
            "a_limit_on_those_who_share_makes_the_others_wait_or_turns_them_away",
            "a_server_without_a_limit_keeps_everybody_for_their_demand_and_no_longer",
            "linear_congestion_has_the_fixed_point_that_its_steepness_allows",
        ],
    },
    Part {
        id: "C3",
        title: "Caches",
        about: "Independent references.",
        module: "caches",
        tests: &[
            "a_time_to_live_answers_all_but_one_call_per_lifetime_and_wait_for_the_next",
            "a_cache_of_one_or_two_objects_answers_as_often_as_kings_formula_says",
            "a_large_cache_answers_as_often_as_ches_approximation_says",
            "a_given_hit_ratio_is_had_by_a_full_cache",
            "an_empty_cache_misses_once_for_each_object_that_is_asked_for_at_all",
        ],
    },
    Part {
        id: "C4",
        title: "Queues between services",
        about: "Brokers, topics and pollers.",
        module: "brokers",
        tests: &[
            "tight_coupling_is_as_available_as_the_product_of_its_parts_and_loose_coupling_as_the_broker_alone",
            "a_polled_queue_takes_as_long_as_the_queue_of_as_many_servers_as_there_are_pollers",
        ],
    },
    Part {
        id: "C5",
        title: "Other arrivals, impatient callers, orders of service",
        about: "Expected values are computed in the test by the formula.",
        module: "general_queues",
        tests: &[
            "arrivals_at_equal_distances_wait_less_than_random_ones",
            "bursts_make_callers_wait_as_the_interrupted_poisson_process_says",
            "no_general_queue_waits_longer_than_kingmans_bound",
            "few_callers_are_lost_as_engset_said_whatever_they_think_and_need",
            "callers_who_hang_up_are_as_many_as_the_virtual_wait_says",
            "failures_that_are_tried_again_at_once_load_the_queue_as_jacksons_feedback",
            "a_server_that_stands_still_now_and_then_has_the_queue_of_white_and_christie",
            "who_is_more_important_waits_less_at_the_expense_of_the_others",
            "the_newest_first_has_the_same_mean_wait_and_a_longer_tail",
            "a_token_bucket_turns_back_as_many_as_a_queue_of_constant_service_would",
            "the_stay_at_two_servers_has_the_tail_of_its_closed_form",
        ],
    },
    Part {
        id: "C6",
        title: "Networks of services, fan-outs and lossy lines",
        about: "Expected values are computed in the test by the formula.",
        module: "networks",
        tests: &[
            "a_fan_out_takes_as_long_as_the_order_statistic_it_waits_for",
            "two_branches_that_queue_are_joined_as_flatto_and_hahn_say",
            "a_closed_network_follows_mean_value_analysis",
            "a_network_with_a_fork_in_the_way_is_a_sum_of_independent_queues",
            "a_line_that_loses_messages_costs_a_timeout_for_each",
            "bursts_of_losses_are_as_long_and_as_frequent_as_the_chain_of_gilbert_and_elliott",
        ],
    },
    Part {
        id: "C7",
        title: "The edge of the stable region",
        about: "From which load on an overload keeps itself up, looked for with `Bisect`.",
        module: "edges",
        tests: &["retries_move_the_edge_to_the_capacity_divided_by_the_attempts"],
    },
    Part {
        id: "S",
        title: "Comparisons",
        about: "How often tests are right on real runs, and what common seeds are worth. How often intervals are right is in [statistics](statistics.md).",
        module: "comparisons",
        tests: &[
            "the_same_arm_on_other_seeds_is_found_to_differ_as_seldom_as_tests_say",
            "common_seeds_make_intervals_shorter_where_arms_share_their_luck",
        ],
    },
];
