//! Gongdan service: notifications
