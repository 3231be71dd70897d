import Images
import Libvirt
import Logging
import Provisioning
import TopologyModel

/// Brings images to libvirt's host, each once however many nodes ask for it at the same time.
actor ImageUploads {
    private var running: [String: Task<Void, any Error>] = [:]

    func ensure(_ file: ImageFile, by backend: VirtualMachineBackend) async throws {
        let name = Volumes.name(ofImage: file)
        let task = running[name] ?? Task { try await backend.upload(file, as: name) }
        running[name] = task
        do {
            try await task.value
        } catch {
            running[name] = nil
            throw error
        }
    }
}

extension VirtualMachineBackend {
    /// Limit of the wait for another command's upload of the same image.
    private static var uploadPatience: Duration { .seconds(1800) }

    /// Makes an image's volume unless it is there and whole.
    ///
    /// A volume without its mark was left by an upload that died, or is being filled by another slipway: libvirt
    /// refuses to remove it then, and it is waited for.
    func upload(_ file: ImageFile, as name: String) async throws {
        let mark = Volumes.mark(ofImage: name)
        let hasContent = try await !driver.dialect().isSimulated
        let deadline = ContinuousClock.now + Self.uploadPatience
        while true {
            do {
                return try await driver.run { [logger, poolDirectory] connection throws(LibvirtError) in
                    // An `image prune` that found nothing in it may just have removed the pool.
                    _ = try connection.ensurePool(path: poolDirectory)
                    let pool = try connection.pool(named: Volumes.pool)
                    if try pool.has(mark), try pool.has(name) { return }
                    // Without its volume a mark would say of the next that it is whole, however little of it there is.
                    try pool.remove(mark)
                    try pool.remove(name)
                    let source = hasContent ? try SourceFile(path: file.path) : nil
                    // It is never written once it is whole; the daemon could, whatever the mode is.
                    let xml = Volumes.rawXML(name, capacity: file.size, format: file.format, mode: "0444")
                    let volume = try pool.createVolume(xml, name: name)
                    if let source {
                        logger.debug("uploading \(file.path) as \(name)")
                        do throws(LibvirtError) {
                            try connection.upload(source, to: volume)
                        } catch {
                            // Half an image would only keep room from others; the next upload removes what stays.
                            _ = try? pool.remove(name)
                            throw error
                        }
                    }
                    _ = try pool.createVolume(Volumes.rawXML(mark, capacity: 512, mode: "0444"), name: mark)
                }
            } catch {
                guard error.isAboutVolumeInUse, ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Removes images that no node's disk or domain refers to, and what uploads that died left; then the pool, if nothing
    /// is left in it.
    ///
    /// - Parameter isDry: whether nothing is removed.
    /// - Returns: the names of the volumes removed, or of those that would be.
    func pruneVolumes(isDry: Bool) async throws -> [String] {
        guard try await driver.presence() == .present else { return [] }
        return try await driver.run { [poolDirectory] connection throws(LibvirtError) in
            var references = ""
            try connection.forEachDomain { domain throws(LibvirtError) in references += try domain.xml(inactive: true) }
            func prune(_ pool: borrowing StoragePool) throws(LibvirtError) -> [String] {
                try pool.refreshIfIdle()
                let names = try pool.names()
                for name in names where Volumes.node(ofVolume: name)?.kind == .disk {
                    references += try pool.volume(named: name).xml()
                }
                let images = names.filter(Volumes.isImage)
                let doomed = images.filter { name in
                    let image = name.hasSuffix(".whole") ? String(name.dropLast(6)) : name
                    return !references.contains("/\(image)") || !names.contains(Volumes.mark(ofImage: image))
                }
                // Marks first: what is then left without one is known for half removed.
                if isDry { return doomed.filter { !$0.hasSuffix(".whole") }.sorted() }
                var removed: [String] = []
                for name in doomed.sorted(by: { $0.count > $1.count }) where try pool.removeUnlessInUse(name) {
                    removed.append(name)
                }
                return removed.filter { !$0.hasSuffix(".whole") }.sorted()
            }
            let removed = try connection.ifStartedPool(prune) ?? []
            if !isDry { try connection.removePoolIfEmpty(path: poolDirectory) }
            return removed
        }
    }
}

extension StoragePool {
    /// Removes a volume, unless it is being filled. Returns whether it did.
    fileprivate borrowing func removeUnlessInUse(_ name: String) throws(LibvirtError) -> Bool {
        do throws(LibvirtError) {
            try remove(name)
            return true
        } catch {
            guard ProviderError.isAboutVolumeInUse("\(error)") else { throw error }
            return false
        }
    }
}

extension ProviderError {
    /// libvirt refuses to remove a volume that is being filled, and to make one that another has just made.
    fileprivate var isAboutVolumeInUse: Bool {
        code == .conflict || Self.isAboutVolumeInUse(description)
    }

    fileprivate static func isAboutVolumeInUse(_ text: String) -> Bool {
        text.contains("still in use") || text.contains("being allocated")
    }
}
