//! Names of tabs: of plot and file only what tells a view from the others.

/// What a view shows, in full.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Full {
    /// Plot.
    pub plot: String,
    /// Title of the first file.
    pub file: String,
    /// How many files.
    pub files: usize,
}

impl Full {
    /// Everything that is known: for tooltips and screen readers.
    pub fn text(&self) -> String {
        let more = if self.files > 1 { format!(" +{}", self.files - 1) } else { String::new() };
        if self.file.is_empty() { self.plot.clone() } else { format!("{} · {}{more}", self.plot, self.file) }
    }
}

/// Short names of views, in their order: parts that all have in common are left out, and views that show the same are
/// numbered. A view alone has its plot's name.
pub fn short(views: &[Full]) -> Vec<String> {
    let differ = |part: fn(&Full) -> &str| views.iter().any(|view| part(view) != part(&views[0]));
    let plots = differ(|view| &view.plot);
    let files = differ(|view| &view.file);
    let titles = if files {
        without_common(&views.iter().map(|view| view.file.as_str()).collect::<Vec<_>>())
    } else {
        vec![String::new(); views.len()]
    };
    let mut names: Vec<String> = views
        .iter()
        .zip(titles)
        .map(|(view, title)| {
            let mut parts = Vec::new();
            if plots || !files {
                parts.push(view.plot.clone());
            }
            if !title.is_empty() {
                parts.push(title);
            }
            let name = parts.join(" · ");
            match (files, view.files) {
                (true, 2..) => format!("{name} +{}", view.files - 1),
                (false, 2..) => format!("{name} · {} files", view.files),
                _ => name,
            }
        })
        .collect();
    for at in 0..names.len() {
        let same: Vec<usize> = (at..names.len()).filter(|i| names[*i] == names[at]).collect();
        if same.len() > 1 {
            for (n, i) in same.into_iter().enumerate() {
                names[i] = format!("{} ({})", names[i], n + 1);
            }
        }
    }
    names
}

/// Texts without the words that all begin or end with; each keeps at least one.
fn without_common(texts: &[&str]) -> Vec<String> {
    let words: Vec<Vec<&str>> = texts.iter().map(|text| text.split_whitespace().collect()).collect();
    let shortest = words.iter().map(Vec::len).min().unwrap_or(0).saturating_sub(1);
    let all = |same: &dyn Fn(&[&str]) -> Option<String>| {
        let first = words.first().and_then(|w| same(w));
        first.is_some() && words.iter().all(|w| same(w) == first)
    };
    let mut head = (0..shortest).take_while(|i| all(&|w| w.get(*i).map(|s| (*s).to_owned()))).count();
    let mut tail = (0..shortest - head)
        .take_while(|i| all(&|w| w.len().checked_sub(i + 1).and_then(|at| w.get(at)).map(|s| (*s).to_owned())))
        .count();
    // A number alone says nothing: it keeps its unit, or the word before it.
    let lone = |w: &Vec<&str>| matches!(w[head..w.len() - tail], [word] if word.parse::<f64>().is_ok());
    if words.iter().any(lone) {
        if tail > 0 { tail -= 1 } else { head = head.saturating_sub(1) }
    }
    words.iter().map(|w| w[head..w.len() - tail].join(" ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(plot: &str, file: &str, files: usize) -> Full {
        Full { plot: plot.into(), file: file.into(), files }
    }

    #[test]
    fn tabs_say_what_differs() {
        assert_eq!(short(&[view("all", "a run", 1)]), ["all"]);
        assert_eq!(short(&[view("all", "a run", 3)]), ["all · 3 files"]);
        // The same plot of other files: what differs in their titles.
        let same =
            [view("all", "lab codel rep 1", 1), view("all", "lab fq_codel rep 1", 1), view("all", "lab pie rep 1", 1)];
        assert_eq!(short(&same), ["codel", "fq_codel", "pie"]);
        // Other plots of one file.
        assert_eq!(short(&[view("all", "x", 1), view("ping", "x", 1)]), ["all", "ping"]);
        // Both.
        assert_eq!(short(&[view("all", "300 ms", 1), view("ping", "20 ms", 2)]), ["all · 300 ms", "ping · 20 ms +1"]);
        // Nothing differs.
        assert_eq!(short(&[view("all", "x", 1), view("all", "x", 1)]), ["all (1)", "all (2)"]);
        assert!(short(&[]).is_empty());
    }

    #[test]
    fn a_word_is_left_of_every_title() {
        assert_eq!(without_common(&["a b", "a"]), ["a b", "a"]);
        assert_eq!(without_common(&["a b c", "a c"]), ["b c", "c"]);
        assert_eq!(without_common(&["", "x"]), ["", "x"]);
        assert_eq!(without_common(&["codel rep 1", "codel rep 2"]), ["rep 1", "rep 2"]);
        assert_eq!(without_common(&["300 ms buffer", "20 ms buffer"]), ["300 ms", "20 ms"]);
    }
}
