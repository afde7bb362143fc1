//! Gongdan service: callback
