/// Description of a machine, written by the machine itself.
package struct MachineRecord: Sendable, Equatable, Codable {
    /// Machine ID.
    package var id: String
    /// The address by which other machines and `fleetctl ssh` reach it; may be empty.
    package var primaryIP: String
    /// Metadata by key.
    package var metadata: [String: String]
    /// Version of its fleetd.
    package var version: String
    /// Tells this boot of the machine from another machine that has the same id.
    package var token: String
    /// Bytes of memory, and CPUs, for its units; nil when it has not reported them.
    package var memory: UInt64?
    /// Number of processors.
    package var cpus: Int?
    /// True once it was asked to leave the cluster: when it goes after that, it was not silent.
    package var isLeaving: Bool?
    /// True of a machine that leaves when its record says so, whoever wrote that; nil of earlier versions of fleetd.
    package var leavesOnRequest: Bool?
    /// Name of the host, by which others find it; nil of earlier versions of fleetd.
    package var hostname: String?
    /// True once its cloud-config is applied; nil before, where that failed, and where it has not said.
    package var isSetUp: Bool?

    package init(
        id: String,
        primaryIP: String = "",
        metadata: [String: String] = [:],
        version: String = "",
        token: String = "",
        memory: UInt64? = nil,
        cpus: Int? = nil,
        leavesOnRequest: Bool? = nil,
    ) {
        self.id = id
        self.primaryIP = primaryIP
        self.metadata = metadata
        self.version = version
        self.token = token
        self.memory = memory
        self.cpus = cpus
        self.leavesOnRequest = leavesOnRequest
    }

    /// Returns whether `other` is this machine: the same fleetd restarted, or the machine booted again at the same
    /// address.
    package func isSameMachine(as other: MachineRecord) -> Bool {
        id == other.id
            && ((!token.isEmpty && token == other.token) || (!primaryIP.isEmpty && primaryIP == other.primaryIP))
    }

    private enum CodingKeys: String, CodingKey {
        case id = "ID"
        case primaryIP = "PublicIP"
        case metadata = "Metadata"
        case version = "Version"
        case token = "Token"
        case memory = "Memory"
        case cpus = "CPUs"
        case isLeaving = "Leaving"
        case leavesOnRequest = "LeavesOnRequest"
        case hostname = "Hostname"
        case isSetUp = "SetUp"
    }
}
