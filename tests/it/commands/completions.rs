//! `iosm completions`.

use std::process::Command;

use crate::world::World;

#[test]
fn a_script_for_each_shell_parses_and_knows_flags_commands_and_profiles() {
    let world = World::new();
    let own = world.state().join("config/profiles");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("gardener.yaml"), "").unwrap();
    std::fs::write(own.join("$(rm -rf x).yaml"), "").unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.iosm(&["completions", shell]).run().expect(0).out;
        for word in
            ["output-schema", "import", "completions", "dry-run", "gardener", "explore", "stream-json"]
        {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(!script.contains("rm -rf"), "{shell}");
        let path = world.base().join(format!("complete.{shell}"));
        std::fs::write(&path, &script).unwrap();
        // A shell that is not here cannot say.
        if let Ok(output) = Command::new(shell).arg("-n").arg(&path).output() {
            assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
    let line = "source ../complete.bash; COMP_WORDS=(iosm --profile gard); COMP_CWORD=2; _iosm iosm gard --profile; echo ${COMPREPLY[@]}";
    let output = Command::new("bash").args(["-c", line]).current_dir(world.repo()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "gardener\n");
    world.iosm(&["completions", "tcsh"]).run().expect(2).says("zsh");
}
