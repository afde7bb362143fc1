//! Pure domain of the reporting service
