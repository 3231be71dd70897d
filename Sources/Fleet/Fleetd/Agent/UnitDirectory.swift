import Basics
import UnitFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The directory with the files of the units that are loaded on this machine.
package struct UnitDirectory: Sendable {
    /// Absolute, without a slash at its end.
    package let path: String

    /// Creates a directory object; nothing is made on disk.
    package init(path: String) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// Directory of fleetd's own files, beside the units.
    package var parent: String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Path of a unit's file.
    package func file(_ unit: String) -> String { "\(path)/\(unit)" }

    /// Path of the file in which a unit says its address: one line, written before the unit is active.
    package func addressFile(_ unit: String) -> String { "\(parent)/addresses/\(unit)" }

    /// The address that a unit has announced, such as its container's; nil for none.
    package func announcedAddress(of unit: String) -> IPv4Address? {
        guard let text = FileManager.default.contents(atPath: addressFile(unit)) else { return nil }
        return IPv4Address(String(decoding: text, as: UTF8.self).trimmed)
    }

    /// Returns whether a path, such as one in systemd's own directories, is a symbolic link to a unit's file here.
    package func isLink(_ path: String, to unit: String) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) == file(unit)
    }

    /// The hash of each unit's text, by unit; files with other names are ignored.
    package func hashes() throws(FleetError) -> [String: String] {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let names = try FileManager.default.contentsOfDirectory(atPath: path)
            return try names.reduce(into: [:]) { hashes, name in
                guard (try? UnitName(name)) != nil else { return }
                let text = String(decoding: try Data(contentsOf: URL(filePath: file(name))), as: UTF8.self)
                hashes[name] = UnitHash(of: text).hex
            }
        } catch {
            throw FleetError(.files, "cannot read the units in \(path)", cause: error)
        }
    }

    /// Writes a unit's file whole or not at all.
    package func write(_ unit: String, _ text: String) throws(FleetError) {
        do {
            try AtomicFile.write(text, to: file(unit))
        } catch {
            throw FleetError(.files, "cannot write \(file(unit))", cause: error)
        }
    }

    /// Removes a unit's file, and the address that it has announced. A file that is not there is no error.
    package func remove(_ unit: String) throws(FleetError) {
        for path in [file(unit), addressFile(unit)] where FileManager.default.fileExists(atPath: path) {
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                throw FleetError(.files, "cannot remove \(path)", cause: error)
            }
        }
    }
}
