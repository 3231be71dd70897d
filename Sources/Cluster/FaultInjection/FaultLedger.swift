import Basics
import Chaos
import FileErrors
import FoundationEssentials

/// What is being done to a cluster, on this host's disk before it is done, so that whoever comes next can undo it.
package struct FaultRecord: Codable, Sendable, Hashable {
    /// Identifier of the run, which names its units and keys.
    package var run: String
    /// Command and process of the run, for people.
    package var holder: String
    /// Faults that may not be undone yet.
    package var faults: [Fault]

    package init(run: String, holder: String, faults: [Fault] = []) {
        (self.run, self.holder, self.faults) = (run, holder, faults)
    }
}

/// File with the record of a cluster's chaos run; there is none while no run is under way.
package struct FaultLedger: Sendable {
    private let path: String

    /// - Parameter path: of the file; its directory exists.
    package init(path: String) { self.path = path }

    /// The record; nil where there is none.
    package func read() throws -> FaultRecord? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            return try JSONDecoder().decode(FaultRecord.self, from: Data(contentsOf: URL(filePath: path)))
        } catch let error as DecodingError {
            throw FaultError(.unreadable, "the record of a chaos run in \(path) is none: \(error)")
        } catch {
            throw FaultError(.unreadable, "the record of a chaos run cannot be read: \(error.plainReason)")
        }
    }

    /// Writes the record, through to the disk.
    package func write(_ record: FaultRecord) throws {
        try AtomicFile.write(Array(try JSONEncoder().encode(record)), to: path, mode: 0o600)
    }

    /// Removes the record; one that is not there is fine.
    package func remove() throws {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch let error as CocoaError where error.code == .fileNoSuchFile {
            // As it should be.
        }
    }
}

/// A fault that could not be brought about or undone.
package struct FaultError: Error, Sendable, CustomStringConvertible {
    /// Kind of failure.
    package enum Code: Sendable, Hashable {
        /// Some nodes cannot have this fault, by themselves or by their host.
        case impossible
        /// The node did not do what it was told.
        case failed
        /// A record cannot be read.
        case unreadable
        /// The cluster is not in a state in which faults say anything.
        case unwell
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Failure, for people.
    package var message: String
    /// Names of the nodes that cannot have a fault.
    package var nodes: [String]

    package init(_ code: Code, _ message: String, nodes: [String] = []) {
        (self.code, self.message, self.nodes) = (code, message, nodes)
    }

    package var description: String { message }
}
