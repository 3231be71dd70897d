import Basics
import Planning
import Provisioning
import TopologyModel

enum Samples {
    static let image = ImageDigests(root: String(repeating: "a", count: 64), layer: String(repeating: "b", count: 64))
    static let network = NetworkPlan(
        cluster: "prod",
        cidr: cidr(IPv4Address(number: 0x0A47_0300)),
        mode: .nat,
    )

    /// The /24 that begins at an address whose last octet is 0.
    static func cidr(_ base: IPv4Address) -> CIDRv4 {
        [CIDRv4(base: base, prefix: 24)].compactMap(\.self)[0]
    }

    static func node(
        _ name: String = "central-1",
        cluster: String = "prod",
        runtime: Runtime = .container,
        base: String = "base",
        config: String = "config",
    ) -> NodePlan {
        var plan = NodePlan(
            NodeSpec(
                cluster: cluster,
                name: name,
                role: "central",
                index: 1,
                runtime: runtime,
                etcd: .member,
                baseDigest: base,
                configDigest: config,
                generation: 3,
            ),
            resources: Resources(cpus: 2, memoryMiB: 1024, diskGiB: 10),
            address: IPv4Address(number: network.cidr.base.number + 11),
            network: network.cidr,
            image: image,
            userData: "#cloud-config\nhostname: \(name)\n",
        )
        plan.metadata = ["role": "central"]
        return plan
    }

    static func paths(_ directory: String) -> NodeImagePaths {
        NodeImagePaths(root: "\(directory)/root", layer: "\(directory)/layer")
    }
}
