// swift-tools-version: 6.2
import PackageDescription

// Targets are the layers of the program, and the compiler checks them: build with
// `--explicit-target-dependency-import-check error`, so that a target can import only what the table lists for it.

/// Targets by folder, each with the modules that it imports: targets first, then products of other packages.
let groups: KeyValuePairs<String, KeyValuePairs<String, String>> = [
    "Sources": [
        /// Encodings, quoting, durations, addresses, locks and whole files, without Foundation.
        "Basics": "",
        /// The system's own message for an error of a file, unwrapped from Foundation's.
        "FileErrors": "Basics",
        /// Tables, colours and JSON: text for people and programs, as strings.
        "Terminal": "Basics",
    ],
    "Sources/Documents": [
        /// Errors and warnings with file, line, column and caret, as values.
        "Diagnostics": "",
        /// The model of a topology file.
        "TopologyModel": "Basics CloudConfig Diagnostics UnitFiles",
        /// systemd unit files and fleet's `[X-Fleet]` section.
        "UnitFiles": "Basics Diagnostics Crypto",
        /// CoreOS cloud-config: the model and the text a node is given.
        "CloudConfig": "Basics CZlib Diagnostics",
        /// A node's cloud-config translated for Canonical's cloud-init and for Ignition.
        "Rendering": "Basics CloudConfig Diagnostics UnitFiles",
        /// YAML as a tree in which every node knows its line and column.
        "LocatedYAML": "CYAML Diagnostics",
        /// Reading of a cloud-config, and the rules of the original's validator.
        "CloudConfigLoading": "Basics CloudConfig Diagnostics LocatedYAML",
        /// Findings beyond the original's rules: keys that a consumer of the cloud-config ignores or refuses.
        "CloudConfigLinting": "Basics CloudConfig CloudConfigLoading Diagnostics LocatedYAML UnitFiles",
        /// Reading and checking of a topology file.
        "TopologyLoading": """
        Basics CloudConfig CloudConfigLinting CloudConfigLoading Diagnostics LocatedYAML TopologyModel UnitFiles
        """,
    ],
    "Sources/Cluster": [
        /// plan(desired, observed): every address, name and step, with reasons.
        "Planning": "Basics Certificates CloudConfig Diagnostics Rendering TopologyModel UnitFiles Crypto",
        /// A cluster's certificate authority, with keys derived from the host's secret.
        "Certificates": "Crypto SwiftASN1 X509",
        /// libvirt's API with move-only handles.
        "Libvirt": "CLibvirt",
        /// Node images: a Debian root and the project's node programs on it.
        "Images": "Basics FileErrors TopologyModel Crypto Logging Subprocess SystemPackage",
        /// ssh to nodes: keys, known hosts, jump host.
        "SecureShell": "Basics FileErrors Planning TopologyModel Crypto Subprocess SystemPackage",
        /// Observation of clusters and execution of plans; providers are known by protocol only.
        "Provisioning": """
        Basics CloudConfig Diagnostics Etcd FileErrors FleetState Images NodeBoot Planning RebootLock SecureShell
        TopologyModel TransportSecurity UnitFiles Logging Subprocess SystemPackage
        """,
        /// Checks of a running cluster: scheduling, failover, etcd.
        "SmokeTests": "Basics Etcd Planning Provisioning SecureShell TopologyModel UnitFiles",
        /// Scenarios of faults, the choice of the next one, and judgement of what happens meanwhile.
        "Chaos": "Basics CloudConfig Diagnostics LocatedYAML",
        /// Faults of a living cluster, their undoing, and the load under which they happen.
        "FaultInjection": """
        Basics Chaos Etcd FileErrors Planning Provisioning SecureShell TopologyModel UnitFiles Subprocess
        """,
        /// Backups of clusters: their file, and the etcd in which they are checked and prepared.
        "Backups": "Basics Etcd FileErrors FleetState RebootLock Crypto CryptoExtras Subprocess SystemPackage",
        /// Nodes and networks as libvirt domains and networks.
        "LibvirtProvider": """
        Basics Cgroups FileErrors Images Libvirt NodeBoot Planning Provisioning TopologyModel Logging Subprocess
        SystemPackage
        """,
        /// Pictures of clusters, plans and runs, as SVG, for Graphviz, for Mermaid and as text.
        "Graphs": "Basics Planning TopologyModel",
        /// A living picture of clusters in a browser: the page, its server, and what both say to each other.
        "Dashboard": """
        Basics ConnectionLimits Etcd FleetState Planning Provisioning Scheduling Terminal TopologyModel UnitFiles
        Crypto HTTPTypes HummingbirdCore Logging NIOCore NIOPosix
        """,
        /// This host's libvirt, images, keys and locks: load, observe, plan and apply.
        "Workspace": """
        Backups Basics Certificates Diagnostics Discovery Etcd Images LibvirtProvider Planning Provisioning SecureShell
        TopologyModel TransportSecurity UnitFiles Crypto Logging SystemPackage
        """,
        /// slipway's commands: arguments and printing.
        "SlipwayCommands": """
        Backups Basics Certificates Chaos CloudConfig CloudConfigLinting CloudConfigLoading Dashboard Diagnostics
        Discovery Etcd FaultInjection FileErrors FleetState Graphs Images Planning Provisioning
        Rendering SecureShell SmokeTests Terminal TopologyLoading TopologyModel UnitFiles Workspace ArgumentParser
        Crypto Logging Subprocess SystemPackage
        """,
    ],
    "Sources/Etcd": [
        /// One side of TLS, from PEM or from files that settings name.
        "TransportSecurity": "Basics NIOSSL",
        /// etcd's v3 JSON gateway: kv, txn, lease, watch, cluster; and the v2 member list.
        "Etcd": "Basics TransportSecurity AsyncHTTPClient Logging NIOCore NIOHTTP1 NIOPosix NIOSSL",
        /// locksmith's semaphore in etcd, which bounds the machines that reboot at a time.
        "RebootLock": "Basics Etcd",
        /// The worker's local proxy to etcd.
        "EtcdProxy": "Basics TransportSecurity Logging NIOCore NIOHPACK NIOHTTP1 NIOPosix NIOSSL",
        /// Limits of a listener: connections at a time, and time until the first request.
        "ConnectionLimits": "NIOCore",
        /// etcd's v2 discovery protocol, by which the first members find each other.
        "Discovery": "Basics ConnectionLimits FileErrors HTTPTypes HummingbirdCore Logging NIOCore NIOPosix",
    ],
    "Sources/Fleet": [
        /// fleet's HTTP protocol: its paths, and its objects as JSON.
        "FleetAPI": "UnitFiles",
        /// The choice of a machine for each unit.
        "Scheduling": "Basics UnitFiles",
        /// fleet's state in etcd: units, schedule, machines, states.
        "FleetState": "Basics Etcd Scheduling UnitFiles Logging",
        /// fleetd: the engine, the agent and the HTTP API.
        "Fleetd": """
        Basics ConnectionLimits Etcd FleetAPI FleetState Scheduling Systemd TransportSecurity UnitFiles HTTPTypes
        HummingbirdCore Logging NIOCore NIOPosix NIOSSL ServiceLifecycle UnixSignals
        """,
        /// fleetctl's commands and its two ways to fleet, HTTP and etcd.
        "Fleetctl": """
        Basics Diagnostics Etcd FleetAPI FleetState Fleetd Scheduling Terminal TransportSecurity UnitFiles
        ArgumentParser AsyncHTTPClient Logging NIOCore NIOHTTP1 NIOPosix Subprocess SystemPackage UnixSignals
        """,
    ],
    "Sources/Node": [
        /// systemd's D-Bus manager interface.
        "Systemd": "Basics CSystemd",
        /// Cgroup v2 directories of container nodes: made by their init, removed by their host. Without Foundation.
        "Cgroups": "",
        /// Other programs of a node, run to their end with input and output.
        "NodePrograms": "Basics Subprocess",
        /// The image that a container node boots: chosen by its init, wanted by its host. Without Foundation.
        "NodeBoot": "Basics",
        /// coreos-cloudinit: changes to a system by its cloud-config.
        "CloudInit": "Basics CloudConfig CloudConfigLoading Diagnostics LocatedYAML NodePrograms Systemd",
        /// flanneld: one network for the containers of all nodes.
        "Flannel": "Basics Etcd NodePrograms TransportSecurity ArgumentParser Logging UnixSignals",
        /// locksmithd and locksmithctl: reboots, one machine after the other.
        "Locksmith": """
        Basics CloudConfig Etcd FleetAPI NodeBoot RebootLock Systemd TransportSecurity ArgumentParser AsyncHTTPClient
        Logging NIOCore NIOHTTP1 SystemPackage UnixSignals
        """,
    ],
    "Sources/Programs": [
        "slipway": "Basics SlipwayCommands ArgumentParser",
        /// All of CoreOS's programs in one, which runs as the one by whose name it is called.
        "slipway-node": "Basics CloudInit Flannel Fleetctl Fleetd Locksmith ArgumentParser",
        /// PID 1 of a container node until it hands over to systemd.
        "slipway-node-init": "Basics Cgroups NodeBoot",
        "slipway-etcd-proxy": "Basics EtcdProxy Logging",
        /// Times slipway, fleet and the scheduler, for Scripts/bench.
        "slipway-bench": "Basics Etcd Scheduling UnitFiles ArgumentParser Subprocess SystemPackage",
    ],
    "Tests": [
        /// Fakes, temporary directories, seeded randomness.
        "TestKit": """
        Basics Certificates Etcd EtcdProxy NodeBoot Planning Provisioning RebootLock SecureShell Systemd
        TopologyLoading TopologyModel TransportSecurity UnitFiles ArgumentParser CustomDump SystemPackage
        """,
        "BasicsTests": "Basics TestKit",
        "FileErrorsTests": "Basics FileErrors TestKit",
        "TerminalTests": "Terminal TestKit",
        /// The pages' links, topologies, units and command lines.
        "DocumentationTests": """
        Chaos Diagnostics Fleetctl LocatedYAML Locksmith SlipwayCommands TestKit TopologyLoading UnitFiles
        ArgumentParser
        """,
        /// Real nodes, in the project's own sandbox.
        "IntegrationTests": "Basics TestKit Subprocess",
    ],
    "Tests/Documents": [
        "DiagnosticsTests": "Diagnostics TestKit",
        "LocatedYAMLTests": "Diagnostics LocatedYAML TestKit",
        "TopologyLoadingTests": """
        Basics CloudConfig Diagnostics LocatedYAML TestKit TopologyLoading TopologyModel UnitFiles
        """,
        "UnitFilesTests": "Diagnostics TestKit UnitFiles",
        "CloudConfigTests": "Basics CloudConfig CloudConfigLinting CloudConfigLoading Diagnostics TestKit",
        "RenderingTests": """
        Basics CloudConfig CloudConfigLoading Diagnostics Planning Rendering TestKit TopologyLoading TopologyModel
        Subprocess SystemPackage
        """,
    ],
    "Tests/Cluster": [
        "PlanningTests": """
        Basics CloudConfig CloudConfigLoading Diagnostics Planning TestKit TopologyLoading TopologyModel UnitFiles
        CustomDump
        """,
        "CertificatesTests": "Certificates Crypto SwiftASN1 X509",
        "ImagesTests": "Basics Images TestKit TopologyModel Crypto",
        "GraphsTests": "Graphs Planning TestKit TopologyLoading TopologyModel Subprocess",
        "DashboardTests": """
        Basics ConnectionLimits Dashboard Etcd FleetState Planning Provisioning TestKit TopologyLoading TopologyModel
        UnitFiles Logging NIOCore
        """,
        "ChaosTests": "Basics Chaos Diagnostics TestKit",
        "FaultInjectionTests": """
        Basics Chaos Etcd FaultInjection Planning Provisioning SecureShell TestKit TopologyModel UnitFiles
        """,
        "BackupsTests": "Backups Basics Etcd FleetState RebootLock TestKit",
        "LibvirtTests": "Libvirt TestKit",
        "LibvirtProviderTests": """
        Basics Images Libvirt LibvirtProvider NodeBoot Planning Provisioning TestKit TopologyLoading TopologyModel
        UnitFiles Logging
        """,
        "ProvisioningTests": """
        Basics CloudConfig Diagnostics Etcd FleetState Images LibvirtProvider Planning Provisioning RebootLock
        SecureShell TestKit TopologyLoading TopologyModel UnitFiles SystemPackage
        """,
        "WorkspaceTests": """
        Basics Diagnostics Discovery Planning SecureShell TestKit TopologyModel Workspace SystemPackage
        """,
        "SlipwayCommandsTests": """
        Basics Certificates Chaos Diagnostics Discovery FaultInjection Planning Provisioning SecureShell
        SlipwayCommands SmokeTests Terminal TestKit TopologyLoading TopologyModel UnitFiles Workspace ArgumentParser
        Subprocess SystemPackage
        """,
    ],
    "Tests/Etcd": [
        "EtcdTests": """
        Basics ConnectionLimits Etcd EtcdProxy TestKit TransportSecurity Logging NIOCore NIOHPACK NIOPosix
        """,
        "RebootLockTests": "Basics CloudConfig Etcd Locksmith NodeBoot RebootLock Systemd TestKit Logging",
        "DiscoveryTests": "Basics ConnectionLimits Discovery EtcdProxy TestKit Logging",
    ],
    "Tests/Fleet": [
        "SchedulingTests": "Basics Scheduling TestKit UnitFiles",
        "FleetdTests": """
        Basics ConnectionLimits Etcd FleetAPI FleetState Fleetd Scheduling Systemd TestKit TransportSecurity UnitFiles
        AsyncHTTPClient Logging NIOCore NIOEmbedded NIOHTTP1 NIOSSL ServiceLifecycle
        """,
        "FleetctlTests": """
        Diagnostics Etcd FleetAPI Fleetctl Scheduling Terminal TestKit TransportSecurity UnitFiles ArgumentParser
        AsyncHTTPClient NIOCore SystemPackage
        """,
    ],
    "Tests/Node": [
        "CgroupsTests": "Cgroups TestKit",
        "NodeBootTests": "Basics NodeBoot TestKit",
        "CloudInitTests": "CloudConfig CloudInit NodePrograms Systemd TestKit",
        "FlannelTests": "Basics Etcd Flannel TestKit ArgumentParser Logging",
        "NodeProgramsTests": "NodePrograms",
        "SystemdTests": "Systemd TestKit",
    ],
]

/// Products of other packages, with the package that each is of.
let products = [
    "ArgumentParser": "swift-argument-parser",
    "AsyncHTTPClient": "async-http-client",
    "Crypto": "swift-crypto",
    "CryptoExtras": "swift-crypto",
    "CustomDump": "swift-custom-dump",
    "HTTPTypes": "swift-http-types",
    "HummingbirdCore": "hummingbird",
    "Logging": "swift-log",
    "NIOCore": "swift-nio",
    "NIOHPACK": "swift-nio-http2",
    "NIOHTTP1": "swift-nio",
    "NIOEmbedded": "swift-nio",
    "NIOPosix": "swift-nio",
    "NIOSSL": "swift-nio-ssl",
    "ServiceLifecycle": "swift-service-lifecycle",
    "Subprocess": "swift-subprocess",
    "SwiftASN1": "swift-asn1",
    "SystemPackage": "swift-system",
    "UnixSignals": "swift-service-lifecycle",
    "X509": "swift-certificates",
]

/// Targets of tests with a folder of golden files, which is no part of them.
let goldenFiles: Set = [
    "CloudInitTests", "DocumentationTests", "FleetctlTests", "FlannelTests", "GraphsTests", "ImagesTests",
    "LibvirtProviderTests", "PlanningTests", "RebootLockTests", "RenderingTests", "SlipwayCommandsTests",
]
/// Other files in the folders of tests that are no part of them.
let excluded = ["FleetdTests": ["Registry/Golden"], "SlipwayCommandsTests": ["Alerts"]]

/// True for a release of all programs at once: what is made for tests does not compile without them.
let onlyPrograms = Context.environment["SLIPWAY_ONLY_PROGRAMS"] != nil

/// Files that are compiled into a target, by its name.
let embedded = [
    "Dashboard": [
        "index.html", "style.css", "icon.svg", "app.js", "dom.js", "map.js", "ring.js", "panel.js", "views.js",
        "timeline.js", "run.js",
    ].map { "Page/\($0)" },
    "Images": [
        "announce-address.sh", "ask-names-of.sh", "root.sh", "machine.sh", "init.sh", "etcdctl.sh",
        "flannel-docker-opts.sh", "prepare-node.sh", "security.sh",
    ].map { "Scripts/\($0)" },
]

let systemLibraries: [Target] = [
    .systemLibrary(
        name: "CLibvirt",
        path: "Sources/Cluster/CLibvirt",
        pkgConfig: "libvirt",
        providers: [.apt(["libvirt-dev"])]
    ),
    .systemLibrary(
        name: "CSystemd",
        path: "Sources/Node/CSystemd",
        pkgConfig: "libsystemd",
        providers: [.apt(["libsystemd-dev"])]
    ),
    .systemLibrary(name: "CYAML", path: "Sources/Documents/CYAML", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/Documents/CZlib", providers: [.apt(["zlib1g-dev"])]),
]

let swiftSettings: [SwiftSetting] = [
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0335-existential-any.md
    .enableUpcomingFeature("ExistentialAny"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0444-member-import-visibility.md
    .enableUpcomingFeature("MemberImportVisibility"),
    // https://github.com/swiftlang/swift-evolution/blob/main/proposals/0443-warning-control-flags.md
    .treatAllWarnings(as: .error),
]

// The tests make some twenty thousand plans, and walk the orders of each.
let hot: Set = ["Planning", "PlanningTests", "Chaos", "ChaosTests"]
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

// A node has no Swift, so a program brings it along, in every configuration: the nodes of tests run what was built with
// the tests. Modules that were not compiled for that do not list the parts of Foundation; they are listed here.
let staticSwift =
    // Nothing is looked up in a program by name: what nobody calls need not be in it.
    ["-static-stdlib", "-Xlinker", "--no-export-dynamic"]
    + [
        "--start-group", "-lFoundation", "-lCoreFoundation", "-lFoundationInternationalization",
        "-lFoundationEssentials", "-l_FoundationCShims", "-l_FoundationCollections", "-l_FoundationICU",
        "-lswiftSynchronization", "--end-group",
    ].flatMap { ["-Xlinker", $0] }

func target(_ name: String, in folder: String, needs modules: String) -> Target {
    let dependencies = modules.split(whereSeparator: \.isWhitespace).map(String.init).map { module in
        products[module].map { .product(name: module, package: $0) } ?? Target.Dependency(stringLiteral: module)
    }
    // The tests of nodes have a folder of a shorter name.
    let path = name == "IntegrationTests" ? "Tests/Integration" : "\(folder)/\(name)"
    if name.hasSuffix("Tests"), folder.hasPrefix("Tests") {
        return .testTarget(
            name: name,
            dependencies: dependencies,
            path: path,
            exclude: (goldenFiles.contains(name) ? ["Golden"] : []) + (excluded[name] ?? []),
            swiftSettings: swiftSettings + (hot.contains(name) ? optimized : []),
        )
    }
    guard folder == "Sources/Programs" else {
        return .target(
            name: name,
            dependencies: dependencies,
            path: path,
            // A target that is no group's has the page beside its files.
            exclude: folder == "Sources" ? ["README.md"] : [],
            resources: (embedded[name] ?? []).map { .embedInCode($0) },
            swiftSettings: swiftSettings + (hot.contains(name) ? optimized : []),
            linkerSettings: name == "LocatedYAML" ? [.linkedLibrary(":libyaml.a")] : [],  // A node has no shared one.
        )
    }
    // Symbols are of no use on a node, and a program is half as large without them.
    let stripped = name == "slipway" ? [] : ["-Xlinker", "-s"]
    return .executableTarget(
        name: name,
        dependencies: dependencies,
        path: path,
        swiftSettings: swiftSettings,
        linkerSettings: [.unsafeFlags(staticSwift + stripped, .when(platforms: [.linux]))],
    )
}

let package = Package(
    name: "slipway",
    platforms: [.macOS(.v15)],
    products: ["slipway", "slipway-node", "slipway-node-init", "slipway-etcd-proxy"].map {
        .executable(name: $0, targets: [$0])
    },
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
        .package(url: "https://github.com/pointfreeco/swift-custom-dump", exact: "1.7.3"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: systemLibraries
        + groups.filter { !onlyPrograms || !$0.key.hasPrefix("Tests") }.flatMap { folder, targets in
            targets.map { name, modules in target(name, in: folder, needs: modules) }
        },
    swiftLanguageModes: [.v6],
)
