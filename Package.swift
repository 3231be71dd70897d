// swift-tools-version: 6.2
import PackageDescription

// Targets are the layers of the program, and the compiler checks them: build with
// `--explicit-target-dependency-import-check error`, so that a target can import only what is listed here.

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let customDump: Target.Dependency = .product(name: "CustomDump", package: "swift-custom-dump")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
    name: "slipway",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "slipway", targets: ["slipway"]),
        .executable(name: "fleetd", targets: ["fleetd"]),
        .executable(name: "fleetctl", targets: ["fleetctl"]),
        .executable(name: "coreos-cloudinit", targets: ["coreos-cloudinit"]),
        .executable(name: "locksmithctl", targets: ["locksmithctl"]),
        .executable(name: "slipway-node-init", targets: ["slipway-node-init"]),
        .executable(name: "slipway-etcd-proxy", targets: ["slipway-etcd-proxy"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/pointfreeco/swift-custom-dump", exact: "1.7.3"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        /// What every part may need, without Foundation: encodings, quoting, durations, addresses, locks, whole files.
        .target(name: "Basics", exclude: ["README.md"]),

        /// Errors of files in the system's words, whatever Foundation wraps them in.
        .target(name: "FileErrors", dependencies: ["Basics"]),

        // MARK: Pure: values in, values out; no I/O, no clock, no randomness that is not handed in.

        /// Errors and warnings with file, line, column and caret, as values.
        .target(name: "Diagnostics"),
        /// The topology file's model: what the user wants.
        .target(name: "TopologyModel", dependencies: ["Basics", "CloudConfig", "Diagnostics", "UnitFiles"]),
        /// systemd unit files and fleet's `[X-Fleet]` section.
        .target(name: "UnitFiles", dependencies: ["Basics", "Diagnostics", crypto]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        /// CoreOS cloud-config: the model and the text a node is given.
        .target(name: "CloudConfig", dependencies: ["Basics", "CZlib", "Diagnostics"]),
        /// A node's cloud-config in the words of Canonical's cloud-init and of Ignition.
        .target(name: "Rendering", dependencies: ["Basics", "CloudConfig", "Diagnostics", "UnitFiles"]),
        /// plan(desired, observed): every address, name and step, with reasons.
        .target(
            name: "Planning",
            dependencies: ["Basics", "CloudConfig", "Diagnostics", "Rendering", "TopologyModel", "UnitFiles", crypto]
        ),
        /// A cluster's certificate authority: the same seed gives the same certificates.
        .target(name: "Certificates", dependencies: [asn1, crypto, x509]),
        /// fleet's HTTP protocol: its paths, and its objects as JSON.
        .target(name: "FleetAPI", dependencies: ["UnitFiles"]),
        /// Which machine runs which unit.
        .target(name: "Scheduling", dependencies: ["UnitFiles"]),
        /// Tables, colours and JSON: text for people and programs, as strings.
        .target(name: "Terminal", exclude: ["README.md"]),

        // MARK: Boundary: the only users of Yams.

        /// YAML as a tree in which every node knows its line and column.
        .target(name: "LocatedYAML", dependencies: ["Diagnostics", yams]),
        /// Reads a cloud-config, and checks it by the rules of the original's validator.
        .target(name: "CloudConfigLoading", dependencies: ["Basics", "CloudConfig", "Diagnostics", "LocatedYAML"]),
        /// What the original let through, and what each consumer of a cloud-config ignores or refuses.
        .target(
            name: "CloudConfigLinting",
            dependencies: [
                "Basics", "CloudConfig", "CloudConfigLoading", "Diagnostics", "LocatedYAML", "UnitFiles",
            ],
        ),
        .target(
            name: "TopologyLoading",
            dependencies: [
                "Basics", "CloudConfig", "CloudConfigLinting", "CloudConfigLoading", "Diagnostics", "LocatedYAML",
                "TopologyModel", "UnitFiles",
            ],
        ),

        // MARK: Effects: one foreign thing each, behind a small protocol.

        .systemLibrary(name: "CLibvirt", pkgConfig: "libvirt", providers: [.apt(["libvirt-dev"])]),
        .target(name: "Libvirt", dependencies: ["CLibvirt"]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        /// systemd's D-Bus manager interface.
        .target(name: "Systemd", dependencies: ["Basics", "CSystemd"]),
        /// etcd's v3 JSON gateway: kv, txn, lease, watch, cluster; and the v2 member list.
        .target(name: "Etcd", dependencies: ["Basics", asyncHTTPClient, logging, nioCore, nioHTTP1, nioPosix, nioSSL]),
        /// locksmith's semaphore in etcd: how many machines reboot at a time.
        .target(name: "RebootLock", dependencies: ["Basics", "Etcd"]),
        /// The worker's local door to etcd.
        .target(name: "EtcdProxy", dependencies: ["Basics", logging, nioCore, nioHPACK, nioHTTP1, nioPosix, nioSSL]),
        /// How many connections a listener takes, and how long until one asks for something.
        .target(name: "ConnectionLimits", dependencies: [nioCore]),
        /// etcd's v2 discovery protocol: how the first members find each other.
        .target(
            name: "Discovery",
            dependencies: [
                "Basics", "ConnectionLimits", "FileErrors", httpTypes, hummingbirdCore, logging, nioCore, nioPosix,
            ]
        ),
        /// Node images: a Debian root and the project's node programs on it.
        .target(
            name: "Images",
            dependencies: ["Basics", "FileErrors", crypto, logging, subprocess, systemPackage],
            resources: ["root.sh", "machine.sh", "init.sh", "etcdctl.sh", "prepare-node.sh"].map {
                .embedInCode("Scripts/\($0)")
            },
        ),
        .target(
            name: "SecureShell",
            dependencies: ["Basics", "FileErrors", "Planning", "TopologyModel", crypto, subprocess, systemPackage]
        ),
        /// Observes, and carries out plans; knows providers only by protocol.
        .target(
            name: "Provisioning",
            dependencies: [
                "Basics", "CloudConfig", "Diagnostics", "Etcd", "FileErrors", "FleetState", "Images", "Planning",
                "RebootLock",
                "SecureShell",
                "TopologyModel", "UnitFiles", logging, subprocess, systemPackage,
            ],
        ),
        /// Checks that a running cluster does what a cluster is for.
        .target(
            name: "SmokeTests",
            dependencies: ["Etcd", "Planning", "Provisioning", "SecureShell", "TopologyModel", "UnitFiles"],
        ),
        /// Nodes and networks as libvirt domains and networks.
        .target(
            name: "LibvirtProvider",
            dependencies: [
                "Basics", "Cgroups", "FileErrors", "Images", "Libvirt", "Planning", "Provisioning", "TopologyModel",
                logging,
                subprocess,
                systemPackage,
            ],
        ),
        /// fleet's state in etcd: units, schedule, machines, states.
        .target(name: "FleetState", dependencies: ["Basics", "Etcd", "Scheduling", "UnitFiles", logging]),
        /// fleetd: the engine, the agent and the HTTP API.
        .target(
            name: "Fleetd",
            dependencies: [
                "Basics", "ConnectionLimits", "Etcd", "FleetAPI", "FleetState", "Scheduling", "Systemd", "UnitFiles",
                httpTypes, hummingbirdCore,
                logging,
                nioCore, nioPosix, nioSSL, serviceLifecycle, unixSignals,
            ],
        ),
        /// Cgroup v2 directories of container nodes: made by their init, removed by their host. Without Foundation.
        .target(name: "Cgroups"),
        /// What coreos-cloudinit does to a machine.
        .target(
            name: "CloudInit",
            dependencies: [
                "Basics", "CloudConfig", "CloudConfigLoading", "Diagnostics", "LocatedYAML", "Systemd",
                subprocess,
            ],
        ),

        // MARK: Commands: one command a file.

        /// This host's libvirt, images, keys and locks, and what is done with a cluster by them.
        .target(
            name: "Workspace",
            dependencies: [
                "Basics", "Certificates", "Diagnostics", "Discovery", "Etcd", "Images", "LibvirtProvider", "Planning",
                "Provisioning", "SecureShell", "TopologyModel", crypto, logging, systemPackage,
            ],
        ),
        .target(
            name: "SlipwayCommands",
            dependencies: [
                "Basics", "Certificates", "CloudConfig", "CloudConfigLinting", "CloudConfigLoading", "Diagnostics",
                "Discovery",
                "Etcd", "FileErrors", "FleetState", "Images", "LibvirtProvider", "Planning", "Provisioning",
                "Rendering",
                "SmokeTests", "Terminal", "SecureShell", "TopologyModel", "TopologyLoading", "UnitFiles", "Workspace",
                argumentParser, crypto, logging, subprocess, systemPackage,
            ],
        ),
        /// locksmithd and locksmithctl: reboots, one machine after the other.
        .target(
            name: "Locksmith",
            dependencies: [
                "Basics", "CloudConfig", "Etcd", "FleetAPI", "RebootLock", "Systemd", argumentParser, asyncHTTPClient,
                logging,
                nioCore,
                nioHTTP1, systemPackage, unixSignals,
            ],
        ),
        .target(
            name: "Fleetctl",
            dependencies: [
                "Basics", "Diagnostics", "Etcd", "FleetAPI", "FleetState", "Fleetd", "Scheduling", "Terminal",
                "UnitFiles", argumentParser, asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL, subprocess,
                systemPackage, nioPosix, unixSignals,
            ],
        ),

        // MARK: Mains: under fifty lines each.

        .executableTarget(name: "slipway", dependencies: ["Basics", "SlipwayCommands", argumentParser]),
        .executableTarget(name: "fleetd", dependencies: ["Fleetd", argumentParser, logging]),
        .executableTarget(name: "fleetctl", dependencies: ["Fleetctl"]),
        .executableTarget(name: "coreos-cloudinit", dependencies: ["CloudInit"]),
        .executableTarget(name: "locksmithctl", dependencies: ["Basics", "Locksmith"]),
        /// PID 1 of a container node until it hands over to systemd.
        .executableTarget(name: "slipway-node-init", dependencies: ["Cgroups"]),
        .executableTarget(name: "slipway-etcd-proxy", dependencies: ["Basics", "EtcdProxy", logging]),
        /// Times slipway, fleet and the scheduler, for Scripts/bench.
        .executableTarget(
            name: "slipway-bench",
            dependencies: ["Basics", "Etcd", "Scheduling", "UnitFiles", argumentParser, subprocess, systemPackage],
        ),

        // MARK: Tests.

        /// Fakes, temporary directories, seeded randomness.
        .target(
            name: "TestKit",
            dependencies: [
                "Basics", "Certificates", "Etcd", "EtcdProxy", "Planning", "Provisioning", "RebootLock", "SecureShell",
                "Systemd", "TopologyLoading", "TopologyModel", "UnitFiles", argumentParser, customDump,
            ],
        ),
        .testTarget(name: "BasicsTests", dependencies: ["Basics"]),
        .testTarget(name: "FileErrorsTests", dependencies: ["Basics", "FileErrors"]),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics", "TestKit"]),
        .testTarget(name: "LocatedYAMLTests", dependencies: ["Diagnostics", "LocatedYAML", "TestKit"]),
        .testTarget(
            name: "TopologyLoadingTests",
            dependencies: [
                "Basics", "CloudConfig", "Diagnostics", "LocatedYAML", "TestKit", "TopologyModel", "TopologyLoading",
                "UnitFiles",
            ],
        ),
        .testTarget(name: "UnitFilesTests", dependencies: ["Diagnostics", "TestKit", "UnitFiles"]),
        .testTarget(name: "SchedulingTests", dependencies: ["Basics", "Scheduling", "TestKit", "UnitFiles"]),
        .testTarget(
            name: "CloudConfigTests",
            dependencies: [
                "Basics", "CloudConfig", "CloudConfigLinting", "CloudConfigLoading", "Diagnostics",
                "TestKit",
            ],
        ),
        .testTarget(
            name: "PlanningTests",
            dependencies: [
                "Basics", "CloudConfig", "CloudConfigLoading", "Diagnostics", "Planning", "TestKit", "TopologyModel",
                "TopologyLoading", "UnitFiles", customDump,
            ],
            exclude: ["Golden"],
        ),
        .testTarget(name: "CertificatesTests", dependencies: ["Certificates", asn1, crypto, x509]),
        .testTarget(
            name: "RenderingTests",
            dependencies: [
                "Basics", "CloudConfig", "CloudConfigLoading", "Diagnostics", "Planning", "Rendering", "TestKit",
                "TopologyModel",
                "TopologyLoading", subprocess, systemPackage,
            ],
            exclude: ["Golden"],
        ),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal", "TestKit"]),
        .testTarget(name: "CgroupsTests", dependencies: ["Cgroups"]),
        .testTarget(
            name: "CloudInitTests",
            dependencies: ["CloudConfig", "CloudInit", "Systemd", "TestKit"],
            exclude: ["Golden"],
        ),
        .testTarget(
            name: "EtcdTests",
            dependencies: ["Basics", "Etcd", "EtcdProxy", "TestKit", logging, nioCore, nioHPACK, nioPosix],
        ),
        .testTarget(
            name: "RebootLockTests",
            dependencies: ["CloudConfig", "Etcd", "Locksmith", "RebootLock", "Systemd", "TestKit", logging],
            exclude: ["Golden"],
        ),
        .testTarget(
            name: "DiscoveryTests",
            dependencies: ["Basics", "Discovery", "EtcdProxy", "TestKit", logging, nioCore, nioPosix]
        ),
        .testTarget(name: "SystemdTests", dependencies: ["Systemd", "TestKit"]),
        .testTarget(
            name: "FleetdTests",
            dependencies: [
                "Basics", "Etcd", "FleetAPI", "FleetState", "Fleetd", "Scheduling", "Systemd", "TestKit", "UnitFiles",
                asyncHTTPClient, logging, nioCore, nioHTTP1, nioSSL, serviceLifecycle, nioPosix,
            ],
            exclude: ["Registry/Golden"],
        ),
        .testTarget(
            name: "FleetctlTests",
            dependencies: [
                "Diagnostics", "Etcd", "FleetAPI", "Fleetctl", "Terminal", "Scheduling", "TestKit", "UnitFiles",
                argumentParser,
                asyncHTTPClient, nioCore, systemPackage,
            ],
            exclude: ["Golden"],
        ),
        .testTarget(name: "ImagesTests", dependencies: ["Basics", "Images", "TestKit", crypto]),
        .testTarget(name: "LibvirtTests", dependencies: ["Libvirt", "TestKit"]),
        .testTarget(
            name: "LibvirtProviderTests",
            dependencies: [
                "Basics", "Images", "Libvirt", "LibvirtProvider", "Planning", "Provisioning", "TestKit",
                "TopologyModel", logging,
            ],
            exclude: ["Golden"],
        ),
        .testTarget(
            name: "ProvisioningTests",
            dependencies: [
                "Basics", "CloudConfig", "Diagnostics", "Etcd", "FleetState", "Images", "LibvirtProvider", "Planning",
                "Provisioning", "RebootLock", "SecureShell", "TestKit", "TopologyModel", "TopologyLoading", "UnitFiles",
                systemPackage,
            ],
        ),
        .testTarget(
            name: "WorkspaceTests",
            dependencies: [
                "Basics", "Diagnostics", "Discovery", "Planning", "SecureShell", "TopologyModel", "Workspace",
                systemPackage,
            ],
        ),
        .testTarget(
            name: "SlipwayCommandsTests",
            dependencies: [
                "Basics", "Diagnostics", "Discovery", "Planning", "Provisioning", "Terminal", "SecureShell",
                "SlipwayCommands",
                "SmokeTests", "TestKit", "TopologyLoading", "TopologyModel", "UnitFiles", "Workspace", argumentParser,
                systemPackage,
            ],
            exclude: ["Golden"],
        ),
        /// The pages' links, topologies, units and command lines.
        .testTarget(
            name: "DocumentationTests",
            dependencies: [
                "Diagnostics", "Fleetctl", "Locksmith", "SlipwayCommands", "TestKit", "TopologyLoading", "UnitFiles",
                argumentParser,
            ],
        ),
        /// Real nodes, in the project's own sandbox.
        .testTarget(name: "IntegrationTests", dependencies: ["TestKit", subprocess], path: "Tests/Integration"),
    ],
    swiftLanguageModes: [.v6],
)

/// Where targets lie: the folders group them by what they are about, and are the map of the project.
let folders: [String: [String]] = [
    "Sources": ["Basics", "FileErrors", "Terminal"],
    "Sources/Documents": [
        "CZlib", "CloudConfig", "CloudConfigLinting", "CloudConfigLoading", "Diagnostics", "LocatedYAML", "Rendering",
        "TopologyLoading", "TopologyModel", "UnitFiles",
    ],
    "Sources/Cluster": [
        "CLibvirt", "Certificates", "Images", "Libvirt", "LibvirtProvider", "Planning", "Provisioning", "SecureShell",
        "SlipwayCommands", "SmokeTests", "Workspace",
    ],
    "Sources/Etcd": ["ConnectionLimits", "Discovery", "Etcd", "EtcdProxy", "RebootLock"],
    "Sources/Fleet": ["FleetAPI", "FleetState", "Fleetctl", "Fleetd", "Scheduling"],
    "Sources/Node": ["CSystemd", "Cgroups", "CloudInit", "Locksmith", "Systemd"],
    "Sources/Programs": [
        "coreos-cloudinit", "fleetctl", "fleetd", "locksmithctl", "slipway", "slipway-bench", "slipway-etcd-proxy",
        "slipway-node-init",
    ],
    "Tests": ["DocumentationTests", "FileErrorsTests", "TerminalTests", "TestKit"],
    "Tests/Documents": [
        "CloudConfigTests", "DiagnosticsTests", "LocatedYAMLTests", "RenderingTests", "TopologyLoadingTests",
        "UnitFilesTests",
    ],
    "Tests/Cluster": [
        "CertificatesTests", "ImagesTests", "LibvirtProviderTests", "LibvirtTests", "PlanningTests",
        "ProvisioningTests", "SlipwayCommandsTests", "WorkspaceTests",
    ],
    "Tests/Etcd": ["DiscoveryTests", "EtcdTests", "RebootLockTests"],
    "Tests/Fleet": ["FleetctlTests", "FleetdTests", "SchedulingTests"],
    "Tests/Node": ["CgroupsTests", "CloudInitTests", "SystemdTests"],
]

let folderByTarget = Dictionary(uniqueKeysWithValues: folders.flatMap { folder, names in names.map { ($0, folder) } })

for target in package.targets {
    target.path = folderByTarget[target.name].map { "\($0)/\(target.name)" } ?? target.path
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
        .enableUpcomingFeature("ExistentialAny"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
        .enableUpcomingFeature("MemberImportVisibility"),
        // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0443-warning-control-flags.md
        .treatAllWarnings(as: .error),
    ]
}

// A node has no Swift, so a program brings it along, in every configuration: the nodes of tests run what was built with
// the tests. Modules that were not compiled for that do not say what Foundation consists of; the linker is told here.
let staticSwift =
    ["-static-stdlib"]
    + [
        "--start-group", "-lFoundation", "-lCoreFoundation", "-lFoundationInternationalization",
        "-lFoundationEssentials", "-l_FoundationCShims", "-l_FoundationCollections", "-l_FoundationICU",
        "-lswiftSynchronization", "--end-group",
    ].flatMap { ["-Xlinker", $0] }

for target in package.targets where target.type == .executable {
    // Nobody debugs on a node, and what is copied there is half as large without symbols.
    let stripped = target.name == "slipway" ? [] : ["-Xlinker", "-s"]
    target.linkerSettings = [.unsafeFlags(staticSwift + stripped, .when(platforms: [.linux]))]
}
