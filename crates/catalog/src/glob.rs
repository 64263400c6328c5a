//! Patterns over series names.
//!
//! | in a glob | matches |
//! |---|---|
//! | `*` | any run of characters without `:`, but for those of an IPv6 address |
//! | `**` | anything |
//! | `?` | any one character |
//! | `[ab]`, `[a-z]`, `[!ab]` | one character of, or not of, a set |
//!
//! The whole name must match. `*` stops at `:` so that `TCP upload*` leaves out child series such as
//! `TCP upload BE::tcp_cwnd`; in `TCP upload BE 2001:db8::1` they belong to the name of a host ([`crate::child`]). Excludes are plain shell globs, where `*` crosses `:` as well.

use crate::Pattern;

impl Pattern {
    /// A pattern without excludes.
    pub fn new(glob: impl Into<String>) -> Self {
        Self { glob: glob.into(), exclude: Vec::new() }
    }

    /// Whether this pattern takes `name`.
    ///
    /// ```
    /// use fa_catalog::Pattern;
    ///
    /// let flows = Pattern { glob: "TCP upload*".into(), exclude: vec!["TCP upload sum".into()] };
    /// assert!(flows.matches("TCP upload BE"));
    /// assert!(!flows.matches("TCP upload sum"));
    /// assert!(!flows.matches("TCP upload BE::tcp_rtt"));
    /// ```
    pub fn matches(&self, name: &str) -> bool {
        self.matcher().matches(name)
    }

    /// The pattern made ready for many names.
    pub fn matcher(&self) -> Matcher {
        Matcher {
            glob: Glob::new(&self.glob, false),
            exclude: self.exclude.iter().map(|glob| Glob::new(glob, true)).collect(),
        }
    }
}

/// A [`Pattern`] made ready for many names.
#[derive(Debug, Clone)]
pub struct Matcher {
    glob: Glob,
    exclude: Vec<Glob>,
}

impl Matcher {
    /// Whether the pattern takes `name`.
    pub fn matches(&self, name: &str) -> bool {
        self.glob.matches(name) && !self.exclude.iter().any(|glob| glob.matches(name))
    }
}

/// Whether `glob` takes the whole of `name`; `*` stops at `:`, `**` does not.
pub fn matches(glob: &str, name: &str) -> bool {
    Glob::new(glob, false).matches(name)
}

/// Whether a plain shell glob takes the whole of `name`.
pub fn matches_shell(glob: &str, name: &str) -> bool {
    Glob::new(glob, true).matches(name)
}

/// A glob taken apart: text that every name must begin with, and what may follow.
#[derive(Debug, Clone)]
struct Glob {
    prefix: String,
    tokens: Vec<Token>,
}

impl Glob {
    fn new(glob: &str, shell: bool) -> Self {
        let mut tokens = tokens(glob, shell);
        let plain = tokens.iter().take_while(|token| matches!(token, Token::Char(_))).count();
        let prefix = tokens
            .drain(..plain)
            .filter_map(|token| match token {
                Token::Char(c) => Some(c),
                _ => None,
            })
            .collect();
        Self { prefix, tokens }
    }

    fn matches(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(self.prefix.as_str()) else { return false };
        // In bytes of `rest`.
        let parts =
            |at: usize| !crate::child::addresses(name).iter().any(|host| host.contains(&(at + self.prefix.len())));
        // Most globs end in their only star: no table is needed for them.
        match self.tokens.as_slice() {
            [] => rest.is_empty(),
            [Token::Run { colons }] => *colons || !rest.match_indices(':').any(|(at, _)| parts(at)),
            tokens if tokens.iter().all(|token| !matches!(token, Token::Run { colons: false })) => {
                run_free(tokens, rest)
            }
            tokens => run(tokens, rest, parts),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Char(char),
    One,
    Set { negated: bool, ranges: Vec<(char, char)> },
    Run { colons: bool },
}

fn tokens(glob: &str, shell: bool) -> Vec<Token> {
    let chars: Vec<char> = glob.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c {
            '*' => {
                let mut stars = 1;
                while chars.get(at) == Some(&'*') {
                    at += 1;
                    stars += 1;
                }
                tokens.push(Token::Run { colons: shell || stars > 1 });
            }
            '?' => tokens.push(Token::One),
            '[' => match set(&chars[at..]) {
                Some((token, used)) => {
                    at += used;
                    tokens.push(token);
                }
                None => tokens.push(Token::Char('[')),
            },
            _ => tokens.push(Token::Char(c)),
        }
    }
    tokens
}

/// The set after a `[`, and how many characters it took; `None` if it is never closed.
fn set(chars: &[char]) -> Option<(Token, usize)> {
    let mut at = 0;
    let negated = chars.first() == Some(&'!');
    if negated {
        at += 1;
    }
    let mut ranges = Vec::new();
    let first = at;
    loop {
        let &low = chars.get(at)?;
        if low == ']' && at > first {
            return Some((Token::Set { negated, ranges }, at + 1));
        }
        match (chars.get(at + 1), chars.get(at + 2)) {
            (Some('-'), Some(&high)) if high != ']' => {
                ranges.push((low, high));
                at += 3;
            }
            _ => {
                ranges.push((low, low));
                at += 1;
            }
        }
    }
}

/// Where every star crosses anything, going back to the last star is enough.
fn run_free(tokens: &[Token], name: &str) -> bool {
    let mut rest = name.chars();
    let mut at = 0;
    let mut star: Option<(usize, std::str::Chars)> = None;
    loop {
        if let Some(Token::Run { .. }) = tokens.get(at) {
            at += 1;
            star = Some((at, rest.clone()));
            continue;
        }
        let mut ahead = rest.clone();
        match (tokens.get(at), ahead.next()) {
            (None, None) => return true,
            (Some(token), Some(c)) if takes(token, c) => {
                at += 1;
                rest = ahead;
                continue;
            }
            _ => {}
        }
        let Some((after, from)) = &mut star else { return false };
        if from.next().is_none() {
            return false;
        }
        at = *after;
        rest = from.clone();
    }
}

/// Table of which prefixes match: time is tokens × characters whatever the pattern.
///
/// - `parts`: whether the colon at a byte is one that a star stops at.
fn run(tokens: &[Token], name: &str, parts: impl Fn(usize) -> bool) -> bool {
    let chars: Vec<char> = name.chars().collect();
    let stops: Vec<bool> = name.char_indices().map(|(at, c)| c == ':' && parts(at)).collect();
    let mut reachable = vec![false; chars.len() + 1];
    reachable[0] = true;
    for token in tokens {
        let mut next = vec![false; chars.len() + 1];
        if let Token::Run { colons } = token {
            let mut inside = false;
            for (at, slot) in next.iter_mut().enumerate() {
                if at > 0 && !colons && stops[at - 1] {
                    inside = false;
                }
                inside |= reachable[at];
                *slot = inside;
            }
        } else {
            for (at, &c) in chars.iter().enumerate() {
                next[at + 1] = reachable[at] && takes(token, c);
            }
        }
        reachable = next;
    }
    reachable[chars.len()]
}

fn takes(token: &Token, c: char) -> bool {
    match token {
        Token::Char(wanted) => *wanted == c,
        Token::One => true,
        Token::Set { negated, ranges } => ranges.iter().any(|&(low, high)| low <= c && c <= high) != *negated,
        Token::Run { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{matches, matches_shell};

    #[test]
    fn stars_and_colons() {
        for (glob, name, plain, shell) in [
            ("TCP*", "TCP upload BE", true, true),
            ("TCP*", "TCP upload::1", false, true),
            ("TCP**", "TCP upload::1", true, true),
            ("TCP upload::*", "TCP upload::1", true, true),
            ("TCP * BE::*", "TCP download BE::7", true, true),
            ("TCP * BE::*", "TCP download BK::7", false, false),
            ("TCP*", "TCP upload fd00::1", true, true),
            ("TCP*", "TCP upload fd00::1::tcp_rtt", false, true),
            ("* (*) ::1", "Ping (ms) ::1", true, true),
            ("*load*::tcp_rtt", "TCP upload fd00::1::tcp_rtt", true, true),
            ("TCP upload", "TCP upload BE", false, false),
            ("*upload avg*", "SCTP upload avg", true, true),
            ("a*b*c", "axxbyyc", true, true),
            ("a*b*c", "axxb:yc", false, true),
            ("", "", true, true),
            ("*", "", true, true),
            ("?", ":", true, true),
            ("CS[0-2]", "CS1", true, true),
            ("CS[!0-2]", "CS1", false, false),
            ("[]x]", "]", true, true),
            ("[x", "[x", true, true),
            ("Ping (ms) ICMP * (extra)", "Ping (ms) ICMP x1 (extra)", true, true),
        ] {
            assert_eq!(matches(glob, name), plain, "{glob} on {name}");
            assert_eq!(matches_shell(glob, name), shell, "shell {glob} on {name}");
        }
    }

    #[test]
    fn both_ways_of_matching_agree() {
        use super::{run, run_free, tokens};

        let globs = ["*a*b", "**", "a?c*", "*fair*", "[ab]*:*", "*:*:*", "x*", "*x", "*aab*a"];
        let names = ["", "a", "ab", "aab", "acb:ab", "a:b:c", "unfairness", "xx", "b:", "aaabaaba", ":::", "äb"];
        for glob in globs {
            let tokens = tokens(glob, true);
            for name in names {
                assert_eq!(run(&tokens, name, |_| true), run_free(&tokens, name), "{glob} on {name}");
            }
        }
    }

    #[test]
    fn many_stars_cost_no_more_than_the_table() {
        let name = "a".repeat(2000);
        assert!(!matches(&("*a".repeat(200) + "b"), &name));
    }
}
