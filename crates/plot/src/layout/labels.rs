//! Shortening sets of labels so that they still tell things apart.
//!
//! In order: as they are; wrapped; without what all have in common; the middle elided. What two labels differ in
//! survives longest.

use crate::scene::{Panel, Scene};
use crate::text::{Metrics, pieces};

/// A set of labels, measured once and fitted to many widths.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LabelSet {
    full: Measured,
    /// Without what all have in common, and what that is.
    short: Option<(Measured, String)>,
    size: f32,
    m: Metrics,
}

#[derive(Debug, Clone, PartialEq)]
struct Measured {
    texts: Vec<String>,
    widths: Vec<f32>,
}

/// How labels are made to fit, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Full,
    FullWrapped,
    Short,
    ShortWrapped,
    Elided,
}

/// A way to fit and what it loses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    way: Way,
    width: f32,
    max_lines: usize,
    shown: usize,
    /// Part of the information lost, 0–1: elided characters count [`ELIDED`] times, common parts as [`IMPLIED`] altogether.
    pub(super) loss: f32,
}

/// What leaving out common parts costs.
const IMPLIED: f32 = 0.03;
/// What an elided character costs: a legend that must be guessed at is worse than a title without its second line.
const ELIDED: f32 = 1.5;

impl Fit {
    pub(super) fn is_elided(&self) -> bool {
        self.way == Way::Elided
    }
}

impl LabelSet {
    pub(super) fn new(labels: Vec<String>, size: f32, m: Metrics) -> Self {
        let measured = |texts: Vec<String>| {
            let widths = texts.iter().map(|t| m.width(t, size)).collect();
            Measured { texts, widths }
        };
        let borrowed: Vec<&str> = labels.iter().map(String::as_str).collect();
        let short = common_parts(&borrowed).map(|parts| (measured(parts.short), parts.common));
        Self { full: measured(labels), short, size, m }
    }

    /// The least harmful way to fit the first `shown` labels into `width` points and `max_lines` lines each.
    pub(super) fn fit(&self, shown: usize, width: f32, max_lines: usize) -> Fit {
        let fit = |way, loss| Fit { way, width, max_lines, shown, loss };
        let plain = |m: &Measured| m.widths[..shown].iter().all(|w| *w <= width);
        let wraps = |m: &Measured| {
            max_lines > 1
                && m.widths[..shown].iter().all(|w| *w <= width * max_lines as f32)
                && m.texts[..shown].iter().all(|t| self.m.wrap(t, self.size, width, max_lines).is_some())
        };
        if plain(&self.full) {
            return fit(Way::Full, 0.0);
        }
        if wraps(&self.full) {
            return fit(Way::FullWrapped, 0.0);
        }
        // Complete labels are better where there is room for them.
        if let Some((short, _)) = &self.short {
            if plain(short) {
                return fit(Way::Short, IMPLIED);
            }
            if wraps(short) {
                return fit(Way::ShortWrapped, IMPLIED);
            }
        }
        // A middle that is gone hardly matters while every label is still its own.
        let gone: f32 = self.shortest().widths[..shown].iter().map(|w| (1.0 - width.max(0.0) / w).max(0.0)).sum();
        fit(Way::Elided, (gone / shown.max(1) as f32 * ELIDED).max(IMPLIED))
    }

    /// The lines of each label, what they no longer say, and the part of them that are no longer distinct.
    ///
    /// - `stride`: only every so many labels.
    pub(super) fn lines(&self, fit: &Fit, stride: usize) -> (Vec<Vec<String>>, Option<String>, f32) {
        let wrap = |t: &String| {
            self.m.wrap(t, self.size, fit.width, fit.max_lines).unwrap_or_else(|| vec![self.elided(t, fit.width)])
        };
        let single = |t: &String| vec![t.clone()];
        let common = self.short.as_ref().map(|s| s.1.clone());
        let full = self.full.texts[..fit.shown].iter().step_by(stride);
        let short = self.shortest().texts[..fit.shown].iter().step_by(stride);
        match fit.way {
            Way::Full => (full.map(single).collect(), None, 0.0),
            Way::FullWrapped => (full.map(wrap).collect(), None, 0.0),
            Way::Short => (short.map(single).collect(), common, 0.0),
            Way::ShortWrapped => (short.map(wrap).collect(), common, 0.0),
            Way::Elided => {
                let lines: Vec<Vec<String>> = short.map(|t| vec![self.elided(t, fit.width)]).collect();
                let mut distinct: Vec<&Vec<String>> = lines.iter().collect();
                distinct.sort_unstable();
                distinct.dedup();
                let alike = 1.0 - distinct.len() as f32 / lines.len().max(1) as f32;
                (lines, common, alike)
            }
        }
    }

    /// The labels without what all have in common, and that.
    pub(super) fn shortest_texts(&self) -> (&[String], Option<String>) {
        (&self.shortest().texts, self.short.as_ref().map(|s| s.1.clone()))
    }

    fn elided(&self, text: &str, width: f32) -> String {
        self.m.elide(text, self.size, width)
    }

    fn shortest(&self) -> &Measured {
        self.short.as_ref().map_or(&self.full, |s| &s.0)
    }
}

/// The far host, where several labels of one panel repeat it.
pub(super) fn unsaid(scene: &Scene) -> Option<&str> {
    let host = scene.host.as_deref();
    let repeats = |panel: &Panel| {
        let entries = panel.legend.iter().flat_map(|legend| &legend.entries).map(|entry| &entry.label);
        let texts = panel.axes.iter().flat_map(|axes| &axes.texts).map(|text| &text.text);
        entries.chain(texts).filter(|label| without(label, host) != **label).count() > 1
    };
    host.filter(|_| scene.panels.iter().any(repeats))
}

/// A label without the name of the host that its series begins with.
pub(super) fn without(label: &str, host: Option<&str>) -> String {
    let begins = |text: &str| host.and_then(|host| text.strip_prefix(host)?.strip_prefix(' ')).map(str::to_owned);
    let within = || {
        let (front, back) = label.split_once(" -- ")?;
        Some(format!("{front} -- {}", begins(back)?))
    };
    begins(label).or_else(within).unwrap_or_else(|| label.to_owned())
}

/// Labels without the parts that all of them share.
struct Parts {
    short: Vec<String>,
    common: String,
}

/// Splits labels `series - file` and removes what the files have in common, or else what the labels have in common.
fn common_parts(labels: &[&str]) -> Option<Parts> {
    if labels.len() < 2 {
        return None;
    }
    // "Avg" stands beside the others and has nothing in common with them.
    let beside = |l: &&str| pieces(l).count() < 2;
    let rest: Vec<&str> = labels.iter().copied().filter(|l| !beside(l)).collect();
    if rest.len() > 1 && rest.len() < labels.len() {
        let parts = common_parts(&rest)?;
        let mut short = parts.short.into_iter();
        let whole = |l: &&str| if beside(l) { Some((*l).to_owned()) } else { short.next() };
        return Some(Parts { short: labels.iter().filter_map(whole).collect(), common: parts.common });
    }
    let split: Option<Vec<(&str, &str)>> = labels.iter().map(|l| l.rsplit_once(" - ")).collect();
    if let Some(split) = split {
        let tails: Vec<&str> = split.iter().map(|s| s.1).collect();
        let heads: Vec<&str> = split.iter().map(|s| s.0).collect();
        if tails.iter().all(|t| *t == tails[0]) {
            let short = heads.iter().map(|h| (*h).to_owned()).collect();
            return Some(Parts { short, common: tails[0].to_owned() });
        }
        if heads.iter().all(|h| *h == heads[0]) {
            let stripped = strip(&tails);
            let own = || tails.iter().map(|t| (*t).to_owned()).collect();
            let common = stripped.as_ref().map_or(String::new(), |parts| format!("; {}", parts.common));
            return Some(Parts {
                short: stripped.map_or_else(own, |parts| parts.short),
                common: format!("{}{common}", heads[0]),
            });
        }
        if let Some(tails) = strip(&tails) {
            let short = heads.iter().zip(&tails.short).map(|(h, t)| format!("{h} - {t}")).collect();
            return Some(Parts { short, common: tails.common });
        }
    }
    strip(labels)
}

/// Replaces the words that all labels share by ellipses, or drops them at the front: by position where all have the same number of words, else at
/// both ends only.
fn strip(labels: &[&str]) -> Option<Parts> {
    let words: Vec<Vec<&str>> = labels.iter().map(|l| pieces(l).collect()).collect();
    if labels.iter().all(|l| *l == labels[0]) {
        return None;
    }
    let shortest = words.iter().map(Vec::len).min()?;
    let even = words.iter().all(|w| w.len() == shortest);
    let first = &words[0];
    let lead = (0..shortest).take_while(|&i| words.iter().all(|w| w[i] == first[i])).count();
    let from_end = |i: usize| words.iter().all(|w| w[w.len() - i] == first[first.len() - i]);
    // Every label keeps a word.
    let tail = (1..=shortest - lead).take_while(|&i| from_end(i)).count().min(shortest.saturating_sub(lead + 1));
    let is_common = |word: usize, of: usize| {
        if even { words.iter().all(|w| w[word] == first[word]) } else { word < lead || word + tail >= of }
    };
    let mut common = String::new();
    let mut short = Vec::with_capacity(labels.len());
    for (k, label) in words.iter().enumerate() {
        let mut out = String::new();
        let mut i = 0;
        while i < label.len() {
            let run = (i..label.len()).take_while(|&w| is_common(w, label.len())).count();
            let text = label[i..i + run.max(1)].concat();
            // An ellipsis must pay for itself.
            if run > 0 && text.chars().count() > 2 {
                // Whole words at the front, such as a host's name, and what a word begins with, such as the key of a
                // value, are not even missed.
                let begins_word = out.is_empty() || out.ends_with(' ');
                let leads = begins_word && i + run < label.len() && text.ends_with([' ', '-', '_', '/', ':']);
                // Nor are whole words at the end.
                let trails = i + run == label.len() && out.ends_with(' ');
                if trails {
                    out.truncate(out.trim_end().len());
                } else if !leads {
                    out.push('…');
                }
                if k == 0 {
                    common.push_str(if common.is_empty() { "" } else { " … " });
                    common.push_str(&text);
                }
            } else {
                out.push_str(&text);
            }
            i += run.max(1);
        }
        short.push(out);
    }
    (!common.is_empty()).then_some(Parts { short, common })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn without_common_parts(labels: &[&str]) -> Option<(Vec<String>, String)> {
        common_parts(labels).map(|p| (p.short, p.common))
    }

    #[test]
    fn what_differs_survives() {
        let (short, common) =
            without_common_parts(&["rrul-2020-01-01-codel-run", "rrul-2020-01-02-fq_codel-run"]).unwrap();
        assert_eq!(short, ["01-…", "02-fq_…"]);
        assert_eq!(common, "rrul-2020-01- … codel-run");
        let (short, common) = without_common_parts(&["a-codel-on-the-gateway-1", "a-cake-on-the-gateway-2"]).unwrap();
        assert_eq!(short, ["a-codel-…1", "a-cake-…2"]);
        assert_eq!(common, "on-the-gateway-");
        let (short, _) = without_common_parts(&["300 ms buffer", "20 ms buffer"]).unwrap();
        assert_eq!(short, ["300", "20"]);
        assert!(without_common_parts(&["BE", "BK"]).is_none());
        assert!(without_common_parts(&["same", "same"]).is_none());
    }

    #[test]
    fn an_average_beside_them_does_not_keep_labels_long() {
        let (short, common) = without_common_parts(&["server UDP BE", "server UDP BK", "server ICMP", "Avg"]).unwrap();
        assert_eq!(
            (short, common.as_str()),
            (vec!["UDP BE".into(), "UDP BK".into(), "ICMP".into(), "Avg".to_owned()], "server ")
        );
    }

    #[test]
    fn the_only_host_is_no_news() {
        let host = Some("srv-05");
        assert_eq!(without("srv-05 UDP BE", host), "UDP BE");
        assert_eq!(without("Ping (ms) -- srv-05 ICMP - codel", host), "Ping (ms) -- ICMP - codel");
        assert_eq!(without("srv-051 UDP", host), "srv-051 UDP");
        assert_eq!(without("Avg", host), "Avg");
        assert_eq!(without("srv-05 UDP", None), "srv-05 UDP");
    }

    #[test]
    fn a_file_common_to_all_labels_goes_into_the_caption() {
        let parts = common_parts(&["BE - a very long name", "BK - a very long name"]).unwrap();
        assert_eq!((parts.short, parts.common.as_str()), (vec!["BE".to_owned(), "BK".into()], "a very long name"));
    }

    #[test]
    fn files_are_compared_with_files() {
        let parts = common_parts(&["BE - run-x-1", "BE - run-x-2", "BK - run-x-1", "BK - run-x-2"]).unwrap();
        assert_eq!(parts.short, ["BE - 1", "BE - 2", "BK - 1", "BK - 2"]);
    }

    #[test]
    fn a_series_common_to_all_labels_and_the_keys_of_values_go() {
        let parts =
            common_parts(&["Ping (ms) - site-0 qdisc:codel rep:1", "Ping (ms) - site-1 qdisc:pie rep:2"]).unwrap();
        assert_eq!(parts.short, ["0 codel 1", "1 pie 2"]);
        assert_eq!(parts.common, "Ping (ms); site- … qdisc: … rep:");
    }

    #[test]
    fn labels_fit_whatever_they_are() {
        let long = ["x".repeat(120), "é".repeat(120), format!("{} {}", "y".repeat(60), "z".repeat(60))];
        let set = LabelSet::new(long.to_vec(), 8.0, Metrics::Embedded);
        for width in [0.0, 5.0, 40.0, 200.0] {
            for lines in 1..4 {
                let fit = set.fit(3, width, lines);
                for line in set.lines(&fit, 1).0.iter().flatten() {
                    assert!(Metrics::Embedded.width(line, 8.0) <= width);
                }
            }
        }
    }

    #[test]
    fn the_kindest_way_is_taken_and_its_loss_is_told() {
        let labels = ["run-2020-codel", "run-2020-cake"].map(str::to_owned).to_vec();
        let m = Metrics::Cells; // Half a point per character at size 1.
        let set = LabelSet::new(labels, 1.0, m);
        let told = |width: f32, lines| {
            let fit = set.fit(2, width, lines);
            let (lines, common, alike) = set.lines(&fit, 1);
            (lines.into_iter().map(|l| l.join("/")).collect::<Vec<_>>(), common, alike, fit.loss)
        };
        assert_eq!(told(7.0, 1), (vec!["run-2020-codel".into(), "run-2020-cake".into()], None, 0.0, 0.0));
        assert_eq!(told(5.0, 2).0, ["run-2020-/codel", "run-2020-/cake"]);
        assert_eq!(told(5.0, 1), (vec!["codel".into(), "cake".into()], Some("run-2020-".into()), 0.0, IMPLIED));
        let (texts, _, alike, loss) = told(1.0, 1);
        assert_eq!((texts, alike), (vec!["c…".to_owned(), "c…".into()], 0.5), "nothing tells them apart");
        // "codel" is 2.5 wide and "cake" 2: three fifths and a half are gone.
        assert!((loss - ELIDED * (0.6 + 0.5) / 2.0).abs() < 1e-6, "{loss}");
    }
}
