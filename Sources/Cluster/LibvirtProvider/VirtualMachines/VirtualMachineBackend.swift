import Basics
import FoundationEssentials
import Images
import Libvirt
import Logging
import Planning
import Provisioning
import Synchronization
import TopologyModel

/// Nodes as virtual machines of libvirt's QEMU driver, with volumes in its storage.
struct VirtualMachineBackend: NodeBackend {
    let driver: RuntimeDriver
    /// Directories of this host; a virtual machine has none there.
    let storage: NodeStorage
    let logger: Logger
    /// Directory of Slipway's pool on libvirt's host.
    var poolDirectory = Volumes.poolPath
    let uploads = ImageUploads()
    let unseenDisks = UnseenDisks()

    var validatesDefinitions: Bool { true }
    var shutdownInterval: Duration { .seconds(5) }

    func definition(of node: NodePlan, image: NodeImagePaths) async throws -> any DomainDefinition {
        VirtualMachineXML(
            node: node,
            image: try machineImage(image, of: node),
            poolPath: try await poolPath(),
            dialect: try await driver.dialect(),
        )
    }

    /// Asks the guest agent where it answers, and otherwise presses the power button.
    func requestShutdown(_ node: NodeReference) async throws -> Bool {
        try await driver.run { connection throws(LibvirtError) in
            _ = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.askToShutDown()
            }
        }
        return true
    }

    func kill(_ node: NodeReference) async throws -> Bool { false }

    func remove(_ node: NodeReference) async throws {
        try await powerOff(node)
        // Volumes first: a new domain never starts with a removed node's data.
        try await removeVolumes(of: node)
        try await driver.undefine(node)
        try await driver.run { [poolDirectory] connection throws(LibvirtError) in
            try connection.removePoolIfEmpty(path: poolDirectory)
        }
        // Another host's log stays there: libvirt has no call for it.
        guard try await driver.hasDomainsHere() else { return }
        try await offPool { try ContainerRemains().remove(machine: node.domainName) }
    }

    func evidence(for node: NodeReference, lines: Int) async -> [String] {
        let console = (try? await console(of: node, lines: lines)) ?? []
        guard !driver.uris.isRemote else { return console.map { "console: \($0)" } }
        // QEMU's command line is a screenful that explains nothing; its messages are below it.
        let log = (try? storage.contents(of: Evidence.libvirtLog(of: node.domainName, .vm))) ?? Data()
        let said = Evidence.tail(String(decoding: log, as: UTF8.self), lines: 5).filter { line in
            line.contains("error") || line.hasPrefix("qemu-system") || line.contains("shutting down")
        }
        return (said.map { "libvirt: \($0)" } + console.map { "console: \($0)" }).suffix(lines)
    }
}

// MARK: Volumes

extension VirtualMachineBackend {
    /// Slipway's pool on libvirt's host, made or started first if need be. Returns its path.
    ///
    /// - Throws: also where the pool turns out to have disks of nodes that could not be seen before: what is being done
    ///   does not know of them.
    @discardableResult
    func ensurePool() async throws -> String {
        let (directory, isHidden) = (poolDirectory, hidesFiles(in: poolDirectory))
        let (state, unseen) = try await driver.run { [unseenDisks] connection throws(LibvirtError) in
            try unseenDisks.names.withLock { names throws(LibvirtError) in
                let before = try connection.poolState()
                let state = try connection.ensurePool(path: directory)
                if isHidden, before != state {
                    let volumes = try connection.ifPool { pool throws(LibvirtError) in try pool.names() } ?? []
                    names.formUnion(volumes.compactMap { Volumes.node(ofVolume: $0)?.node.domainName })
                }
                return (state, names.sorted())
            }
        }
        guard unseen.isEmpty else {
            throw ProviderError(
                .conflict,
                "libvirt did not show storage pool \(Volumes.pool), which runs now and has the disks of "
                    + "\(unseen.joined(separator: ", ")): nobody knew of them when this was planned; run it again",
            )
        }
        switch state {
        case .ready(let path): return path
        case .foreign, .inactive, .missing:
            throw ProviderError(
                .conflict,
                "storage pool \(Volumes.pool) exists and is not Slipway's; rename or remove it "
                    + "(virsh pool-dumpxml \(Volumes.pool))",
            )
        }
    }

    /// The pool's path, whether it is there or not.
    func poolPath() async throws -> String {
        let state = try await driver.run { connection throws(LibvirtError) in try connection.poolState() }
        switch state {
        case .ready(let path), .inactive(let path): return path
        case .foreign, .missing: return poolDirectory
        }
    }

    func machineImage(_ image: NodeImagePaths, of node: NodePlan) throws -> VMImage {
        guard var machine = image.machine else {
            throw ProviderError(.unsupported, "the image of \(node.domainName) cannot run as a virtual machine")
        }
        if !node.configMedium.bringsNodePrograms { machine.layer = nil }
        return machine
    }

    /// Size of a node's disk in bytes: as many as are asked for, and no fewer than its image.
    private static func capacity(of node: NodePlan, _ machine: VMImage) -> UInt64 {
        max(UInt64(node.resources.diskGiB) << 30, machine.disk.capacity)
    }

    /// Makes a machine's volumes: the image's where they are missing, its disk, and last its config drive.
    ///
    /// A disk that is there stays; the caller has seen to it that it is of the right base.
    func allocate(_ node: NodePlan, image: NodeImagePaths) async throws {
        let machine = try machineImage(image, of: node)
        if try await isAllocated(node) { return }
        let path = try await ensurePool()
        for file in machine.files { try await uploads.ensure(file, by: self) }
        let reference = NodeReference(node)
        let disk = Volumes.name(.disk, of: reference)
        let base = "\(path)/\(Volumes.name(ofImage: machine.disk))"
        let capacity = Self.capacity(of: node, machine)
        let xml = Volumes.overlayXML(disk, capacity: capacity, over: base, format: machine.disk.format)
        let config = node.configBytes
        let hasContent = try await !driver.dialect().isSimulated
        try await checkAllocation(of: node, image: image)
        try await driver.run { connection throws(LibvirtError) in
            let pool = try connection.pool(named: Volumes.pool)
            try pool.ensureDisk(disk, xml: xml, capacity: capacity)
            let name = Volumes.name(Volumes.configKind(of: node), of: reference)
            try pool.remove(name)
            let configXML = Volumes.rawXML(name, capacity: UInt64(config.count), mode: "0400")
            let volume = try pool.createVolume(configXML, name: name)
            // libvirt's driver for tests has no streams.
            if hasContent { try connection.upload(config, to: volume) }
        }
    }

    func checkAllocation(of node: NodePlan, image: NodeImagePaths) async throws {
        let machine = try machineImage(image, of: node)
        let base = Volumes.name(ofImage: machine.disk)
        let disk = Volumes.name(.disk, of: NodeReference(node))
        let present = try await driver.run { connection throws(LibvirtError) -> PresentDisk? in
            let snapshots = try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.snapshotCount()
            }
            return try connection.ifPool { pool throws(LibvirtError) in
                try pool.ifPresent(volume: disk) { volume throws(LibvirtError) in
                    PresentDisk(xml: try volume.xml(), capacity: try volume.info().capacity, snapshots: snapshots ?? 0)
                }
            } ?? nil
        }
        guard let present else { return }
        if present.snapshots > 0, present.capacity < Self.capacity(of: node, machine) {
            throw ProviderError(
                .failed,
                "the disk of \(node.domainName) is to grow, and cannot while it has snapshots; see virsh snapshot-list "
                    + "\(node.domainName), and remove them with virsh snapshot-delete",
            )
        }
        guard let path = try XMLReader.read(present.xml).first("backingStore", "path")?.text,
            !path.hasSuffix("/\(base)")
        else { return }
        throw ProviderError(
            .failed,
            "the disk of \(node.domainName) lies on another build of its image than the one here, whose kernel would not "
                + "fit it; put back the image it was made with (slipway image list), or take the node's data out and "
                + "remove it (virsh vol-delete \(disk) --pool \(Volumes.pool)), and it is made anew",
        )
    }

    /// Returns whether the node runs with just this configuration, so that its volumes are left alone.
    private func isAllocated(_ node: NodePlan) async throws -> Bool {
        let running = try await driver.run { connection throws(LibvirtError) -> NodeRecord? in
            try connection.ifPresent(domain: node.domainName) { domain throws(LibvirtError) in
                try domain.state().isActive ? try domain.record() : nil
            } ?? nil
        }
        guard let running else { return false }
        guard running.baseDigest == node.baseDigest else {
            throw ProviderError(
                .failed,
                "\(node.domainName) runs, and its disk would have to be made anew; stop or remove the node first",
            )
        }
        guard running.configDigest == node.configDigest else { return false }
        let config = Volumes.name(Volumes.configKind(of: node), of: NodeReference(node))
        return try await seenPool().volumes.contains(config)
    }

    /// Removes all of a machine's volumes; those that are not there are fine.
    func removeVolumes(of node: NodeReference) async throws {
        // A disk that stayed would be the next node's of that name.
        let isHidden = try await seenPool().volumes.contains { Volumes.node(ofVolume: $0)?.node == node }
        if isHidden { try await ensurePool() }
        try await driver.run { connection throws(LibvirtError) in
            _ = try connection.ifStartedPool { pool throws(LibvirtError) in
                // The console's log came by another way than libvirt's storage.
                try pool.refreshIfIdle()
                for kind in [Volumes.Kind.config, .ignition] + Volumes.Kind.allCases {
                    try pool.remove(Volumes.name(kind, of: node))
                }
            }
        }
    }

    /// The last lines of a machine's console.
    func console(of node: NodeReference, lines: Int) async throws -> [String] {
        let bytes = try await driver.run { connection throws(LibvirtError) -> [UInt8] in
            try connection.ifPool { pool throws(LibvirtError) in
                try pool.refreshIfIdle()
                return try pool.ifPresent(volume: Volumes.name(.console, of: node)) { volume throws(LibvirtError) in
                    try connection.tail(of: volume, limit: 256 << 10)
                } ?? []
            } ?? []
        }
        return ConsoleText.lines(String(decoding: bytes, as: UTF8.self)).suffix(lines)
    }
}

/// A machine's disk as ``LibvirtProvider/checkAllocation(of:image:)`` finds it.
private struct PresentDisk: Sendable {
    var xml: String
    /// In bytes.
    var capacity: UInt64
    /// Number of the domain's snapshots, which may lie in the disk.
    var snapshots: Int
}

extension StoragePool {
    /// Makes a disk unless it is there; one that is too small is made larger.
    fileprivate borrowing func ensureDisk(_ name: String, xml: String, capacity: UInt64) throws(LibvirtError) {
        let present = try ifPresent(volume: name) { volume throws(LibvirtError) in try volume.info().capacity }
        guard let present else {
            _ = try createVolume(xml, name: name)
            return
        }
        if present < capacity { try volume(named: name).resize(to: capacity) }
    }
}

extension Domain {
    /// A guest that does not listen, or an agent that does not answer, is no failure: the caller has a deadline.
    fileprivate borrowing func askToShutDown() throws(LibvirtError) {
        do {
            try shutdown()
        } catch {
            guard error.code != .connectionLost, error.code != .denied else { throw error }
        }
    }
}

/// Output to a terminal, as lines that can be printed anywhere.
enum ConsoleText {
    static func lines(_ text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { plain($0) }.filter { !$0.isEmpty }
    }

    /// Without escape sequences, carriage returns and other control characters.
    private static func plain(_ line: Substring) -> String {
        var result = ""
        var rest = line.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            if scalar == "\u{1B}" {
                guard rest.first == "[" || rest.first == "]" else { continue }
                while let next = rest.popFirst() {
                    if next.properties.isAlphabetic || next == "\u{07}" || next == "~" { break }
                }
            } else if scalar.value >= 0x20 || scalar == "\t" {
                result.unicodeScalars.append(scalar)
            }
        }
        return result.trimmingSuffix(while: \.isWhitespace)
    }
}
