import SecureShell
import Testing

@Suite struct SSHJumpTests {
    @Test(arguments: [
        ("qemu+ssh://rack/system", "ssh", "rack"),
        ("qemu+ssh://root@rack:2222/system", "ssh -l root -p 2222", "rack"),
        ("qemu+libssh2://a%40b@10.0.0.1/system?keyfile=/k%20y", "ssh -l a@b -i '/k y'", "10.0.0.1"),
        ("qemu+ssh://[fe80::1]:22/system?no_verify=1", "ssh -p 22 -o StrictHostKeyChecking=no", "fe80::1"),
        ("qemu+ssh://rack/system?command=/opt/my+ssh&no_verify=0", "/opt/my+ssh", "rack"),
        // Another command than ssh is for ssh alone.
        ("qemu+libssh://rack/system?command=/opt/x", "ssh", "rack"),
        ("qemu+ssh://it%27s/system?keyfile=/100%25", "ssh -i '/100%%'", "'it'\\''s'"),
    ])
    func readsLibvirtsWords(uri: String, command: String, host: String) throws {
        let jump = try #require(SSHJump(libvirtURI: uri))
        let common = "-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=6 -e none"
        let words = command.split(separator: " ", maxSplits: 1)
        let expected = ([words[0], common[...]] + words.dropFirst()).joined(separator: " ")
        #expect(jump.proxyCommand(controlPath: nil) == "\(expected) -W %h:%p -- \(host)")
        #expect(jump.proxyCommand(controlPath: "/run/c").contains(" -S /run/c -W "))
    }

    @Test(arguments: [
        "qemu:///system", "lxc:///system", "qemu+tls://rack/system", "test:///default", "qemu+ssh:///system", "",
        "qemu+ssh:rack",
    ])
    func othersGoThroughNoSSH(uri: String) {
        #expect(SSHJump(libvirtURI: uri) == nil)
    }
}
