import Basics
import Libvirt
import Planning
import Provisioning
import TopologyModel

extension VirtualMachineBackend {
    /// Reason why there can be no virtual machines here; nil where there can.
    func absence() async throws -> String? {
        if let reason = try await driver.presence().reason { return reason }
        guard case .qemu(let hardware) = try await driver.dialect() else { return nil }
        return hardware.absence
    }

    /// Facts about the host that matter to virtual machines; nil where none can run.
    func machineHost() async throws -> VMHost? {
        guard try await driver.presence() == .present, try await !driver.dialect().isSimulated else { return nil }
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
            offersKVM: Self.offersKVM(capabilities, for: .current),
            freeMemoryMiB: memory > 0 ? Int(memory >> 10) : nil,
            freeStorageMiB: seen.storage.map { Int($0 >> 20) },
        )
    }

    /// Returns whether libvirt offers KVM for machines of an architecture. It may for others, as a host of arm64 does for
    /// 32-bit machines.
    static func offersKVM(_ capabilities: XMLElement, for architecture: Architecture) -> Bool {
        capabilities.all("guest", "arch").filter { $0["name"] == architecture.libvirtName }
            .contains { $0.all("domain").contains { $0["type"] == "kvm" } }
    }

    /// Returns whether the host's processor can run machines, by its features as libvirt lists them; nil for a processor
    /// whose features do not say it, where libvirt's offer of KVM has to do.
    private func hasVirtualization(_ capabilities: XMLElement) async throws -> Bool? {
        guard let cpu = capabilities.first("host", "cpu") else { return false }
        let known = Self.virtualization(of: cpu)
        if known.isEmpty { return nil }
        if Self.has(known, cpu) { return true }
        // A model may imply the feature.
        let expanded = try? await driver.run { connection throws(LibvirtError) in
            try connection.expandedCPU(cpu.rendered())
        }
        return try expanded.map { Self.has(known, try XMLReader.read($0)) } ?? false
    }

    /// Features of which a processor like this one needs one to run machines.
    static func virtualization(of cpu: XMLElement) -> [String] {
        let architecture = cpu.first("arch").flatMap { Architecture(libvirtName: $0.text) }
        return architecture?.virtualization.map(\.feature) ?? []
    }

    private static func has(_ features: [String], _ cpu: XMLElement) -> Bool {
        cpu.all("feature").contains { feature in
            features.contains { $0 == feature["name"] } && !["disable", "forbid"].contains(feature["policy"])
        }
    }
}

/// Facts that libvirt gives about its host, read at one time.
private struct HypervisorFacts: Sendable {
    var capabilities: String
    var memory: [String: UInt64]
    var storage: UInt64?
}
