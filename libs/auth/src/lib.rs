//! Gongdan library: auth
