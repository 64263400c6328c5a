//! What a user sees: commands, files, exit codes.
