//! Gongdan library: bus
