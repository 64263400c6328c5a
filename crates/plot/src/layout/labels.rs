//! Shortening sets of labels so that they still tell things apart.
//!
//! In order: as they are; wrapped; without what all have in common; the middle elided. What two labels differ in
//! survives longest.

use crate::text::Metrics;

/// A set of labels made to fit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shortened {
    /// Lines of each label.
    pub(super) lines: Vec<Vec<String>>,
    /// Part of the characters lost to elision, 0–1; common parts count as [`IMPLIED`] altogether.
    pub(super) loss: f32,
    /// What the labels have in common and no longer say.
    pub(super) common: Option<String>,
}

/// What leaving out common parts costs.
const IMPLIED: f32 = 0.03;

/// Fits labels into `width` points and `max_lines` lines each.
pub(super) fn shorten(labels: &[&str], width: f32, size: f32, max_lines: usize, m: Metrics) -> Shortened {
    let fits = |text: &str| m.width(text, size) <= width;
    let single = |texts: &[String]| texts.iter().map(|t| vec![t.clone()]).collect::<Vec<_>>();
    if labels.iter().all(|l| fits(l)) {
        let lines = labels.iter().map(|l| vec![(*l).to_owned()]).collect();
        return Shortened { lines, loss: 0.0, common: None };
    }
    let wrapped = |texts: &[&str]| texts.iter().map(|t| m.wrap(t, size, width, max_lines)).collect::<Option<Vec<_>>>();
    if max_lines > 1
        && let Some(lines) = wrapped(labels)
    {
        return Shortened { lines, loss: 0.0, common: None };
    }
    let (texts, common) = match common_parts(labels) {
        Some(parts) => (parts.short, Some(parts.common)),
        None => (labels.iter().map(|l| (*l).to_owned()).collect(), None),
    };
    // Complete labels are better where there is room for them.
    let implied = if common.is_some() { IMPLIED } else { 0.0 };
    if texts.iter().all(|t| fits(t)) {
        return Shortened { lines: single(&texts), loss: implied, common };
    }
    let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
    if max_lines > 1
        && let Some(lines) = wrapped(&borrowed)
    {
        return Shortened { lines, loss: implied, common };
    }
    let elided: Vec<String> = texts.iter().map(|t| m.elide(t, size, width)).collect();
    let (before, after) = (chars(&texts), chars(&elided));
    let loss = 1.0 - after.min(before) as f32 / before.max(1) as f32;
    Shortened { lines: single(&elided), loss: loss.max(implied), common }
}

fn chars(texts: &[String]) -> usize {
    texts.iter().map(|t| t.chars().count()).sum()
}

/// Labels without the parts that all of them share.
struct Parts {
    short: Vec<String>,
    common: String,
}

/// The labels without their common parts, or `None` when there are none worth leaving out.
pub(super) fn without_common_parts(labels: &[&str]) -> Option<Vec<String>> {
    common_parts(labels).map(|p| p.short)
}

/// Splits labels `series - file` and removes what the files have in common, or else what the labels have in common.
fn common_parts(labels: &[&str]) -> Option<Parts> {
    if labels.len() < 2 {
        return None;
    }
    let split: Option<Vec<(&str, &str)>> = labels.iter().map(|l| l.rsplit_once(" - ")).collect();
    if let Some(split) = split {
        let tails: Vec<&str> = split.iter().map(|s| s.1).collect();
        let heads: Vec<&str> = split.iter().map(|s| s.0).collect();
        if tails.iter().all(|t| *t == tails[0]) {
            let short = heads.iter().map(|h| (*h).to_owned()).collect();
            return Some(Parts { short, common: tails[0].to_owned() });
        }
        if let Some(tails) = strip(&tails) {
            let short = heads.iter().zip(&tails.short).map(|(h, t)| format!("{h} - {t}")).collect();
            return Some(Parts { short, common: tails.common });
        }
    }
    strip(labels)
}

/// Removes leading and trailing words that all labels share; a cut is marked with an ellipsis.
fn strip(labels: &[&str]) -> Option<Parts> {
    let words: Vec<Vec<&str>> =
        labels.iter().map(|l| l.split_inclusive([' ', '-', '_', '/', ',', ':']).collect()).collect();
    let mut distinct = labels.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < 2 {
        return None;
    }
    let shortest = words.iter().map(Vec::len).min().unwrap_or(0);
    let first = &words[0];
    let lead = (0..shortest).take_while(|&i| words.iter().all(|w| w[i] == first[i])).count();
    let tail =
        (1..=shortest - lead).take_while(|&i| words.iter().all(|w| w[w.len() - i] == first[first.len() - i])).count();
    // Every label keeps a word.
    let tail = tail.min(shortest.saturating_sub(lead + 1));
    let front: String = first[..lead].concat();
    let back: String = first[first.len() - tail..].concat();
    // An ellipsis must pay for itself.
    let front = if front.chars().count() > 2 { front } else { String::new() };
    let back = if back.chars().count() > 2 { back } else { String::new() };
    if front.is_empty() && back.is_empty() {
        return None;
    }
    let short = labels
        .iter()
        .map(|l| {
            let core = &l[front.len()..l.len() - back.len()];
            let lead = if front.is_empty() { "" } else { "…" };
            let trail = if back.is_empty() { "" } else { "…" };
            format!("{lead}{core}{trail}")
        })
        .collect();
    let gap = if front.is_empty() || back.is_empty() { "" } else { "…" };
    Some(Parts { short, common: format!("{front}{gap}{back}") })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_differs_survives() {
        let short = without_common_parts(&["rrul-2020-01-01-codel-run", "rrul-2020-01-02-fq_codel-run"]).unwrap();
        assert_eq!(short, ["…01-…", "…02-fq_…"]);
        assert!(without_common_parts(&["BE", "BK"]).is_none());
        assert!(without_common_parts(&["same", "same"]).is_none());
    }

    #[test]
    fn a_file_common_to_all_labels_goes_into_the_caption() {
        let parts = common_parts(&["BE - a very long name", "BK - a very long name"]).unwrap();
        assert_eq!((parts.short, parts.common.as_str()), (vec!["BE".to_owned(), "BK".into()], "a very long name"));
    }

    #[test]
    fn files_are_compared_with_files() {
        let parts = common_parts(&["BE - run-x-1", "BE - run-x-2", "BK - run-x-1", "BK - run-x-2"]).unwrap();
        assert_eq!(parts.short, ["BE - …1", "BE - …2", "BK - …1", "BK - …2"]);
    }

    #[test]
    fn labels_fit_whatever_they_are() {
        let long = ["x".repeat(120), "é".repeat(120), format!("{} {}", "y".repeat(60), "z".repeat(60))];
        let labels: Vec<&str> = long.iter().map(String::as_str).collect();
        for width in [0.0, 5.0, 40.0, 200.0] {
            for lines in 1..4 {
                let s = shorten(&labels, width, 8.0, lines, Metrics::Embedded);
                for line in s.lines.iter().flatten() {
                    assert!(Metrics::Embedded.width(line, 8.0) <= width);
                }
            }
        }
    }
}
