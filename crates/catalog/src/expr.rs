//! Arithmetic in definitions: `+ - * / //`, `max`, `min`, parentheses, numbers and names.
//!
//! All that Flent's tests need to say when a flow starts and how long it lasts. `//` is division rounded down.

/// Deepest nesting of parentheses and signs; a definition needs two.
const MAX_DEPTH: usize = 32;

/// The value of `text`, asking `lookup` for names.
pub(crate) fn evaluate(text: &str, lookup: &dyn Fn(&str) -> Option<f64>) -> Result<f64, String> {
    let mut parser = Parser { text, rest: text, lookup, depth: 0 };
    let value = parser.sum()?;
    parser.skip_blanks();
    if !parser.rest.is_empty() {
        return Err(parser.complaint("expected an operator"));
    }
    if value.is_finite() { Ok(value) } else { Err(format!("`{text}` is not a finite number")) }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
    lookup: &'a dyn Fn(&str) -> Option<f64>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Result<f64, String> {
        let mut value = self.product()?;
        loop {
            if self.take("+") {
                value += self.product()?;
            } else if self.take("-") {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut value = self.factor()?;
        loop {
            if self.take("*") {
                value *= self.factor()?;
            } else if self.take("//") {
                value = (value / self.divisor()?).floor();
            } else if self.take("/") {
                value /= self.divisor()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn divisor(&mut self) -> Result<f64, String> {
        let value = self.factor()?;
        if value == 0.0 { Err(self.complaint("division by zero")) } else { Ok(value) }
    }

    fn factor(&mut self) -> Result<f64, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.complaint("nested too deeply"));
        }
        let value = if self.take("-") {
            -self.factor()?
        } else if self.take("(") {
            let inner = self.sum()?;
            self.expect(")")?;
            inner
        } else {
            self.atom()?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn atom(&mut self) -> Result<f64, String> {
        self.skip_blanks();
        let word = self.word(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        if word.is_empty() {
            return Err(self.complaint("expected a number or a name"));
        }
        if let Some(hex) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            return u32::from_str_radix(hex, 16)
                .map(f64::from)
                .map_err(|_| format!("`{word}` is not a hexadecimal number"));
        }
        if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return word.parse().map_err(|_| format!("`{word}` is not a number"));
        }
        if word == "max" || word == "min" {
            return self.extreme(word);
        }
        (self.lookup)(word).ok_or_else(|| format!("`{word}` is neither a number nor a name that is known here"))
    }

    fn extreme(&mut self, which: &str) -> Result<f64, String> {
        self.expect("(")?;
        let mut value = self.sum()?;
        while self.take(",") {
            let other = self.sum()?;
            value = if which == "max" { value.max(other) } else { value.min(other) };
        }
        self.expect(")")?;
        Ok(value)
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(token) {
            // `//` is not two `/`, and `*` is not the beginning of `**`.
            Some(rest) if !(token == "/" && rest.starts_with('/')) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(self.complaint(&format!("expected `{token}`"))) }
    }

    fn complaint(&self, what: &str) -> String {
        let column = self.text.len() - self.rest.len() + 1;
        format!("{what} at column {column} of `{}`", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::evaluate;

    fn value(text: &str) -> Result<f64, String> {
        evaluate(text, &|name| match name {
            "L" => Some(60.0),
            "D" => Some(5.0),
            _ => None,
        })
    }

    #[test]
    fn arithmetic_by_hand() {
        for (text, expected) in [
            ("L+2*D", 70.0),
            ("max(L, 6*D)", 60.0),
            ("min(L, 6*D, 7)", 7.0),
            ("L//(D + 8)", 4.0),
            ("-7//2", -4.0),
            ("7/2", 3.5),
            ("-D", -5.0),
            ("2 - 3 - 4", -5.0),
            ("0xb8", 184.0),
            ("2*(L-D)", 110.0),
            (" .5 ", 0.5),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn faults_are_named() {
        for (text, part) in [
            ("", "expected a number"),
            ("L+", "expected a number"),
            ("L D", "expected an operator at column 3"),
            ("X", "`X` is neither"),
            ("1/0", "division by zero"),
            ("1//0", "division by zero"),
            ("(L", "expected `)`"),
            ("max 3", "expected `(`"),
            ("1.2.3", "not a number"),
            ("0xZZ", "hexadecimal"),
        ] {
            let error = value(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn deep_nesting_is_refused_not_overflowed() {
        assert!(value(&"(".repeat(100_000)).is_err());
        assert!(value(&"-".repeat(100_000)).is_err());
    }
}
