/// A node as fleet sees it.
package struct Machine: Sendable, Hashable, Codable {
    /// Resources of the machine for its units.
    package struct Resources: Sendable, Hashable, Codable {
        /// Bytes.
        package var memory: UInt64
        /// Number of processors.
        package var cpus: Int

        package init(memory: UInt64, cpus: Int) {
            self.memory = memory
            self.cpus = cpus
        }
    }

    /// Its machine id: 32 hexadecimal digits.
    package var id: String
    /// Metadata by key.
    package var metadata: [String: String]
    /// The address other machines reach it at; empty when unknown.
    package var primaryIP: String
    /// nil when it has not reported it.
    package var resources: Resources?
    /// It takes no new units, and its own go elsewhere as far as another machine takes them.
    package var isDraining: Bool

    package init(
        id: String,
        metadata: [String: String] = [:],
        primaryIP: String = "",
        resources: Resources? = nil,
        isDraining: Bool = false,
    ) {
        self.id = id
        self.metadata = metadata
        self.primaryIP = primaryIP
        self.resources = resources
        self.isDraining = isDraining
    }

    /// The first eight characters of the id, as people see it.
    package var shortID: String { String(id.prefix(8)) }
}
