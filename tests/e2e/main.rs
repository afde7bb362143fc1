//! Whole-suite tests: six real services, PostgreSQL and NATS, through gRPC and the client.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of tests fails the test")]

mod anonymous;
mod at_the_desk;
mod consumers;
mod desk;
mod desk_work;
mod duty;
mod erasure;
mod found_and_known;
mod hard_case;
mod import;
mod one_machine;
mod outages;
mod personal_data;
mod r10_reassign;
mod r11_suggest;
mod r1_organisation;
mod r3_duty;
mod r5_direct_dispatch;
mod r7_explain;
mod r8_returns;
mod r9_claim;
mod records;
mod rules;
mod s10_schedules;
mod supervision;
mod the_loop;
mod tracing;
mod waiting;
