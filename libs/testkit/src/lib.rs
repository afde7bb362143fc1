//! Gongdan library: testkit
