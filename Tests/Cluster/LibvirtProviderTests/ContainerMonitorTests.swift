import Testing

@testable import LibvirtProvider

/// What the kernel's list of sockets says of libvirt's connections to containers.
@Suite struct ContainerMonitorTests {
    private static let daemon = "0000000000000000: 00000002 00000000 00010000 0001 01 15 /run/libvirt/libvirt-sock"
    private static let listening =
        "0000000000000000: 00000002 00000000 00010000 0001 01 17 /run/libvirt/lxc/demo.a.sock"
    private static let connected =
        "0000000000000000: 00000003 00000000 00000000 0001 03 18 /run/libvirt/lxc/demo.a.sock"
    private static let heading = "Num       RefCount Protocol Flags    Type St Inode Path"
    /// One of two that are connected has no path.
    private static let nameless = "0000000000000000: 00000003 00000000 00000000 0001 03 19"

    @Test(arguments: [
        ([daemon, listening, connected], ContainerMonitor.watched),
        ([connected, listening], .watched),
        // The supervisor has not accepted it yet.
        ([daemon, connected.replacing(" 03 ", with: " 02 "), listening], .watched),
        ([daemon, nameless, listening], .unwatched),
        ([daemon, nameless], .ended),
        ([daemon.replacing("libvirt-sock", with: "virtlxcd-sock")], .ended),
        // A connection that is left, of a supervisor that listens no more, is one.
        ([daemon, connected], .watched),
        // Nothing of libvirt's: its sockets are in another network namespace.
        ([nameless], .unknown),
        ([], .unknown),
    ])
    func states(_ lines: [String], _ expected: ContainerMonitor) {
        let text = ([Self.heading] + lines).map { $0 + "\n" }.joined()
        #expect(ContainerSockets(list: text).monitor(of: "demo.a") == expected)
    }

    @Test func namesAreWhole() {
        let others = Self.connected.replacing("demo.a", with: "xdemo.a") + "\n" + Self.daemon
        #expect(ContainerSockets(list: others).monitor(of: "demo.a") == .ended)
        #expect(ContainerSockets(list: Self.connected + "\n" + Self.daemon).monitor(of: "o.a") == .ended)
    }
}
