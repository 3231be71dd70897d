import Cgroups
import Testing

@Suite("where a node's cgroup lies")
struct CgroupPlaceTests {
    @Test("beside libvirt's leaf on a host with v2 alone, with its limits")
    func besideTheLeaf() {
        let scope = #"/machine.slice/machine-lxc\x2d2301\x2dlaptop.core\x2d1.scope"#
        let place = CgroupPlace(membership: "0::\(scope)/libvirt\n")
        #expect(place == CgroupPlace(parent: scope, limits: "\(scope)/libvirt"))
        #expect(place.directory(named: "slipway-1") == "\(scope)/slipway-1")
    }

    @Test("v1 hierarchies without controllers that count change nothing: some VPNs mount net_cls")
    func ignoresOtherHierarchies() {
        let place = CgroupPlace(membership: "2:net_cls:/\n1:name=systemd:/x\n0::/machine.slice/a.scope/libvirt\n")
        #expect(place == CgroupPlace(parent: "/machine.slice/a.scope", limits: "/machine.slice/a.scope/libvirt"))
    }

    @Test(
        "below the process's own, or at the root, everywhere else",
        arguments: [
            ("12:cpu,cpuacct:/m/a\n4:memory:/m/a/libvirt\n0::/m/a/libvirt\n", "/m/a/libvirt"),
            ("4:memory:/machine/lxc-1-a.libvirt-lxc\n0::/\n", "/"),
            ("0::/machine/lxc-1-a.libvirt-lxc\n", "/machine/lxc-1-a.libvirt-lxc"),
            ("0::/libvirt\n", "/libvirt"),
            ("0::/../../outside/libvirt\n", "/"),
            ("4:memory:/a\n", "/"),
            ("", "/"),
        ],
    )
    func below(membership: String, parent: String) {
        let place = CgroupPlace(membership: membership)
        #expect(place == CgroupPlace(parent: parent))
        #expect(place.directory(named: "n") == (parent == "/" ? "/n" : "\(parent)/n"))
    }
}
