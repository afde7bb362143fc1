//! Whole-suite tests
