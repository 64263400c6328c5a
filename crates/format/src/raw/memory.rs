//! What raw values take of memory, and letting go of the text that they came from.

use std::sync::Arc;

use super::value::Kinds;
use super::{Index, Later, RawSeries, RawValues, Slot};

impl RawValues {
    /// The file that they can be read from again.
    pub(crate) fn remember(&mut self, later: Later) {
        self.later = Some(later);
    }

    /// The same values as packed numbers alone, without the text of the file: about an eighth of the memory. Parses every series.
    ///
    /// Writing them verbatim reads the file again. `None` where there is no text, or no file to come back to.
    pub fn without_text(&self) -> Option<Self> {
        let later = self.later.clone()?;
        self.index.get()?;
        Some(self.clone().keep(|_| true, later).packed())
    }

    fn packed(mut self) -> Self {
        for slot in self.kept.values_mut() {
            if let Some(mut parsed) = slot.parsed.take() {
                parsed.series = parsed.series.map(|series| Arc::new(series.packed()));
                slot.parsed = parsed.into();
            }
        }
        self
    }

    /// Bytes of text and of parsed numbers.
    pub fn memory_bytes(&self) -> usize {
        let text = self.index.get().map_or(0, Index::memory_bytes);
        text + self.kept.values().map(Slot::memory_bytes).sum::<usize>()
    }
}

impl Index {
    fn memory_bytes(&self) -> usize {
        self.text.capacity() + self.slots.values().map(Slot::memory_bytes).sum::<usize>()
    }
}

impl Slot {
    fn memory_bytes(&self) -> usize {
        self.parsed.get().and_then(|parsed| parsed.series.as_ref()).map_or(0, |series| series.memory_bytes())
    }
}

impl RawSeries {
    /// Bytes of its columns.
    pub fn memory_bytes(&self) -> usize {
        let columns = self.columns.iter().map(|column| {
            let kinds = match &column.kinds {
                Kinds::Uniform(_) => 0,
                Kinds::Each(each) => each.capacity(),
            };
            let texts: usize = column.texts.iter().map(|(_, text)| 24 + text.len()).sum();
            column.bytes() + kinds + texts
        });
        let blocks: usize = self.blocks.iter().map(super::block::Block::memory_bytes).sum();
        self.sparse_t.capacity() * 8 + columns.sum::<usize>() + blocks
    }
}
