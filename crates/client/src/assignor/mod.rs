//! Which member of a group consumes which partitions.
