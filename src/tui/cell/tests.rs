//! Cells as they look, and the transcript as events make it.
