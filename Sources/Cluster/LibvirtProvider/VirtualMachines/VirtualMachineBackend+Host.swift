import Libvirt
import Planning
import Provisioning
import TopologyModel

extension VirtualMachineBackend {
    /// Facts about the host that matter to virtual machines; nil where none can run.
    func machineHost() async throws -> VMHost? {
        guard try await driver.presence() == .present, try await driver.dialect().runsDomains else { return nil }
        let seen = try await driver.run { connection throws(LibvirtError) in
            HypervisorFacts(
                capabilities: try connection.capabilities(),
                memory: try connection.memoryStatistics(),
                storage: try connection.ifPool { pool throws(LibvirtError) in try pool.info().available },
            )
        }
        let capabilities = try XMLReader.read(seen.capabilities)
        let memory = ["free", "buffers", "cached"].reduce(UInt64(0)) { $0 + (seen.memory[$1] ?? 0) }
        return VMHost(
            hasVirtualization: try await hasVirtualization(capabilities),
            offersKVM: capabilities.all("guest", "arch", "domain").contains { $0["type"] == "kvm" },
            freeMemoryMiB: memory > 0 ? Int(memory >> 10) : nil,
            freeStorageMiB: seen.storage.map { Int($0 >> 20) },
        )
    }

    /// Returns whether the host's processor can run machines, by its features as libvirt lists them.
    private func hasVirtualization(_ capabilities: XMLElement) async throws -> Bool {
        guard let cpu = capabilities.first("host", "cpu") else { return false }
        // Other processors have no such feature to look for; there, libvirt's offer of KVM has to do.
        guard ["x86_64", "i686"].contains(cpu.first("arch")?.text) else { return true }
        if Self.canVirtualize(cpu) { return true }
        // A model may imply the feature.
        let expanded = try? await driver.run { connection throws(LibvirtError) in
            try connection.expandedCPU(cpu.rendered())
        }
        return try expanded.map { Self.canVirtualize(try XMLReader.read($0)) } ?? false
    }

    static func canVirtualize(_ cpu: XMLElement) -> Bool {
        cpu.all("feature").contains { feature in
            ["vmx", "svm"].contains(feature["name"]) && !["disable", "forbid"].contains(feature["policy"])
        }
    }
}

/// Facts that libvirt gives about its host, read at one time.
private struct HypervisorFacts: Sendable {
    var capabilities: String
    var memory: [String: UInt64]
    var storage: UInt64?
}
