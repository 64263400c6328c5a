//! PDF with real text in the embedded font, from the page's SVG.

use super::{RenderError, tree};
use crate::page::Page;

/// The page as a PDF file of the page's size.
///
/// # Errors
/// Faults of this program only.
pub fn pdf(page: &Page) -> Result<Vec<u8>, RenderError> {
    let options = svg2pdf::PageOptions { dpi: 72.0 };
    svg2pdf::to_pdf(&tree(page)?, svg2pdf::ConversionOptions::default(), options)
        .map_err(|e| RenderError::Document(e.to_string()))
}
