/// The command line of coreos-cloudinit, in Go's style: `-flag`, `--flag`, `-flag=value`, `-flag value`.
package struct CloudInitOptions: Sendable, Hashable {
    /// Sources of user-data, tried at the same time.
    var sources: [DataSource] = []
    /// Notes about what a preset does not do here.
    var notes: [String] = []
    /// True for `-validate`: check and change nothing.
    package var validates = false
    /// True for `-version`.
    package var printsVersion = false
    /// True for `-help`.
    package var printsHelp = false
    /// True when to end with 0 whatever happens.
    package var ignoresFailure = false
    /// Directory of scripts.
    package var workspace = "/var/lib/coreos-cloudinit"
    /// The name under which the keys of the user `core` are kept.
    package var keyName = "coreos-cloudinit"

    package init() {}

    /// Parses the command line, flags written in Go's way.
    package init(arguments: [String]) throws(NodeSetupError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-" else {
                throw NodeSetupError(.usage, "\"\(argument)\" is not a flag")
            }
            let parts = argument.drop { $0 == "-" }.split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            try set(String(parts[0]), to: parts.count > 1 ? String(parts[1]) : nil, rest: &rest)
        }
    }

    private mutating func set(_ flag: String, to value: String?, rest: inout ArraySlice<String>) throws(NodeSetupError)
    {
        switch flag {
        case "validate": validates = try Self.bool(flag, value)
        case "version": printsVersion = try Self.bool(flag, value)
        case "ignore-failure": ignoresFailure = try Self.bool(flag, value)
        case "h", "help": printsHelp = true
        case "from-file": sources.append(.file(try Self.text(flag, value, &rest)))
        case "from-configdrive": sources.append(.configDrive(try Self.text(flag, value, &rest)))
        case "from-url": sources.append(.url(try Self.text(flag, value, &rest)))
        case "from-proc-cmdline": if try Self.bool(flag, value) { sources.append(.kernelCommandLine) }
        case "oem":
            let (preset, note) = try OEMPreset.sources(Self.text(flag, value, &rest))
            sources += preset
            if let note { notes.append(note) }
        case "convert-netconf":
            throw NodeSetupError(
                .usage,
                "-convert-netconf is not done here: give the network as .network units in the user-data"
            )
        case _ where OEMPreset.cloudFlags.contains(flag):
            throw NodeSetupError(
                .usage,
                "-\(flag) asks a cloud, and this program reads no cloud's data; use -from-url or -from-configdrive"
            )
        case "workspace": workspace = try Self.text(flag, value, &rest)
        case "ssh-key-name": keyName = try Self.keyName(Self.text(flag, value, &rest))
        default: throw NodeSetupError(.usage, "there is no flag -\(flag)")
        }
    }

    private static func text(
        _ flag: String,
        _ value: String?,
        _ rest: inout ArraySlice<String>,
    ) throws(NodeSetupError) -> String {
        guard let text = value ?? rest.popFirst(), !text.isEmpty else {
            throw NodeSetupError(.usage, "the flag -\(flag) needs a value")
        }
        return text
    }

    private static func bool(_ flag: String, _ value: String?) throws(NodeSetupError) -> Bool {
        switch value {
        case nil, "true", "1", "t", "T", "TRUE", "True": return true
        case "false", "0", "f", "F", "FALSE", "False": return false
        case let value?: throw NodeSetupError(.usage, "\"\(value)\" is neither true nor false for -\(flag)")
        }
    }

    /// A file name, since it becomes one.
    private static func keyName(_ name: String) throws(NodeSetupError) -> String {
        guard !name.contains("/"), name != ".", name != ".." else {
            throw NodeSetupError(.usage, "\"\(name)\" cannot name keys: it has to be a file name")
        }
        return name
    }

    static let sourceNeeded = "name a source: -from-file, -from-configdrive, -from-url, -from-proc-cmdline or -oem"

    /// Text of `-help`.
    package static let usage = """
        usage: coreos-cloudinit [flags]
          -from-file=FILE          read user-data from a file
          -from-configdrive=DIR    read user-data and metadata from a config drive: DIR/openstack/latest
          -from-url=URL            read user-data from a URL; up to 15 tries, none after an answer 4xx
          -from-proc-cmdline       read user-data from the URL in the kernel's cloud-config-url=
          -oem=NAME                the sources of a kind of machine: ec2-compat, rackspace-onmetal (their config drive)
          -validate                check the user-data and do nothing; every finding is a line, and any makes the exit 1
          -ssh-key-name=NAME       keep the keys of the user core under this name (coreos-cloudinit)
          -workspace=DIR           keep scripts here (/var/lib/coreos-cloudinit)
          -ignore-failure          exit 0 whatever happens
          -version                 print the version
        Of several sources the first that is there is taken.

        """
}
