//! Gongdan service: routing
