//! Gongdan library: telemetry
