extension CloudConfig {
    /// A systemd unit to write, change, enable or start.
    package struct Unit: Sendable, Hashable {
        /// Name with suffix, such as `etcd2.service`.
        package var name: String
        /// True to link the unit to `/dev/null`.
        package var mask = false
        /// True to enable the unit by its `[Install]` section.
        package var enable = false
        /// In `/run` rather than `/etc`: gone after a reboot.
        package var runtime = false
        /// Text of the unit file; nil where only drop-ins or a command are given.
        package var content: String?
        /// Command for systemd once files are written; nil for none.
        package var command: UnitCommand?
        /// Drop-in files beside the unit.
        package var dropIns: [DropIn]

        package init(
            name: String = "",
            mask: Bool = false,
            enable: Bool = false,
            runtime: Bool = false,
            content: String? = nil,
            command: UnitCommand? = nil,
            dropIns: [DropIn] = [],
        ) {
            self.name = name
            self.mask = mask
            self.enable = enable
            self.runtime = runtime
            self.content = content
            self.command = command
            self.dropIns = dropIns
        }

        /// True when systemd-networkd reads it rather than systemd.
        package var isNetwork: Bool {
            [".network", ".netdev", ".link"].contains { name.hasSuffix($0) }
        }
    }

    /// File in the unit's `.d` directory.
    package struct DropIn: Sendable, Hashable {
        /// The file name, such as `10-limits.conf`.
        package var name: String
        /// Text of the file.
        package var content: String

        package init(name: String = "", content: String = "") {
            self.name = name
            self.content = content
        }
    }

    /// Command to systemd once everything is written.
    package enum UnitCommand: String, Sendable, Hashable, CaseIterable {
        case start, stop, restart, reload
        case tryRestart = "try-restart"
        case reloadOrRestart = "reload-or-restart"
        case reloadOrTryRestart = "reload-or-try-restart"
    }
}

extension CloudConfig.Unit: KeyedStruct {
    package static var empty: Self { Self() }

    package static let fields: [Field<Self>] = [
        Field("name", .text(\.name)),
        Field("mask", .bool(\.mask)),
        Field("enable", .bool(\.enable)),
        Field("runtime", .bool(\.runtime)),
        Field("content", .string(\.content)),
        Field(
            "command",
            .string(\.commandName),
            validity: .oneOf(CloudConfig.UnitCommand.allCases.map(\.rawValue)),
        ),
        Field("drop_ins", .dropIns(\.dropIns)),
    ]

    private var commandName: String? {
        get { command?.rawValue }
        set { command = newValue.flatMap(CloudConfig.UnitCommand.init(rawValue:)) }
    }
}

extension CloudConfig.DropIn: KeyedStruct {
    package static var empty: Self { Self() }

    package static var fields: [Field<Self>] {
        [Field("name", .text(\.name)), Field("content", .text(\.content))]
    }
}
