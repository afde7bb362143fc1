//! Gongdan library: pg
