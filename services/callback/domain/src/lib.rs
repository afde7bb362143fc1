//! Pure domain of the callback service
