import CloudConfig
import CloudConfigLoading
import Diagnostics

/// What a machine was given, read and unpacked.
struct UserData: Sendable {
    var bytes: [UInt8] = []
    /// The name for messages.
    var file = "user-data"
    var metadata = NodeMetadata()

    /// - Throws: ``NodeSetupError`` when there is no source, or it cannot be read.
    init(_ options: CloudInitOptions) throws(NodeSetupError) {
        let files = NodeFiles(root: "", setsOwners: false)
        if let file = options.file {
            guard let bytes = try files.read(file) else { throw NodeSetupError(.userData, "there is no file \(file)") }
            (self.bytes, self.file) = (bytes, file)
        } else if let directory = options.configDrive {
            // What a config drive does not have is no fault.
            file = "\(directory)/openstack/latest/user_data"
            bytes = try files.read(file) ?? []
            metadata = try Self.metadata("\(directory)/openstack/latest/meta_data.json", files)
        } else {
            throw NodeSetupError(.usage, "name a source: -from-file or -from-configdrive")
        }
        if UserDataKind(bytes) == .gzip { bytes = try Self.unpacked(bytes, file) }
    }

    private static func metadata(_ path: String, _ files: NodeFiles) throws(NodeSetupError) -> NodeMetadata {
        guard let bytes = try files.read(path) else { return NodeMetadata() }
        do {
            return try NodeMetadata(json: bytes, file: path)
        } catch {
            throw NodeSetupError(.userData, "the metadata is not JSON", cause: error.description)
        }
    }

    private static func unpacked(_ bytes: [UInt8], _ file: String) throws(NodeSetupError) -> [UInt8] {
        do {
            return try Gzip.decompress(bytes)
        } catch {
            throw NodeSetupError(.userData, "\(file) cannot be unpacked", cause: error.description)
        }
    }
}
