//! Configuration in layers: embedded defaults, a file, the environment. A key that the defaults do not have is refused.

mod common;
mod layers;
mod limits;

pub use common::{COMMON_DEFAULTS, CommonConfig, ConsumersConfig, PeersConfig, ServerConfig, WaitConfig};
pub use layers::{ConfigError, Sources, load_config};
pub use limits::{AddressConfig, ConnectionsConfig, LimitsConfig, ShareConfig};
