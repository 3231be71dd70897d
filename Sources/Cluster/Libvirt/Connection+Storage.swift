import CLibvirt

extension Connection {
    /// The storage pool of a name; ``LibvirtError/Code/notFound`` when there is none.
    package func pool(named name: String) throws(LibvirtError) -> StoragePool {
        let action = "find storage pool \(name)"
        return try StoragePool(adopting: virStoragePoolLookupByName(try open(for: action), name), action)
    }

    /// Defines a storage pool, or changes the definition of the one that has its name and UUID.
    ///
    /// - Throws: ``LibvirtError/Code/exists`` when a pool has the name and another UUID, or the reverse.
    package func definePool(_ xml: String, name: String) throws(LibvirtError) -> StoragePool {
        let action = "define storage pool \(name)"
        return try StoragePool(adopting: virStoragePoolDefineXML(try open(for: action), xml, 0), action)
    }

    /// Fills a volume with a file's bytes from its start; holes in the file are not sent.
    ///
    /// - Parameters:
    ///   - file: an open file, which is read from its start to its end.
    ///   - onProgress: called with the bytes sent so far, after each piece.
    package func upload(
        _ file: borrowing SourceFile,
        to volume: borrowing StorageVolume,
        onProgress: (UInt64) -> Void = { _ in }
    ) throws(LibvirtError) {
        let action = "fill volume \(volume.name)"
        let stream = try Stream(on: try open(for: action), action)
        let flags = VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM.rawValue
        try volume.beginUpload(stream, length: file.length, flags: flags)
        do {
            try stream.send(file, onProgress)
        } catch {
            stream.abort()
            throw error
        }
        try stream.finish()
    }

    /// Fills a volume with these bytes.
    package func upload(_ bytes: [UInt8], to volume: borrowing StorageVolume) throws(LibvirtError) {
        let action = "fill volume \(volume.name)"
        let stream = try Stream(on: try open(for: action), action)
        try volume.beginUpload(stream, length: UInt64(bytes.count), flags: 0)
        do {
            try bytes.withUnsafeBytes { buffer in
                Result { () throws(LibvirtError) in try stream.send(buffer) }
            }.get()
        } catch {
            stream.abort()
            throw error
        }
        try stream.finish()
    }

    /// The last bytes of a volume.
    ///
    /// - Parameter limit: how many at most.
    package func tail(of volume: borrowing StorageVolume, limit: Int) throws(LibvirtError) -> [UInt8] {
        let action = "read volume \(volume.name)"
        let stream = try Stream(on: try open(for: action), action)
        let size = try volume.info().capacity
        let start = size > UInt64(limit) ? size - UInt64(limit) : 0
        guard size > start else { return [] }
        try volume.beginDownload(stream, offset: start, length: size - start)
        do {
            let bytes = try stream.receive(limit: limit)
            try stream.finish()
            return bytes
        } catch {
            stream.abort()
            throw error
        }
    }

    // MARK: The host

    /// Returns the use of the host's memory, in KiB by libvirt's names: `total`, `free`, `buffers`, `cached`.
    package func memoryStatistics() throws(LibvirtError) -> [String: UInt64] {
        let action = "ask \(uri) for its memory"
        let open = try open(for: action)
        let allCells = Int32(VIR_NODE_MEMORY_STATS_ALL_CELLS.rawValue)
        var count: Int32 = 0
        guard virNodeGetMemoryStats(open, allCells, nil, &count, 0) == 0 else { throw LibvirtError.last(action) }
        var statistics = [virNodeMemoryStats](repeating: virNodeMemoryStats(), count: Int(count))
        guard virNodeGetMemoryStats(open, allCells, &statistics, &count, 0) == 0 else {
            throw LibvirtError.last(action)
        }
        var found: [String: UInt64] = [:]
        for statistic in statistics.prefix(Int(count)) {
            let name = withUnsafeBytes(of: statistic.field) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            found[name] = statistic.value
        }
        return found
    }

    /// A CPU's XML with every feature spelt out that its model implies.
    package func expandedCPU(_ xml: String) throws(LibvirtError) -> String {
        let action = "ask \(uri) for the features of its CPU"
        let open = try open(for: action)
        let flags = VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES.rawValue
        let expanded = xml.withCString { text in
            var list: UnsafePointer<CChar>? = text
            return virConnectBaselineCPU(open, &list, 1, flags)
        }
        guard let expanded else { throw LibvirtError.last(action) }
        return takeString(expanded)
    }
}
