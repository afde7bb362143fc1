//! Uploads into a folder: whole or not at all.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use futures::TryStreamExt as _;
use gongdan_blob::{Claim, Limits, Refused, Store, StoreError, UploadError, Wanted, media::Allowed};
use sha2::{Digest as _, Sha256};
use std::{path::Path, sync::Arc, time::Duration};

const KEY: &str = "7f/0193";

fn limits() -> Limits {
    Limits { max_bytes: 2_000_000, allowed: Arc::new(Allowed::default()) }
}

fn png(length: usize) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend((bytes.len()..length).map(|at| u8::try_from(at % 251).unwrap()));
    bytes
}

fn claim(bytes: &[u8]) -> Claim {
    Claim {
        media_type: "image/png".to_owned(),
        size: Some(bytes.len() as u64),
        sha256: Some(Sha256::digest(bytes).into()),
    }
}

async fn send(store: &Store, claim: Claim, bytes: &[u8]) -> Result<gongdan_blob::Stored, UploadError> {
    let mut upload = store.upload(KEY, claim, limits());
    upload.judge_claim()?;
    for chunk in bytes.chunks(60_000) {
        upload.write(Bytes::copy_from_slice(chunk)).await?;
    }
    upload.finish().await
}

async fn read(store: &Store, wanted: Wanted) -> Result<Vec<u8>, StoreError> {
    let chunks: Vec<Bytes> = store.download(KEY, wanted).await?.try_collect().await?;
    Ok(chunks.concat())
}

/// Every file below, whole or not.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

async fn until_empty(folder: &Path) {
    for _ in 0..1_000 {
        if files(folder).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("left behind: {:?}", files(folder));
}

#[tokio::test]
async fn a_file_comes_out_as_it_went_in_whole_and_in_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(&folder.path().join("deep/attachments")).unwrap();
    for length in [20, 262_144, 262_145, 1_000_000] {
        let bytes = png(length);
        let stored = send(&store, claim(&bytes), &bytes).await.unwrap();
        assert_eq!(stored.size, length as u64);
        assert_eq!(stored.media_type, "image/png");
        let whole = Wanted { size: stored.size, offset: 0, length: None, sha256: Some(stored.sha256) };
        assert!(read(&store, whole).await.unwrap() == bytes);
        let piece = Wanted { offset: 5, length: Some(7), ..whole };
        assert_eq!(read(&store, piece).await.unwrap(), bytes[5..12]);
        let end = Wanted { offset: 15, length: Some(u64::MAX), ..whole };
        assert!(read(&store, end).await.unwrap() == bytes[15..]);
        let beyond = Wanted { offset: stored.size, ..whole };
        assert!(read(&store, beyond).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_not_as_claimed_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path()).unwrap();
    let (good, big) = (png(600_000), png(2_000_001));
    let text = "#!/bin/sh\nrm -rf /\n".as_bytes();
    let cases = [
        (Claim { size: Some(700_000), ..claim(&good) }, good.as_slice(), "announced"),
        (Claim { size: Some(500_000), ..claim(&good) }, &good, "announced"),
        (Claim { sha256: Some([7; 32]), ..claim(&good) }, &good, "SHA-256"),
        (Claim { media_type: "image/jpeg".into(), ..claim(&good) }, &good, "image/png, not image/jpeg"),
        (Claim { media_type: "application/x-msdownload".into(), ..claim(&good) }, &good, "not taken"),
        (Claim { size: None, ..claim(&big) }, &big, "bigger than 2000000"),
        (claim(&big), &big, "bigger than 2000000"),
        (Claim::default(), &[], "empty"),
        (Claim { size: Some(0), ..Claim::default() }, &[], "empty"),
        (Claim::default(), text, "text/x-shellscript is not taken"),
        (Claim { media_type: "text/plain".into(), ..Claim::default() }, text, "not text/plain"),
    ];
    for (claim, bytes, why) in cases {
        let refused = send(&store, claim, bytes).await.unwrap_err();
        assert!(matches!(refused, UploadError::Refused(_)), "{refused:?}");
        assert!(refused.to_string().contains(why), "{refused}");
        until_empty(folder.path()).await;
    }
}

#[tokio::test]
async fn an_upload_that_is_cut_off_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path()).unwrap();
    let bytes = png(1_000_000);
    let mut upload = store.upload(KEY, claim(&bytes), limits());
    upload.write(Bytes::copy_from_slice(&bytes[..700_000])).await.unwrap();
    assert_eq!(files(folder.path()).len(), 1, "part of it is on disk");
    assert!(store.keys().await.unwrap().is_empty(), "and nobody sees it");
    drop(upload);
    until_empty(folder.path()).await;
}

#[tokio::test]
async fn what_a_killed_process_left_goes_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path()).unwrap();
    let bytes = png(100);
    send(&store, claim(&bytes), &bytes).await.unwrap();
    std::fs::write(folder.path().join("7f/0193#1"), "half").unwrap();
    std::fs::write(folder.path().join("7f/01934"), "another file").unwrap();
    store.delete(KEY).await.unwrap();
    assert_eq!(files(folder.path()), ["01934"]);
    store.delete(KEY).await.expect("what is not there is gone");
    let wanted = Wanted { size: 100, offset: 0, length: None, sha256: None };
    assert!(matches!(read(&store, wanted).await, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn what_was_changed_behind_the_back_of_the_store_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path()).unwrap();
    let bytes = png(100);
    let stored = send(&store, claim(&bytes), &bytes).await.unwrap();
    let wanted = Wanted { size: 100, offset: 0, length: None, sha256: Some(stored.sha256) };
    let mut other = bytes.clone();
    other[50] ^= 1;
    std::fs::write(folder.path().join(KEY), &other).unwrap();
    assert!(matches!(read(&store, wanted).await, Err(StoreError::Damaged(_))));
    std::fs::write(folder.path().join(KEY), &other[..50]).unwrap();
    assert!(matches!(read(&store, wanted).await, Err(StoreError::Damaged(_))));
}

#[test]
fn a_store_has_a_url_that_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().join("a").display());
    assert!(Store::open(&url, []).is_ok());
    for url in ["", "folder", "ftp://host/a", "s3:///no-bucket", "file://elsewhere/a"] {
        assert!(matches!(Store::open(url, []), Err(StoreError::Url { .. })), "{url}");
    }
    #[cfg(feature = "aws")]
    {
        let options = [("endpoint", "http://127.0.0.1:9"), ("region", "cn-south-1"), ("allow_http", "true")];
        assert!(Store::open("s3://bucket/prefix", options).is_ok());
        assert!(matches!(Store::open("s3://bucket", [("colour", "red")]), Err(StoreError::Url { .. })));
    }
}

#[test]
fn refusals_say_what_would_have_to_be_different() {
    assert_eq!(Refused::TooBig { max: 5 }.to_string(), "the file is bigger than 5 bytes");
}
