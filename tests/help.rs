//! Help, and what happens when the command line makes no sense.

use crate::command::Desk;

#[test]
fn help_names_every_verb_and_ends_with_success() {
    let said = Desk::new().fa(["--help"]).ends_with_code(0);
    for verb in ["measure", "serve", "plot", "stats", "meta", "export", "list", "recover"] {
        assert!(said.out.contains(verb), "{verb} is missing:\n{}", said.out);
    }
}

#[test]
fn an_unknown_test_is_an_error_with_a_suggestion_and_never_a_host() {
    let said = Desk::new().fa(["measure", "rrull", "localhost"]).ends_with_code(2);
    assert!(said.err.contains("rrul"), "{}", said.err);
    assert!(said.out.is_empty());
}

#[test]
fn a_test_without_a_host_says_how_to_name_one() {
    let said = Desk::new().fa(["measure", "rrul"]).ends_with_code(2);
    assert!(said.err.contains("fa measure rrul HOST"), "{}", said.err);
}

#[test]
fn a_missing_parameter_is_named() {
    let said = Desk::new().fa(["measure", "tcp_nup", "localhost"]).ends_with_code(2);
    assert!(said.err.contains("--test-parameter upload_streams="), "{}", said.err);
}

#[test]
fn an_option_nobody_knows_is_a_usage_error() {
    Desk::new().fa(["plot", "--no-such-option"]).ends_with_code(2);
}

#[test]
fn the_list_of_tests_is_json_with_names() {
    let said = Desk::new().fa(["list", "tests", "--json"]).ends_with_code(0);
    let names: Vec<_> =
        said.json().as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()).collect();
    for test in ["rrul", "rrul_be", "rrul_icmp", "tcp_1up", "tcp_1down", "tcp_nup", "tcp_ndown", "ping"] {
        assert!(names.iter().any(|name| name == test), "{test} is missing");
    }
}

#[test]
fn completions_and_manual_are_made_from_the_same_options() {
    let desk = Desk::new();
    assert!(desk.fa(["completions", "bash"]).ends_with_code(0).out.contains("--bounds-y"));
    assert!(desk.fa(["man"]).ends_with_code(0).out.contains("fa"));
}

#[test]
fn commands_without_arguments_say_what_they_could_do() {
    let said = Desk::new().fa(["plot"]).ends_with_code(2);
    assert!(said.err.contains("fa list plots FILE"), "{}", said.err);
    let listed = Desk::new().fa(["list"]).ends_with_code(0);
    for what in ["tests", "plots", "series"] {
        assert!(listed.out.contains(&format!("fa list {what}")), "{}", listed.out);
    }
}
