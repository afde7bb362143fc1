//! The same against something that speaks S3: `GONGDAN_TEST_S3=http://127.0.0.1:9000 cargo test -p gongdan-blob --features
//! aws -- --ignored`, with a bucket `files` and keys in the environment (`AWS_ACCESS_KEY_ID`, …).
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![cfg(feature = "aws")]

use bytes::Bytes;
use futures::TryStreamExt as _;
use gongdan_blob::{Claim, Limits, Store, StoreError, UploadError, Wanted, media::Allowed};
use std::sync::Arc;

fn store() -> Store {
    let endpoint = std::env::var("GONGDAN_TEST_S3").expect("GONGDAN_TEST_S3 names an endpoint");
    let options = [("endpoint", endpoint.as_str()), ("allow_http", "true"), ("region", "us-east-1")];
    Store::open("s3://files/gongdan/attachments", options).unwrap()
}

async fn send(store: &Store, key: &str, length: usize, claim: Claim) -> Result<Vec<u8>, UploadError> {
    let limits = Limits { max_bytes: 20_000_000, allowed: Arc::new(Allowed::default()) };
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.resize(length, 7);
    let mut upload = store.upload(key, claim, limits);
    for chunk in bytes.chunks(1_000_000) {
        upload.write(Bytes::copy_from_slice(chunk)).await?;
    }
    let stored = upload.finish().await?;
    let wanted = Wanted { size: stored.size, offset: 0, length: None, sha256: Some(stored.sha256) };
    let chunks: Vec<Bytes> = store.download(key, wanted).await?.try_collect().await.unwrap();
    assert!(chunks.concat() == bytes);
    let piece = Wanted { offset: 3, length: Some(4), ..wanted };
    let chunks: Vec<Bytes> = store.download(key, piece).await?.try_collect().await.unwrap();
    assert_eq!(chunks.concat(), bytes[3..7]);
    Ok(bytes)
}

#[tokio::test]
#[ignore = "needs a server that speaks S3"]
async fn files_of_one_part_and_of_several() {
    let store = store();
    for (key, length) in [("7f/small", 100), ("7f/one", 5 * 1024 * 1024), ("7f/three", 12_000_000)] {
        send(&store, key, length, Claim::default()).await.unwrap();
        assert!(store.keys().await.unwrap().contains(&key.to_owned()));
        store.delete(key).await.unwrap();
        store.delete(key).await.expect("what is not there is gone");
        let wanted = Wanted { size: 100, offset: 0, length: None, sha256: None };
        assert!(matches!(store.download(key, wanted).await, Err(StoreError::NotFound(_))));
    }
}

#[tokio::test]
#[ignore = "needs a server that speaks S3"]
async fn what_is_refused_is_not_there() {
    let store = store();
    let claim = Claim { sha256: Some([1; 32]), ..Claim::default() };
    let refused = send(&store, "7f/refused", 12_000_000, claim).await.unwrap_err();
    assert!(matches!(refused, UploadError::Refused(_)), "{refused}");
    assert!(!store.keys().await.unwrap().contains(&"7f/refused".to_owned()));
}
