//! A Chromium without a window, spoken to through its debugging pipe.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// Names that browsers of this family have.
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome-headless-shell",
    "chrome",
];

/// The browser that `CHROME` names, or one on the PATH; `None`, and one line of output, where
/// there is none.
#[expect(clippy::print_stderr, reason = "the one line")]
pub(super) fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("CHROME") {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let all = NAMES
        .iter()
        .flat_map(|it| folders.iter().map(move |dir| dir.join(it)));
    let found = all.into_iter().find(|it| it.is_file());
    if found.is_none() || cfg!(not(unix)) {
        // Not a skip: the program is optional; what the page holds is tested without it.
        eprintln!("no Chromium was found (set CHROME): what a browser draws is not tested");
        return None;
    }
    found
}

/// A running browser with one page; it ends with this.
pub(super) struct Browser {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
}

impl Browser {
    /// Starts `program` with `profile` as its folder; WebGL is drawn on the processor.
    pub(super) fn start(program: &Path, profile: &Path) -> Self {
        // The pipe is file descriptors 3 and 4, which only a shell can put there.
        let script = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--use-gl=angle",
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                "--hide-scrollbars",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut browser = Self {
            child,
            orders,
            answers,
            session: None,
            last: 0,
        };
        let targets = browser.call("Target.getTargets", &json!({}));
        let targets = targets["targetInfos"].as_array().unwrap().iter();
        let page = targets.clone().find(|it| it["type"] == "page").unwrap();
        let wanted = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", &wanted);
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        browser
    }

    /// What a method of the debugging protocol answers.
    pub(super) fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut order = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&order).unwrap();
        bytes.push(0);
        self.orders.write_all(&bytes).unwrap();
        self.orders.flush().unwrap();
        loop {
            let mut answer = Vec::new();
            self.answers.read_until(0, &mut answer).unwrap();
            assert!(answer.pop().is_some(), "the browser has ended");
            let mut answer: Value = serde_json::from_slice(&answer).unwrap();
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }

    /// The value of an expression on the page, once it is there.
    pub(super) fn value(&mut self, expression: &str) -> Value {
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
        });
        let mut answer = self.call("Runtime.evaluate", &params);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{thrown}");
        answer["result"]["value"].take()
    }

    /// Opens a file and waits until its splats are unpacked.
    pub(super) fn open(&mut self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.call("Page.enable", &json!({}));
        self.call("Page.navigate", &json!({"url": url}));
        // The script runs when the page is parsed; `start` ends with what it says, if it fails.
        let wait = "new Promise((done) => { const look = () => {
            const said = document.getElementById('message');
            if (window.accrete) { accrete.ready.then(() => done(''), (it) => done(String(it))); }
            else if (said && !['', 'Loading'].includes(said.textContent)) { done(said.textContent); }
            else { setTimeout(look, 20); }
        }; look(); })";
        assert_eq!(self.value(wait), "", "the page says");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Either may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
