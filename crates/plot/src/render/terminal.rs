//! Characters for a terminal.
use crate::scene::Scene;
/// Not yet.
pub fn terminal(_scene: &Scene, _columns: usize, _rows: usize, _colour: bool) -> String {
    String::new()
}
