//! Policies that change while a service starts and runs.

use gongdan_access::{Access, AccessConfig, DEFAULT_POLICIES, Rights};
use gongdan_testkit::eventually;
use std::{path::PathBuf, time::Duration};
use tokio_util::sync::CancellationToken;

const NOBODY: &str = "forbid (principal, action, resource);";

struct File {
    dir: tempfile::TempDir,
}

impl File {
    fn with(text: &str) -> Self {
        let file = Self { dir: tempfile::tempdir().unwrap() };
        file.write(text);
        file
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("policies.cedar")
    }

    fn write(&self, text: &str) {
        let new = self.dir.path().join("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.path()).unwrap();
    }

    fn config(&self) -> AccessConfig {
        AccessConfig { policy_file: self.path(), check_interval: Duration::from_millis(5) }
    }
}

fn agents_read(access: &Access) -> bool {
    !access.policies().table(Rights::new(&["agent"], false, false), "tickets.read").is_none()
}

#[tokio::test]
async fn a_file_edited_between_loading_and_watching_is_taken_in() {
    let file = File::with(DEFAULT_POLICIES);
    let access = Access::load(&file.config()).await.unwrap();
    assert!(agents_read(&access));
    file.write(NOBODY);
    let stop = CancellationToken::new();
    let watching = tokio::spawn(access.clone().watch(file.config(), stop.clone()));
    eventually("the new policies are in force", async || !agents_read(&access)).await;
    stop.cancel();
    watching.await.unwrap();
}
