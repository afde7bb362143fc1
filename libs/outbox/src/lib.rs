//! Gongdan library: outbox
