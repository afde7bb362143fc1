//! Gongdan library: region
