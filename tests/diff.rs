//! Differences between files, Flent's text formats, and catalogues of the user's own.

use crate::command::{Desk, sample};

fn long() -> String {
    sample("bufferbloat-long.flent.gz")
}

fn short() -> String {
    sample("bufferbloat-short.flent.gz")
}

#[test]
fn the_exit_code_says_whether_files_differ() {
    let desk = Desk::new();
    let same = desk.fa(["diff", &long(), &long()]).ends_with_code(0);
    assert!(same.out.is_empty(), "{}", same.out);
    let said = desk.fa(["diff", &long(), &short()]).ends_with_code(1);
    assert!(said.out.contains("TITLE") && !said.out.contains("\nTIME"), "{}", said.out);
    assert!(said.err.contains("left out: see --all"), "{}", said.err);
    // What cannot be compared is neither same nor different.
    std::fs::write(desk.file("broken.flent.gz"), b"\x1f\x8bnot gzip").unwrap();
    for wrong in [
        vec!["diff", "broken.flent.gz", &long()],
        vec!["diff", "none.flent.gz", &long()],
        vec!["diff", &long()],
        vec!["diff"],
    ] {
        let said = desk.fa(&wrong).ends_with_code(2);
        assert!(said.out.is_empty() && said.err.contains("error"), "{wrong:?}: {}", said.err);
    }
}

#[test]
fn differences_are_chosen_by_key() {
    let desk = Desk::new();
    let with = |more: &[&str]| desk.fa([&["diff", "--json", &long(), &short()], more].concat()).json();
    let keys = |document: &serde_json::Value| {
        document["differences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["key"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let plain = with(&[]);
    assert_eq!(plain["schema"], "fa.diff.1");
    assert_eq!(plain["files"], serde_json::json!([long(), short()]));
    assert!(keys(&plain).contains(&"TITLE".to_owned()) && !keys(&plain).contains(&"TIME".to_owned()));
    assert!(keys(&with(&["--all"])).contains(&"TIME".to_owned()));
    assert_eq!(keys(&with(&["--key", "T0", "--key", "TIT*"])), ["TITLE", "T0"]);
    desk.fa(["diff", "--key", "STEP_SIZE", &long(), &short()]).ends_with_code(0);
}

#[test]
fn metadata_may_come_on_standard_input() {
    let desk = Desk::new();
    for command in [vec!["meta", "--key", "NAME", "-"], vec!["diff", "-", &long()]] {
        let input = std::fs::File::open(long()).unwrap();
        let said = crate::command::Said::from(desk.command().args(&command).stdin(input).output().unwrap());
        said.ends_with_code(0);
    }
}

#[test]
fn flents_formats_are_printed_as_they_are() {
    let desk = Desk::new();
    let export = |format: &str| desk.fa(["export", "--compat", format, &long()]).ends_with_code(0).out;
    assert!(export("flent-stats").starts_with("Warning: Totals are computed as cumulative sum * step size,\n"));
    let rows = export("flent-stats-csv");
    assert!(rows.starts_with(
        "filename,title,series,units,datapoints,mean,median,min,max,std_dev,variance,cumul_total,pct99\r\n"
    ));
    assert!(export("flent-csv").starts_with("rrul,Ping (ms) ICMP,"));
    assert!(export("flent-org").starts_with("| rrul | Ping (ms) ICMP |"));
    assert!(export("flent-summary").contains("\n  Title: '300 ms buffer'\n"));
    let metadata: serde_json::Value = serde_json::from_str(&export("flent-metadata")).unwrap();
    assert_eq!(metadata[0]["NAME"], "rrul");
    let whole = desk.fa(["export", "--compat", "flent-stats-csv", "--window", "5,10", &long()]).ends_with_code(0).out;
    assert_ne!(whole, rows);
}

#[test]
fn options_that_flents_formats_do_not_have_are_refused() {
    let desk = Desk::new();
    for wrong in [["--table", "wide"], ["--format", "csv"]] {
        desk.fa([&["export", "--compat", "flent-csv", &long()][..], &wrong].concat()).ends_with_code(2);
    }
    let said = desk.fa(["export", "--compat", "flent-csv", "--window", "5,10", &long()]).ends_with_code(2);
    assert!(said.err.contains("--window"), "{}", said.err);
    // One table has one time grid.
    let said = desk.fa(["export", "--compat", "flent-csv", &long(), &sample("ping-idle.flent.gz")]);
    assert!(said.code == 0 || said.err.contains("different steps"), "{}", said.err);
    assert!(said.err.contains("of another test"), "{}", said.err);
}

#[test]
fn plots_say_whether_a_file_can_be_drawn() {
    let file = sample("ping-idle.flent.gz");
    let desk = Desk::new();
    let plots = desk.fa(["list", "plots", "--json", &file]).ends_with_code(0).json();
    let plots = plots.as_array().unwrap().clone();
    assert!(plots.iter().any(|plot| plot["drawable"] == true));
    for plot in &plots {
        let name = plot["name"].as_str().unwrap();
        let drawn = desk.fa(["plot", name, &file, "--format", "json"]);
        // What the list promises is drawn. Not the other way about: bars of nothing are a figure, too. What is not says why.
        if plot["drawable"] == true {
            assert_eq!(drawn.json()["drawn"], true, "{name}");
        } else {
            assert!(drawn.code == 0 || drawn.err.contains("error: "), "{name}: {}", drawn.err);
        }
        assert!(plot["drawable"] == true || !plot["name"].as_str().unwrap().starts_with("ping"), "{name}");
    }
    let test = desk.fa(["list", "plots", "--json", "rrul"]).ends_with_code(0).json();
    assert!(test[0].get("drawable").is_none(), "no file, nothing to say");
}

const OWN: &str = r#"
[test.rrul]
base = ["rrul"]
plots = ["+", "mine"]

[test.rrul.plot.mine]
text = "Nothing but ping"
type = "cdf"
series = [{ data = "Ping (ms) ICMP", label = "Ping" }]
"#;

#[test]
fn own_definitions_come_from_the_command_line_or_the_config_folder() {
    let desk = Desk::new();
    std::fs::write(desk.file("own.toml"), OWN).unwrap();
    desk.fa(["plot", "mine", &long(), "--format", "json"]).ends_with_code(2);
    for verb in [
        vec!["plot", "mine", &long(), "--format", "json", "--catalog", "own.toml"],
        vec!["list", "plots", "rrul", "--catalog", "own.toml"],
    ] {
        assert!(desk.fa(&verb).ends_with_code(0).out.contains("mine"), "{verb:?}");
    }
    let folder = desk.file("config/fa/catalog");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(desk.file("own.toml"), folder.join("own.toml")).unwrap();
    std::fs::write(folder.join("notes.txt"), "not a catalogue").unwrap();
    let with_folder = |args: &[&str]| {
        let mut command = desk.command();
        command.args(args).env("XDG_CONFIG_HOME", desk.file("config"));
        crate::command::Said::from(command.output().unwrap())
    };
    with_folder(&["plot", "mine", &long(), "--format", "json"]).ends_with_code(0);
    std::fs::write(folder.join("zz.toml"), "[test.x]\npurpsoe = \"typing error\"\n").unwrap();
    let said = with_folder(&["stats", &long()]).ends_with_code(2);
    assert!(
        said.err.contains("zz.toml") && said.err.contains("line 2") || said.err.contains("zz.toml:2"),
        "{}",
        said.err
    );
    desk.fa(["list", "tests", "--catalog", "none.toml"]).ends_with_code(2);
}
