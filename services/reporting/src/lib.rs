//! Gongdan service: reporting
