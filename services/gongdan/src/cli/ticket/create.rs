//! `ticket create`

use std::io::Read as _;

use anyhow::{Context as _, Result};
use clap::Args;
use gongdan_proto::{
    tickets::v1::{ContactInput, CreateTicketRequest, Place},
    to_timestamp,
};

use super::{
    super::{
        Context,
        fields::{self, Field},
        visit::{given_in, point},
    },
    words::{Channel, Impact, Kind, Priority, Urgency, number},
};

#[derive(Debug, Args)]
pub struct Create {
    /// What kind of request; may be left out when the item binds it
    #[arg(long = "type", value_enum)]
    kind: Option<Kind>,
    /// The type by its key, also one of the house's own (`gongdan type list`)
    #[arg(long, default_value = "", hide_default_value = true, value_name = "KEY")]
    type_key: String,
    /// A field of the item's form, `meter=12345678` or `address.floor=3`; numbers, true and false are taken as such, a text in
    /// quotes is one; may be repeated
    #[arg(long = "field", value_name = "PATH=VALUE")]
    fields: Vec<Field>,
    /// Key of a catalogue item; default: unclassified
    #[arg(long, default_value = "", hide_default_value = true)]
    item: String,
    /// One line; may be left out of a draft
    #[arg(long, required_unless_present = "draft", default_value = "", hide_default_value = true)]
    subject: String,
    /// The request in the citizen's words; `-` reads it from standard input; may be left out of a draft
    #[arg(long, required_unless_present = "draft", default_value = "", hide_default_value = true)]
    body: String,
    /// Region code, 2 to 12 digits; may be left out of a draft
    #[arg(long, required_unless_present = "draft", default_value = "", hide_default_value = true)]
    region: String,
    /// How it came in
    #[arg(long, value_enum, default_value_t = Channel::Phone)]
    channel: Channel,
    /// How soon it hurts; default: the item's
    #[arg(long, value_enum)]
    urgency: Option<Urgency>,
    /// How many it hurts; default: the item's
    #[arg(long, value_enum)]
    impact: Option<Impact>,
    /// Overrides the priority matrix
    #[arg(long, value_enum, requires = "priority_reason")]
    priority: Option<Priority>,
    /// Why the matrix is overridden
    #[arg(long, default_value = "", hide_default_value = true)]
    priority_reason: String,
    /// The reporter's phone number, in any spelling
    #[arg(long, default_value = "", hide_default_value = true)]
    phone: String,
    /// The reporter's name
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// The reporter's identity number
    #[arg(long, default_value = "", hide_default_value = true)]
    identity_number: String,
    /// The reporter's address
    #[arg(long, default_value = "", hide_default_value = true)]
    address: String,
    /// Where it is about, in words; the reporter's own address is --address
    #[arg(long, default_value = "", hide_default_value = true)]
    place: String,
    /// The point: LATITUDE,LONGITUDE
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true)]
    point: Option<String>,
    /// The point is one of a Chinese map (GCJ-02); it is kept in WGS-84
    #[arg(long, requires = "point")]
    gcj02: bool,
    /// The code of the grid (网格)
    #[arg(long, default_value = "", hide_default_value = true)]
    grid: String,
    /// The installation, line, lift, lamp… it is about, by its id in the house
    #[arg(long, default_value = "", hide_default_value = true)]
    asset: String,
    /// When it was received; default: now
    #[arg(long, value_name = "TIME")]
    received_at: Option<String>,
    /// Only save it (存盘), with as little as is known; see `ticket amend`, `ticket submit`
    #[arg(long)]
    draft: bool,
    /// Needs a right of its own to be seen
    #[arg(long)]
    sensitive: bool,
    /// The reporter is not to be known to those who handle it (保密)
    #[arg(long)]
    confidential: bool,
    /// The ticket that this one says again, by number or id (重复件)
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TICKET")]
    repeat_of: String,
}

impl Create {
    pub fn request(self, context: &Context) -> Result<CreateTicketRequest> {
        let body = match self.body.as_str() {
            "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("reading the body from standard input")?;
                text
            }
            _ => self.body,
        };
        let contact = ContactInput {
            phone: self.phone,
            name: self.name,
            identity_number: self.identity_number,
            address: self.address,
        };
        let place = Place {
            address: self.place,
            point: self.point.as_deref().map(point).transpose()?,
            given_in: if self.point.is_some() { given_in(self.gcj02) } else { 0 },
            grid: self.grid,
            asset: self.asset,
        };
        let received_at = self.received_at.as_deref().map(|text| context.parse_time(text)).transpose()?;
        Ok(CreateTicketRequest {
            request_id: context.request_id(),
            r#type: number(self.kind),
            item: self.item,
            subject: self.subject,
            body,
            region: self.region,
            channel: self.channel.into(),
            urgency: number(self.urgency),
            impact: number(self.impact),
            priority: number(self.priority),
            priority_reason: self.priority_reason,
            contact: (contact != ContactInput::default()).then_some(contact),
            received_at: received_at.map(to_timestamp),
            draft: self.draft,
            sensitive: self.sensitive,
            reporter_confidential: self.confidential,
            type_key: self.type_key,
            custom_fields: fields::message(&self.fields)?,
            repeat_of: self.repeat_of,
            place: (place != Place::default()).then_some(place),
            validate_only: false,
        })
    }
}
