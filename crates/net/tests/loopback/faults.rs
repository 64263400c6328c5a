//! What is kept, and said, when things go wrong.
