//! .flent.gz data files: data set, metadata, reading every version, writing, index.
