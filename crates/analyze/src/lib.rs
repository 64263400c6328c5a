//! Numbers from numbers: selection, statistics, CDF, boxes, computed series, export.
