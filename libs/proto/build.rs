//! Generates the Rust types and clients of every `.proto` under `proto/`, and the table of its RPCs with the actions they
//! name; nothing generated is committed.

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MethodDescriptor, Value};
use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", root.display());

    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_source_info(true).include_imports(true).open_files(&files)?;
    // `file_descriptor_set()` would drop the options that are extensions; the encoded form keeps them.
    let descriptors = compiler.encode_file_descriptor_set();
    let pool = DescriptorPool::decode(descriptors.as_slice())?;
    fs::write(out.join("methods.rs"), methods(&pool)?)?;
    fs::write(out.join("messages.rs"), messages(&pool)?)?;
    fs::write(out.join("changes.rs"), changes(&pool)?)?;
    fs::write(out.join("descriptors.bin"), descriptors)?;

    tonic_prost_build::configure()
        .btree_map(".")
        .bytes(".gongdan.common.v1.Event.payload")
        .include_file("gongdan.rs")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// The rows of `METHODS`.
fn methods(pool: &DescriptorPool) -> Result<String, Box<dyn std::error::Error>> {
    let access = pool.get_extension_by_name("gongdan.common.v1.access").ok_or("no option access")?;
    let mut rows = String::from("&[\n");
    for service in pool.services() {
        for method in service.methods() {
            let options = method.options();
            let access = options.get_extension(&access);
            let access = access.as_message().ok_or("access is no message")?;
            let text = access.get_field_by_name("action");
            let action = text.as_deref().and_then(Value::as_str).unwrap_or_default();
            let number = access.get_field_by_name("audit");
            let audit = number.as_deref().and_then(Value::as_enum_number).unwrap_or_default();
            writeln!(
                rows,
                "Method {{ service: {:?}, path: \"/{}/{}\", action: {action:?}, audit: {audit}, request: {:?}, \
                 asks_in_stream: {}, streams: {}, names: &{:?} }},",
                service.full_name(),
                service.full_name(),
                method.name(),
                method.input().full_name(),
                method.is_client_streaming(),
                method.is_server_streaming(),
                names(&method),
            )?;
        }
    }
    rows.push(']');
    Ok(rows)
}

/// The rows of `MESSAGES`: of each message the fields that are text or may hold some.
fn messages(pool: &DescriptorPool) -> Result<String, Box<dyn std::error::Error>> {
    let all: Vec<_> = pool.all_messages().collect();
    let mut rows = String::from("&[\n");
    for message in &all {
        write!(rows, "Message {{ name: {:?}, fields: &[", message.full_name())?;
        for field in message.fields() {
            let holds = match field.kind() {
                Kind::String => "Holds::Text".to_owned(),
                Kind::Message(of) => {
                    let index =
                        all.iter().position(|message| *message == of).ok_or("a message of nowhere")?;
                    format!("Holds::Message({index})")
                }
                _ => continue,
            };
            let (number, name, list) = (field.number(), field.name(), field.is_list());
            write!(rows, "Field {{ number: {number}, name: {name:?}, list: {list}, holds: {holds} }}, ")?;
        }
        rows.push_str("] },\n");
    }
    rows.push(']');
    Ok(rows)
}

/// The rows of `CHANGES`: what can happen to a ticket.
fn changes(pool: &DescriptorPool) -> Result<String, Box<dyn std::error::Error>> {
    let event = pool.get_message_by_name("gongdan.tickets.v1.TicketEvent").ok_or("no ticket events")?;
    let change =
        event.oneofs().find(|oneof| oneof.name() == "change").ok_or("no change in a ticket event")?;
    let rows: Vec<(u32, String)> =
        change.fields().map(|field| (field.number(), field.name().to_owned())).collect();
    Ok(format!("&{rows:?}"))
}

/// The fields of a request that name something, in the order of their numbers.
fn names(method: &MethodDescriptor) -> Vec<(u32, String)> {
    method
        .input()
        .fields()
        .filter(|field| field.kind() == Kind::String && !field.is_list())
        .filter_map(|field| Some((field.number(), named(method, &field)?)))
        .collect()
}

/// What a field names: `ticket` and `ticket_id` a ticket, `id` what the RPC is about. An `external_id` is other people's.
fn named(method: &MethodDescriptor, field: &FieldDescriptor) -> Option<String> {
    match field.name() {
        name @ ("request_id" | "ticket" | "task") => Some(name.to_owned()),
        "external_id" => None,
        "person_id" => Some("principal".to_owned()),
        "id" => {
            // `RotateWebhookSecret` is about a webhook: the word after the first.
            let mut words: Vec<String> = Vec::new();
            for letter in method.name().chars() {
                match words.last_mut() {
                    Some(word) if !letter.is_uppercase() => word.push(letter),
                    _ => words.push(letter.to_lowercase().collect()),
                }
            }
            words.into_iter().nth(1)
        }
        name => name.strip_suffix("_id").map(str::to_owned),
    }
}
