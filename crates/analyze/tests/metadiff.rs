//! Differences of metadata, as people and programs see them.

#![expect(clippy::unwrap_used, reason = "tests")]

use fa_analyze::metadiff::{DiffOptions, Difference, Found, MetaDiff, diff};
use fa_format::Metadata;
use serde_json::{Value, json};

fn metadata(value: &Value) -> Metadata {
    Metadata::from_map(value.as_object().unwrap().clone())
}

fn compared(files: &[Value], options: &DiffOptions) -> MetaDiff {
    let all: Vec<(String, Metadata)> =
        files.iter().enumerate().map(|(i, file)| (format!("{i}.flent.gz"), metadata(file))).collect();
    let files: Vec<(&str, &Metadata)> = all.iter().map(|(name, metadata)| (name.as_str(), metadata)).collect();
    diff(&files, options)
}

fn paths(diff: &MetaDiff) -> Vec<String> {
    fn add(differences: &[Difference], to: &mut Vec<String>) {
        for difference in differences {
            if !difference.values.is_empty() {
                to.push(difference.path.clone());
            }
            add(&difference.keys, to);
        }
    }
    let mut all = Vec::new();
    add(&diff.differences, &mut all);
    all
}

fn plain(files: &[Value]) -> Vec<String> {
    paths(&compared(files, &DiffOptions::default()))
}

#[test]
fn settings_are_shown_and_results_counted() {
    let a = json!({"TIME": "x", "LENGTH": 60, "STEP_SIZE": 0.2, "SERIES_META": {"up": {"MEAN_VALUE": 1, "CONG_CONTROL": "cubic"}}});
    let b = json!({"TIME": "y", "LENGTH": 60.0, "STEP_SIZE": 0.1, "SERIES_META": {"up": {"MEAN_VALUE": 2, "CONG_CONTROL": "bbr"}}});
    let files = [a, b];
    let found = compared(&files, &DiffOptions::default());
    assert_eq!(paths(&found), ["STEP_SIZE", "SERIES_META:up:CONG_CONTROL"]);
    assert_eq!((found.count(), found.left_out), (2, 2));
    let all = compared(&files, &DiffOptions { all: true, ..DiffOptions::default() });
    assert_eq!(paths(&all), ["TIME", "STEP_SIZE", "SERIES_META:up:MEAN_VALUE", "SERIES_META:up:CONG_CONTROL"]);
    assert_eq!(all.left_out, 0);
}

#[test]
fn nothing_absent_null_and_empty_are_four_things() {
    let files = [json!({"A": null}), json!({}), json!({"A": []}), json!({"A": {}}), json!({"A": null})];
    let found = compared(&files, &DiffOptions::default());
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(
        json["differences"][0]["values"],
        json!([{"files": [0, 4], "value": null}, {"files": [1], "absent": true}, {"files": [2], "value": []}, {"files": [3], "value": {}}])
    );
    assert_eq!(found.differences[0].of_file(1), Some(&Found::Absent(true)));
    assert!(compared(&files[..1], &DiffOptions::default()).is_same());
    assert!(compared(&[files[0].clone(), files[4].clone()], &DiffOptions::default()).is_same());
}

#[test]
fn globs_choose_paths_and_what_is_below_them() {
    let of = |n: i64| json!({"TIME": n, "LENGTH": n, "EGRESS_INFO": {"iface": n, "bql": {"tx-0": n}}, "BATCH_UUID": n});
    let files = [of(1), of(2)];
    let chosen = |keys: &[&str]| {
        let found = compared(
            &files,
            &DiffOptions { keys: keys.iter().map(|k| (*k).to_owned()).collect(), ..DiffOptions::default() },
        );
        (paths(&found), found.left_out)
    };
    let texts = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    assert_eq!(chosen(&["EGRESS_INFO"]), (texts(&["EGRESS_INFO:iface", "EGRESS_INFO:bql:tx-0"]), 0));
    assert_eq!(chosen(&["*tx-?"]), (texts(&["EGRESS_INFO:bql:tx-0"]), 0));
    assert_eq!(chosen(&["LENGTH", "*:iface"]), (texts(&["LENGTH", "EGRESS_INFO:iface"]), 0));
    // A pattern does not ask for times; a name does.
    assert_eq!(chosen(&["T*"]), (texts(&[]), 1));
    assert_eq!(chosen(&["TIME"]), (texts(&["TIME"]), 0));
}

fn qdiscs(list: &Value) -> Value {
    json!({"EGRESS_INFO": {"qdiscs": list}})
}

#[test]
fn lists_are_matched_by_name_not_by_place() {
    let fq = |limit: &str| json!({"name": "fq", "params": {"limit": limit}});
    let a = qdiscs(&json!([{"name": "mq"}, fq("1"), fq("2")]));
    let b = qdiscs(&json!([fq("1"), fq("3"), {"name": "mq"}]));
    assert_eq!(plain(&[a, b]), ["EGRESS_INFO:qdiscs:fq #2:params:limit"]);
    // Without names, by place; of plain values, as a whole.
    let a = json!({"L": [{"v": 1}, {"v": 2}], "HOSTS": ["a", "b"]});
    let b = json!({"L": [{"v": 1}, {"v": 3}, {"v": 4}], "HOSTS": ["b", "a"]});
    assert_eq!(plain(&[a, b]), ["L:1:v", "L:2", "HOSTS"]);
}

#[test]
fn a_queue_that_replaced_another_stands_in_its_place() {
    let queue = |name: &str, id: &str, parent: &str| json!({"name": name, "id": id, "parent": parent});
    let a = qdiscs(&json!([
        queue("mq", "8001:", "root"),
        queue("codel", "8002:", "8001:1"),
        queue("fq", "8003:", "8001:2")
    ]));
    let b =
        qdiscs(&json!([queue("mq", "8009:", "root"), queue("fq", "800a:", "8009:2"), queue("pie", "800b:", "8009:1")]));
    let found = compared(&[a, b], &DiffOptions::default());
    assert_eq!(paths(&found), ["EGRESS_INFO:qdiscs::1:name"]);
    // Handles that the kernel chose differ in each run: all five of mq, fq (id, parent) and of the replaced one.
    assert_eq!(found.left_out, 5);
}

#[test]
fn branches_that_some_files_lack() {
    let a = json!({"EGRESS_INFO": {"driver": "e1000e", "iface": "eth0"}});
    let b = json!({"EGRESS_INFO": null});
    let c = json!({"EGRESS_INFO": {"driver": "virtio", "iface": "eth0"}});
    assert_eq!(plain(&[a.clone(), b.clone()]), ["EGRESS_INFO"]);
    assert_eq!(plain(&[a, b, c]), ["EGRESS_INFO", "EGRESS_INFO:driver"]);
}

#[test]
fn what_some_files_lack_is_shown_without_results() {
    let with = |mean: f64| json!({"SERIES_META": {"up": {"RUNNER": "x", "MEAN_VALUE": mean}}});
    let found = compared(&[with(1.0), with(2.0), json!({"SERIES_META": {}})], &DiffOptions::default());
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(
        json["differences"][0]["keys"][0]["values"],
        json!([{"files": [0, 1], "value": {"RUNNER": "x"}}, {"files": [2], "absent": true}])
    );
}

#[test]
fn literals_that_json_does_not_know_become_words() {
    let text = r#"{"metadata": {"NAME": "x", "SIGNAL": NaN}, "version": 4, "x_values": [0.0], "results": {}, "raw_values": {}}"#;
    let data = fa_format::read_bytes(text.as_bytes(), "x.flent".as_ref(), &fa_format::ReadOptions::default()).unwrap();
    let other = metadata(&json!({"NAME": "x", "SIGNAL": 1.5}));
    let options = DiffOptions { keys: vec!["SIGNAL".into()], ..DiffOptions::default() };
    let found = diff(&[("a", &data.metadata), ("b", &other)], &options);
    assert_eq!(found.differences[0].of_file(0), Some(&Found::Value("NaN".into())));
}

fn two() -> [Value; 2] {
    let series =
        |cc: &str| json!({"up 1": {"CONG_CONTROL": cc}, "up 2": {"CONG_CONTROL": cc}, "up 3": {"CONG_CONTROL": cc}});
    [
        json!({"LENGTH": 60, "NOTE": "", "P": {"n": "5", "m": 5}, "SERIES_META": series("cubic"), "Q": "same start, and then for quite a while: one"}),
        json!({"LENGTH": 30, "NOTE": null, "P": {"n": 5, "m": 6}, "SERIES_META": series("bbr"), "Q": "same start, and then for quite a while: two", "R": ["a", "b"]}),
    ]
}

#[test]
fn two_files_stand_side_by_side() {
    let text = compared(&two(), &DiffOptions::default()).to_text(80);
    insta::assert_snapshot!(text, @r#"
    1  0.flent.gz
    2  1.flent.gz

                      1         2
    LENGTH (s)        60        30
    NOTE              ""        null
    P
      n               "5"       5
      m               5         6
    SERIES_META
      up 1 … up 3 (3)
        CONG_CONTROL  cubic     bbr
    Q
      1  same start, and then for quite a while: one
      2  same start, and then for quite a while: two
    R                 (absent)  a, b
    "#);
}

#[test]
fn many_files_are_listed_by_value() {
    let [a, b] = two();
    let text = compared(&[a.clone(), b.clone(), a.clone(), a, b], &DiffOptions::default()).to_text(80);
    insta::assert_snapshot!(text, @r#"
    1  0.flent.gz
    2  1.flent.gz
    3  2.flent.gz
    4  3.flent.gz
    5  4.flent.gz

    LENGTH (s)        1, 3, 4  60
                      2, 5     30
    NOTE              1, 3, 4  ""
                      2, 5     null
    P
      n               1, 3, 4  "5"
                      2, 5     5
      m               1, 3, 4  5
                      2, 5     6
    SERIES_META
      up 1 … up 3 (3)
        CONG_CONTROL  1, 3, 4  cubic
                      2, 5     bbr
    Q                 1, 3, 4  same start, and then for quite a while: one
                      2, 5     same start, and then for quite a while: two
    R                 1, 3, 4  (absent)
                      2, 5     a, b
    "#);
}

#[test]
fn narrow_terminals_lose_the_middle_of_values() {
    let value = |c: char| json!({"KEY": format!("{c}{}{c}", "-".repeat(60))});
    let text = compared(&[value('a'), value('b')], &DiffOptions::default()).to_text(60);
    insta::assert_snapshot!(text, @r"
    1  0.flent.gz
    2  1.flent.gz

         1  2
    KEY
      1  a--------------------------…--------------------------a
      2  b--------------------------…--------------------------b
    ");
    // However narrow: no panic.
    for width in 0..40 {
        compared(&two(), &DiffOptions::default()).to_text(width);
    }
}

#[test]
fn nothing_differs_between_a_file_and_itself() {
    let [a, _] = two();
    let found = compared(&[a.clone(), a], &DiffOptions { all: true, ..DiffOptions::default() });
    assert!(found.is_same() && found.count() == 0 && found.to_text(80).is_empty());
    assert!(compared(&[], &DiffOptions::default()).is_same());
}
