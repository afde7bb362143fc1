//! Gongdan library: runtime
