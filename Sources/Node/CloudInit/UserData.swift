import CloudConfig
import CloudConfigLoading
import Diagnostics

/// User-data of a system, read and unpacked.
struct UserData: Sendable {
    var bytes: [UInt8] = []
    /// The name for messages.
    var file = "user-data"
    var metadata = NodeMetadata()
    /// Reason why the user-data cannot be read, where the metadata beside it can.
    var fault: NodeSetupError?
    /// True when it is all that the machine is to be, and not a config that somebody applies beside that.
    var isMachinesOwn = false

    /// More than any node is given, packed or not; what is larger is never in memory as a whole.
    static let limit = 64 << 20

    private static let files = NodeFiles(root: "", setsOwners: false)

    /// A file that a person named: when it is not there, it will not come.
    init(file: String) throws(NodeSetupError) {
        guard let bytes = try Self.files.read(file, limit: Self.limit) else {
            throw NodeSetupError(.userData, "there is no file \(file)")
        }
        try self.init(unpacking: bytes, file: file)
    }

    /// Reads a config drive, whose files are optional; nil when the drive itself is missing.
    init?(configDrive directory: String) throws(NodeSetupError) {
        guard Self.files.exists(directory) else { return nil }
        let file = "\(directory)/openstack/latest/user_data"
        self.file = file
        isMachinesOwn = true
        do {
            bytes = try Self.plain(Self.files.read(file, limit: Self.limit) ?? [], file)
        } catch {
            fault = error
        }
        metadata = try Self.metadata("\(directory)/openstack/latest/meta_data.json")
    }

    init(unpacking bytes: [UInt8], file: String) throws(NodeSetupError) {
        self.file = file
        self.bytes = try Self.plain(bytes, file)
    }

    private static func plain(_ bytes: [UInt8], _ file: String) throws(NodeSetupError) -> [UInt8] {
        UserDataKind(bytes) == .gzip ? try unpacked(bytes, file) : bytes
    }

    private static func metadata(_ path: String) throws(NodeSetupError) -> NodeMetadata {
        guard let bytes = try files.read(path, limit: limit) else { return NodeMetadata() }
        do {
            return try NodeMetadata(json: bytes, file: path)
        } catch {
            throw NodeSetupError(.userData, "the metadata is not JSON", cause: error.description)
        }
    }

    private static func unpacked(_ bytes: [UInt8], _ file: String) throws(NodeSetupError) -> [UInt8] {
        do {
            return try Gzip.decompress(bytes, limit: limit)
        } catch {
            throw NodeSetupError(.userData, "\(file) cannot be unpacked", cause: error.description)
        }
    }
}
