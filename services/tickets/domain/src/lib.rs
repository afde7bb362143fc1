//! Pure domain of the tickets service
