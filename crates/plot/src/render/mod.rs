//! Painting a [`Page`]: SVG, PNG, PDF and the terminal. Nothing is decided here.

mod pdf;
mod png;
mod svg;
mod terminal;

use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use pdf::pdf;
pub use png::{pixels, png, png_of_pixels};
pub use svg::{Outline, outline, svg};
pub use terminal::{terminal, terminal_themed};

use crate::page::Page;
use crate::text::{FAMILY, embedded_font};

/// What a figure can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Scalable vector graphics, text as text.
    Svg,
    /// Pixels.
    Png,
    /// Portable document format, text as text.
    Pdf,
    /// The numbers drawn.
    Json,
    /// Characters for a terminal.
    Terminal,
}

impl Format {
    /// All formats with their names on the command line.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("svg", Self::Svg),
        ("png", Self::Png),
        ("pdf", Self::Pdf),
        ("json", Self::Json),
        ("terminal", Self::Terminal),
    ];

    /// By name, as `--format` takes it.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(n, _)| name.eq_ignore_ascii_case(n)).map(|(_, format)| format)
    }

    /// By the suffix of a file name: `.svg`, `.png`, `.pdf`, `.json`, `.txt`.
    ///
    /// # Errors
    /// [`RenderError::UnknownSuffix`] for any other.
    pub fn from_path(path: &Path) -> Result<Self, RenderError> {
        let suffix = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        match suffix.as_str() {
            "txt" => Some(Self::Terminal),
            "terminal" => None,
            name => Self::named(name),
        }
        .ok_or_else(|| RenderError::UnknownSuffix { path: path.display().to_string() })
    }
}

/// Why a page could not be painted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The file name does not tell a format.
    #[error("cannot tell the format of {path:?} from its suffix: there is .svg, .png, .pdf, .json and .txt")]
    UnknownSuffix {
        /// The name.
        path: String,
    },
    /// The image would be too large to be meant.
    #[error(
        "an image of {width} x {height} pixels is too large (at most {most} pixels)\nhint: a smaller --dpi, or SVG or PDF"
    )]
    TooLarge {
        /// Pixels.
        width: u64,
        /// Pixels.
        height: u64,
        /// Limit on their product.
        most: u64,
    },
    /// The vector image could not be read back; a fault of this program.
    #[error("the figure's SVG could not be read back: {0}")]
    Vector(#[from] usvg::Error),
    /// The PNG could not be encoded.
    #[error("the PNG could not be encoded: {0}")]
    Pixels(String),
    /// The PDF could not be made.
    #[error("the PDF could not be made: {0}")]
    Document(String),
}

/// The page as a tree of vector graphics that knows only the embedded font; one unit is one point.
fn tree(page: &Page) -> Result<usvg::Tree, RenderError> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let fontdb = FONTS.get_or_init(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_source(usvg::fontdb::Source::Binary(Arc::new(embedded_font())));
        Arc::new(fonts)
    });
    let options =
        usvg::Options { dpi: 72.0, font_family: FAMILY.into(), fontdb: Arc::clone(fontdb), ..usvg::Options::default() };
    Ok(usvg::Tree::from_str(&svg(page), &options)?)
}
