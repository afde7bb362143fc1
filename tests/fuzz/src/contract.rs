//! The RPCs there are, from their descriptors.

use prost_reflect::{DescriptorPool, MessageDescriptor};

/// One RPC.
#[derive(Debug, Clone)]
pub struct Rpc {
    /// `/gongdan.tickets.v1.TicketService/GetTicket`
    pub path: String,
    /// The services of the suite that may serve it.
    pub servers: Vec<&'static str>,
    /// What it is asked with.
    pub input: MessageDescriptor,
    /// What it answers with.
    pub output: MessageDescriptor,
    /// Whether its answer is a stream.
    pub streams: bool,
}

const SERVERS: [&str; 6] = ["tickets", "routing", "sla", "notifications", "callback", "reporting"];

/// Every RPC of the suite, health and reflection included.
///
/// # Panics
/// When a descriptor cannot be read.
#[must_use]
pub fn rpcs() -> Vec<Rpc> {
    let sets = [
        gongdan_proto::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    ];
    sets.into_iter()
        .flat_map(|set| {
            let pool = DescriptorPool::decode(set).expect("the descriptors are good");
            pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect::<Vec<_>>()
        })
        .map(|method| {
            let service = method.parent_service().full_name().to_owned();
            let own = SERVERS.into_iter().find(|server| service.starts_with(&format!("gongdan.{server}.")));
            Rpc {
                path: format!("/{service}/{}", method.name()),
                servers: own.map_or_else(|| SERVERS.to_vec(), |server| vec![server]),
                input: method.input(),
                output: method.output(),
                streams: method.is_server_streaming(),
            }
        })
        .collect()
}
