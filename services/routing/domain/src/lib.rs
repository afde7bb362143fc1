//! Pure domain of the routing service
