//! Gongdan service: tickets
