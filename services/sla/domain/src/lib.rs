//! Pure domain of the sla service
