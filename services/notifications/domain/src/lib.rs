//! Pure domain of the notifications service
