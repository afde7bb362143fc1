//! Gongdan library: embedded
