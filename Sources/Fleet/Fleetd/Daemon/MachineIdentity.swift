import Basics

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Identity of this machine.
package struct MachineIdentity: Sendable, Equatable {
    /// `/etc/machine-id`.
    package var id: String
    /// Made once per boot, so that a fleetd that is started again is known to be on the same machine.
    package var token: String

    package init(id: String, token: String) {
        self.id = id
        self.token = token
    }

    /// - Parameters:
    ///   - directory: does not survive a boot, as `/run/fleet`.
    /// - Throws: `identity` when the machine has no id.
    package static func read(
        machineIDFile: String = "/etc/machine-id",
        directory: String,
    ) throws(FleetError) -> MachineIdentity {
        let id = try text(machineIDFile, "a fleet machine is known by its id: run systemd-machine-id-setup")
        guard id.count >= 8, id.allSatisfy(\.isHexDigit) else {
            throw FleetError(.identity, "\(machineIDFile) holds '\(id)', which is no machine id")
        }
        return MachineIdentity(id: id, token: try token("\(directory)/token"))
    }

    private static func token(_ path: String) throws(FleetError) -> String {
        if FileManager.default.fileExists(atPath: path) { return try text(path, "remove it") }
        var random = SystemRandomNumberGenerator()
        let token = String(random.next(), radix: 16) + String(random.next(), radix: 16)
        do {
            let parent = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try AtomicFile.write(token + "\n", to: path)
        } catch {
            throw FleetError(.identity, "cannot write \(path)", cause: error)
        }
        return token
    }

    private static func text(_ path: String, _ hint: String) throws(FleetError) -> String {
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            return String(decoding: data, as: UTF8.self).trimmed
        } catch {
            throw FleetError(.identity, "cannot read \(path) (\(hint))", cause: error)
        }
    }
}
