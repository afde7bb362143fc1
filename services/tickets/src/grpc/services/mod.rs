//! The traits of the contract's services: one file each, one line an RPC.

mod timeline;
