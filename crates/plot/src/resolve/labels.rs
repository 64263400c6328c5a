//! Labels: which series and file, and the user's filters over them.

use regex::Regex;

use crate::options::FigureOptions;

/// Shortest common part that is worth dropping from labels.
const SHORTEST_COMMON: usize = 4;

/// The label of a series of a subject: `series - subject` when several subjects are compared.
pub(crate) fn series_label(series: Option<&str>, subject: &str, several: bool) -> Option<String> {
    match (series, several) {
        (None, _) => None,
        (Some(series), false) => Some(series.to_owned()),
        (Some(series), true) if subject.is_empty() => Some(series.to_owned()),
        (Some(series), true) => Some(format!("{series} - {subject}")),
    }
}

/// The same where the axis says which series it is: a single series goes without its name, and alone without a label.
pub(crate) fn only_what_differs(
    series: Option<&str>,
    subject: &str,
    several_series: bool,
    several: bool,
) -> Option<String> {
    match (several_series, several) {
        (true, several) => series_label(series, subject, several),
        (false, true) => Some(subject.to_owned()),
        (false, false) => None,
    }
}

/// The user's filters, compiled once.
#[derive(Debug)]
pub(crate) struct LabelFilter {
    replace: Vec<(String, String)>,
    remove: Vec<Regex>,
    shorten: bool,
}

impl LabelFilter {
    pub(crate) fn new(options: &FigureOptions) -> Self {
        Self {
            replace: options.replace_legend.clone(),
            // The option table accepts no other expressions.
            remove: options.filter_regexp.iter().filter_map(|r| Regex::new(r).ok()).collect(),
            shorten: options.filter_legend,
        }
    }

    /// The regular expressions.
    pub(crate) fn expressions(&self) -> &[Regex] {
        &self.remove
    }

    /// Labels as they are shown: texts replaced, matches dropped, and, if asked for, without what all have in common.
    pub(crate) fn apply(&self, labels: &[String]) -> Vec<String> {
        let one = |label: &String| {
            let mut label = label.clone();
            for (from, to) in &self.replace {
                label = label.replace(from, to);
            }
            for expression in &self.remove {
                label = expression.replace_all(&label, "").into_owned();
            }
            label
        };
        let labels: Vec<String> = labels.iter().map(one).collect();
        if self.shorten { without_common_part(&labels) } else { labels }
    }
}

/// Labels without the longest run of whole words that all of them share, nor the words they all begin with.
///
/// Words are cut at blanks and punctuation, so no word loses a part. A single label, and labels that would all become
/// empty, stay. The label `Avg` takes no part.
fn without_common_part(labels: &[String]) -> Vec<String> {
    let mut words: Vec<Vec<&str>> = labels.iter().map(|l| split_words(l)).collect();
    let compared: Vec<usize> = (0..labels.len()).filter(|i| labels[*i] != "Avg").collect();
    let different = compared.iter().any(|i| labels[*i] != labels[compared[0]]);
    if compared.len() < 2 || !different {
        return labels.to_vec();
    }
    let common = longest_common_run(&words, &compared);
    if let Some(common) = &common {
        for i in &compared {
            remove_run(&mut words[*i], common);
        }
    }
    while let Some(first) = words[compared[0]].first().copied()
        && compared.iter().all(|i| words[*i].len() > 1 && words[*i].first() == Some(&first))
    {
        for i in &compared {
            words[*i].remove(0);
        }
    }
    words.iter().zip(labels).map(|(words, label)| shown(words, label)).collect()
}

/// What is left, without separators at its ends; the whole label when nothing is left.
fn shown(words: &[&str], label: &str) -> String {
    let text = words.concat();
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '-' || c == ':').trim();
    if text.is_empty() { label.to_owned() } else { text.to_owned() }
}

/// Words and the separators between them, each a piece; joined they give the label.
fn split_words(label: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut last_word = None;
    for (i, c) in label.char_indices() {
        let word = c.is_alphanumeric();
        if last_word.is_some_and(|last| last != word) {
            pieces.push(&label[start..i]);
            start = i;
        }
        last_word = Some(word);
    }
    if start < label.len() {
        pieces.push(&label[start..]);
    }
    pieces
}

/// The longest (in characters) run of pieces that occurs in all compared labels.
fn longest_common_run<'l>(words: &[Vec<&'l str>], compared: &[usize]) -> Option<Vec<&'l str>> {
    let first = &words[compared[0]];
    let mut best: Option<(usize, &[&'l str])> = None;
    for from in 0..first.len() {
        for to in from + 1..=first.len() {
            let run = &first[from..to];
            let len: usize = run.iter().map(|w| w.chars().count()).sum();
            let everywhere = compared.iter().all(|i| words[*i].windows(run.len()).any(|w| w == run));
            if everywhere && len >= SHORTEST_COMMON && best.is_none_or(|(l, _)| len > l) {
                best = Some((len, run));
            }
        }
    }
    best.map(|(_, run)| run.to_vec())
}

/// Two words that then meet keep a separator between them.
fn remove_run<'l>(words: &mut Vec<&'l str>, run: &[&'l str]) {
    let Some(at) = words.windows(run.len()).position(|w| w == run) else { return };
    let is_word = |piece: Option<&&str>| piece.is_some_and(|p| p.starts_with(char::is_alphanumeric));
    let meet = at > 0 && is_word(words.get(at - 1)) && is_word(words.get(at + run.len()));
    let separator = run.iter().find(|piece| !is_word(Some(piece))).copied();
    words.splice(at..at + run.len(), separator.filter(|_| meet));
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn filtered(pairs: &[(&str, &str)], labels: &[&str]) -> Vec<String> {
        let options = FigureOptions::from_pairs(pairs.iter().copied()).unwrap();
        LabelFilter::new(&options).apply(&labels.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn texts_are_replaced_before_matches_are_dropped() {
        assert_eq!(
            filtered(&[("replace-legend", "codel=X"), ("filter-regexp", "-0[0-9]")], &["codel-01", "pie-02"]),
            ["X", "pie"]
        );
    }

    #[test]
    fn common_words_go_and_no_word_is_cut() {
        let on = [("filter-legend", "")];
        assert_eq!(filtered(&on, &["TCP Upload", "HTTP get (ms)"]), ["TCP Upload", "HTTP get (ms)"]);
        assert_eq!(filtered(&on, &["Ping (ms) -- a.example UDP", "Ping (ms) -- a.example ICMP"]), ["UDP", "ICMP"]);
        assert_eq!(filtered(&on, &["BE - run-codel-01", "BE2 - run-codel-02"]), ["BE - 01", "BE2 - 02"]);
        assert_eq!(
            filtered(&on, &["Up - run-codel-01", "Ping (ms) - run-codel-01", "Up - run-codel-02"]),
            ["Up - 01", "Ping (ms) - 01", "Up - 02"]
        );
    }

    #[test]
    fn labels_that_would_vanish_stay() {
        let on = [("filter-legend", "")];
        assert_eq!(filtered(&on, &["Download"]), ["Download"]);
        assert_eq!(filtered(&on, &["same", "same"]), ["same", "same"]);
        assert_eq!(filtered(&on, &["TCP up avg", "TCP up avg", "TCP up"])[2], "TCP up");
        assert_eq!(filtered(&on, &["load 1", "load 2", "Avg"]), ["1", "2", "Avg"]);
    }
}
