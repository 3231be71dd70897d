import Images
import Planning
import Provisioning

extension StoredImages {
    /// The image that virtual machines get which are made now.
    package func currentMachine() throws -> ImageDigests {
        ImageDigests(root: recipe.machine.digest, layer: try layer().digest)
    }

    /// Returns whether digests are those of a virtual machine's image.
    func isMachine(_ digests: ImageDigests) -> Bool {
        digests.root == recipe.machine.digest || store.has(.machine, digest: digests.root)
    }

    func isPresentMachine(_ digests: ImageDigests) -> Bool {
        store.machine(digests.root) != nil && store.layerDisk(digests.layer) != nil
    }

    /// Returns the paths of a virtual machine's image; those of one that is not built yet are derived from its recipe.
    func machinePaths(_ digests: ImageDigests) -> NodeImagePaths {
        let root = store.path(of: .machine, digest: digests.root)
        func unmade(_ name: String, _ digest: String) -> ImageFile {
            ImageFile(path: "\(root)/\(name)", digest: digest, size: 0)
        }
        let files =
            store.machine(digests.root)
            ?? MachineFiles(
                disk: unmade("root.img", digests.root),
                kernel: unmade("kernel", digests.root),
                initrd: unmade("initrd", digests.root),
            )
        let layer = store.layerDisk(digests.layer) ?? unmade("layer.img", digests.layer)
        return NodeImagePaths(
            root: root,
            layer: store.path(of: .layer, digest: digests.layer),
            machine: MachineImage(machine: files, layer: layer),
        )
    }

    func ensureMachine(
        _ digests: ImageDigests,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> NodeImagePaths {
        let layer = try layer()
        let isNewest = digests.root == recipe.machine.digest
        guard digests.layer == layer.digest, isNewest || store.machine(digests.root) != nil else {
            throw Self.changed(digests)
        }
        let tell: @Sendable (ImageEvent) -> Void = { progress($0.words) }
        _ = try await store.ensureLayer(layer, onEvent: tell)
        _ = try await store.ensureDisk(ofLayer: layer.digest, onEvent: tell)
        // A node keeps the root it was made with.
        if isNewest { _ = try await store.ensureMachine(recipe.machine, onEvent: tell) }
        return machinePaths(digests)
    }

    static func changed(_ digests: ImageDigests) -> ProvisioningError {
        ProvisioningError(
            "the plan's image \(digests.root.prefix(12))/\(digests.layer.prefix(12)) is not what this slipway makes",
            hints: ["the node programs changed since the plan was made; run the command again"],
        )
    }
}

extension ImageEvent {
    /// For the person who waits.
    package var words: String {
        switch self {
        case .waiting(let text), .step(let text): text
        case .built(let kind, let digest, _): "\(kind.rawValue) \(digest.prefix(12)) is ready"
        }
    }
}
