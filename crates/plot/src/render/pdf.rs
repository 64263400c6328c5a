//! PDF with real text in the embedded font, from the page's SVG.

use super::{RenderError, tree};
use crate::page::Page;

/// The page as a PDF file of the page's size.
///
/// # Errors
/// Faults of this program only.
pub fn pdf(page: &Page) -> Result<Vec<u8>, RenderError> {
    let options = svg2pdf::PageOptions { dpi: 72.0 };
    let mut file = svg2pdf::to_pdf(&tree(page)?, svg2pdf::ConversionOptions::default(), options)
        .map_err(|e| RenderError::Document(e.to_string()))?;
    in_order(&mut file);
    Ok(file)
}

/// Puts the entries of resource dictionaries in order: svg2pdf keeps them in a hash map, so that the same page would give
/// different bytes each time. A permutation of whole lines: no object changes its place or length.
fn in_order(file: &mut [u8]) {
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for (end, _) in file.iter().enumerate().filter(|(_, b)| **b == b'\n') {
        lines.push((start, end + 1));
        start = end + 1;
    }
    let mut i = 0;
    while i < lines.len() {
        let entries = |from: usize| lines[from..].iter().take_while(|(a, z)| name_of(&file[*a..*z]).is_some()).count();
        let run = entries(i);
        if run > 1 {
            let (from, to) = (lines[i].0, lines[i + run - 1].1);
            let mut entries: Vec<&[u8]> = lines[i..i + run].iter().map(|(a, z)| &file[*a..*z]).collect();
            entries.sort_by_key(|line| name_of(line));
            let sorted = entries.concat();
            file[from..to].copy_from_slice(&sorted);
        }
        i += run.max(1);
    }
}

/// Name and number of an entry `/xo12 34 0 R` of a resource dictionary.
fn name_of(line: &[u8]) -> Option<(&[u8], u32)> {
    let rest = line.trim_ascii_start();
    if rest.len() == line.len() {
        return None;
    }
    let (name, reference) = rest.strip_prefix(b"/")?.split_at_checked(2)?;
    if ![b"xo", b"gs"].iter().any(|known| name == *known) {
        return None;
    }
    let words: Vec<&[u8]> = reference.trim_ascii_end().split(|b| *b == b' ').collect();
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<u32>().ok();
    let [index, object, b"0", b"R"] = words.as_slice() else { return None };
    number(object)?;
    Some((name, number(index)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_put_in_order_and_nothing_else_moves() {
        let mut file = *b"<<\n  /xo10 7 0 R\n  /xo2 18 0 R\n>>\n/xo1 gs\n  /gs1 2 0 R\n  /gs0 3 0 R\n";
        in_order(&mut file);
        assert_eq!(&file, b"<<\n  /xo2 18 0 R\n  /xo10 7 0 R\n>>\n/xo1 gs\n  /gs0 3 0 R\n  /gs1 2 0 R\n");
    }
}
