//! A real command in its own network: the proxy is its only way out.
#![cfg(target_os = "linux")]

use std::net::TcpListener;
use std::time::Duration;

use iosm::host::process::{BackgroundState, Processes};
use iosm::host::sandbox::{Environment, Layers, Limits, Surroundings, Toolchains};
use iosm::kernel::{Grant, Reach};
use iosm::protocol::{EffectRule, ToolCall};
use serde_json::json;

use super::{Names, Peer, outward};
use crate::kernel::world::{World, asked, call, granted};
use crate::sandbox::{block_on, full, launcher};

struct Fenced {
    world: World,
    processes: Processes,
}

impl Fenced {
    fn new(names: &Names, trusted: &[&str]) -> Self {
        let mut world = World::new();
        world.charter.readable.push(std::env::current_exe().unwrap());
        let around = Surroundings {
            vars: vec![("PATH".to_owned(), std::env::var("PATH").unwrap())],
            home: world.root.join("home"),
            cache: world.root.join("cache"),
            tmp: world.root.join("tmp"),
            network: false,
        };
        let environment = Environment::new(&around, &Toolchains::built_in().unwrap());
        let out = outward(names, &[], trusted);
        let limits = Limits::default();
        let processes = Processes::bounded(Some(launcher()), environment, Layers::ALL, limits, out);
        Self { world, processes }
    }

    /// A grant for trying `probe` with network to `a.test`, as a person would give it.
    fn grant(&self, probe: &str) -> Grant {
        let program = std::env::current_exe().unwrap();
        let line = format!("true || curl http://a.test/; IOSM_TEST_PROBE='{probe}' {}", program.display());
        let kernel = self.world.kernel();
        let question = asked(kernel.judge("main", &call("bash", &line)).unwrap());
        granted(kernel.approve(question, "ann", false).unwrap()).grant
    }

    async fn run(&self, probe: &str) -> (String, Vec<String>) {
        let run = self.processes.run(self.grant(probe), Duration::from_secs(30), |_| {});
        let finished = run.await.unwrap();
        (String::from_utf8_lossy(&finished.output).into_owned(), finished.network)
    }
}

#[test]
fn a_command_reaches_its_hosts_and_neither_others_nor_this_machine() {
    if !full() {
        return;
    }
    block_on(async {
        let peer = Peer::new("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello").await;
        let names = Names::new(&[("own.test", &["127.0.0.1"]), ("evil.test", &["127.0.0.1"])]);
        let own = format!("own.test:{}", peer.port);
        let fenced = Fenced::new(&names, &[&own]);

        let (output, network) = fenced.run(&format!("proxied-get http://{own}/x")).await;
        assert!(output.ends_with("hello\n"), "{output}");
        assert_eq!(network, [""; 0]);
        assert!(peer.heard()[0].starts_with("GET /x HTTP/1.1"));

        let evil = format!("evil.test:{}", peer.port);
        let (output, network) = fenced.run(&format!("proxied-get http://{evil}/")).await;
        assert!(output.contains("403 Forbidden"), "{output}");
        assert!(network[0].contains(&evil) && network[0].contains("expose.hosts"), "{network:?}");
        let (output, _) = fenced.run(&format!("proxied-get http://127.0.0.1:{}/", peer.port)).await;
        assert!(output.contains("403 Forbidden"), "{output}");

        // Past the proxy there is nothing.
        let outside = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = outside.local_addr().unwrap().port();
        let (output, _) = fenced.run(&format!("tcp-connect {port}")).await;
        assert!(output.contains("ConnectionRefused"), "{output}");
        assert_eq!(peer.heard().len(), 1);
    });
}

#[test]
fn a_background_command_keeps_its_way_out_until_it_ends() {
    if !full() {
        return;
    }
    block_on(async {
        let fenced = Fenced::new(&Names::default(), &[]);
        let name = fenced.processes.start(fenced.grant("proxied-get http://evil.test/")).await.unwrap();
        let mut world = World::new();
        let mut spec = world.charter.tools[0].clone();
        (spec.name, spec.effects) = ("look", EffectRule::Background { arg: "path" });
        world.charter.tools.push(spec);
        world.charter.capability.tools.insert("look".to_owned());
        let kernel = world.kernel();
        for _ in 0..500 {
            let look = ToolCall { id: "t2".into(), tool: "look".into(), args: json!({"path": name}) };
            let grant = granted(kernel.judge("main", &look).unwrap()).grant;
            let glimpse = fenced.processes.glimpse(grant).unwrap();
            if glimpse.state != BackgroundState::Running {
                assert!(glimpse.network[0].contains("evil.test:80"), "{:?}", glimpse.network);
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it never ends");
    });
}

#[test]
fn a_grant_of_hosts_does_not_run_where_nothing_can_tell_them_apart() {
    let names = Names::default();
    let fenced = Fenced::new(&names, &[]);
    let Reach::Run(scope) = fenced.grant("unix-pair").into_reach() else { panic!("a command") };
    assert_eq!(scope.network, iosm::kernel::NetScope::Hosts(["a.test".to_owned()].into()));
    let reduced = Processes::new(Some(launcher()), Environment::default(), Layers::REDUCED);
    let run = block_on(reduced.run(fenced.grant("unix-pair"), Duration::from_secs(10), |_| {}));
    assert!(run.unwrap_err().to_string().contains("namespaces"));
}
