//! The egui viewer (not built yet).
