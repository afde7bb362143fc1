//! Gongdan service: sla
