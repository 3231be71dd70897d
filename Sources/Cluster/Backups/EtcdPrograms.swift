import FoundationEssentials

/// etcd's own programs on this host, with which backups are checked and prepared.
package struct EtcdPrograms: Sendable, Hashable {
    /// Command line that runs `etcd`.
    let etcd: [String]
    /// Command line that restores snapshots: `etcdutl`, or `etcdctl` of a version that still does so.
    let restorer: [String]

    /// Those of this host's `PATH`, or else those in a node image's root.
    ///
    /// - Parameter roots: directories of node images, the ones to prefer first.
    /// - Throws: ``BackupError`` where there are none.
    package static func find(
        path: String = ProcessInfo.processInfo.environment["PATH"] ?? "",
        roots: [String],
    ) throws(BackupError) -> EtcdPrograms {
        let directories = path.split(separator: ":").map(String.init) + ["/usr/bin"]
        for directory in directories {
            if let programs = programs(in: directory, loader: []) { return programs }
        }
        for root in roots {
            guard let loader = loader(of: root),
                let programs = programs(in: "\(root)/usr/bin", loader: loader)
            else { continue }
            return programs
        }
        throw BackupError(
            "there is no etcd here to check a backup with; build the node image (slipway image build), or run: "
                + "sudo apt-get install etcd-server etcd-client"
        )
    }

    private static func programs(in directory: String, loader: [String]) -> EtcdPrograms? {
        func found(_ name: String) -> [String]? {
            let path = "\(directory)/\(name)"
            return FileManager.default.isExecutableFile(atPath: path) ? loader + [path] : nil
        }
        guard let etcd = found("etcd"), let restorer = found("etcdutl") ?? found("etcdctl") else { return nil }
        return EtcdPrograms(etcd: etcd, restorer: restorer)
    }

    /// Command line by which a program of a root runs with the root's own libraries, whatever this host has.
    private static func loader(of root: String) -> [String]? {
        let libraries = "\(root)/usr/lib"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
        for name in names.sorted() where name.hasSuffix("-linux-gnu") {
            let directory = "\(libraries)/\(name)"
            let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            guard let file = files.sorted().first(where: { $0.hasPrefix("ld-linux") }) else { continue }
            return ["\(directory)/\(file)", "--library-path", directory]
        }
        return nil
    }
}
