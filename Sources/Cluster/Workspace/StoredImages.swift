import FoundationEssentials
import Images
import Planning
import Provisioning
import SystemPackage
import TopologyModel

#if canImport(Glibc)
    import Glibc
#endif

/// The images of this host, as planning and provisioning want them.
package struct StoredImages: ImageSource {
    /// Roots, layers and machines that this host has made.
    package let store: ImageStore
    /// Recipe of the root that nodes are made with now.
    package let recipe: RootRecipe
    let home: FilePath
    /// Images from elsewhere that a topology asks for.
    let requests = ForeignRequests()

    /// The images below a home.
    package init(home: FilePath) throws {
        self.home = home
        store = ImageStore(home: home.string)
        recipe = RootRecipe.debian12
    }

    /// Disks that someone else made.
    package var foreign: ForeignStore { ForeignStore(home: home.string) }

    /// The layer made of the node programs beside this program.
    package func layer() throws -> NodeLayer {
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let environment = ProcessInfo.processInfo.environment
        let programs = try NodePrograms.locate(near: executable, environment: environment, cache: store.digestCache)
        return NodeLayer(programs: programs)
    }

    /// Versions of the root of nodes that this host has, oldest first.
    package func rootVersions() throws -> [RootVersion] { try store.versions(of: recipe) }

    /// The image nodes get that are made now: the newest root that there is, or the first.
    package func current() throws -> ImageDigests {
        ImageDigests(root: try rootVersions().last?.digest ?? recipe.digest, layer: try layer().digest)
    }

    /// The image that virtual machines get which are made now.
    package func currentMachine() throws -> ImageDigests {
        ImageDigests(root: recipe.machine.digest, layer: try layer().digest)
    }

    /// Kind of a node's image, which its digests do not say.
    private enum Kind { case builtIn, virtualMachine, foreign }

    private func kind(of digests: ImageDigests) -> Kind {
        if isForeign(digests) { return .foreign }
        let isMachine = digests.root == recipe.machine.digest || store.has(.machine, digest: digests.root)
        return isMachine ? .virtualMachine : .builtIn
    }

    package func isForeign(_ digests: ImageDigests) -> Bool {
        requests[digests.root] != nil || foreign.image(lock: digests.root) != nil
    }

    package func isPresent(_ digests: ImageDigests) -> Bool {
        switch kind(of: digests) {
        case .builtIn: store.has(.root, digest: digests.root) && store.has(.layer, digest: digests.layer)
        case .virtualMachine: store.machine(digests.root) != nil && store.layerDisk(digests.layer) != nil
        case .foreign: isPresentForeign(digests) && store.layerDisk(digests.layer) != nil
        }
    }

    package func paths(_ digests: ImageDigests) -> NodeImagePaths {
        let layer = store.path(of: .layer, digest: digests.layer)
        let layerDisk =
            store.layerDisk(digests.layer) ?? ImageFile(path: "layer.img", digest: digests.layer, size: 0)
        switch kind(of: digests) {
        case .builtIn: return NodeImagePaths(root: store.path(of: .root, digest: digests.root), layer: layer)
        case .virtualMachine:
            let image = VMImage(machine: machineFiles(digests), layer: layerDisk)
            return NodeImagePaths(root: store.path(of: .machine, digest: digests.root), layer: layer, machine: image)
        case .foreign:
            let image = VMImage(disk: foreignDisk(digests), layer: layerDisk)
            return NodeImagePaths(root: foreign.path(of: image.disk.digest), layer: layer, machine: image)
        }
    }

    package func ensure(
        _ digests: ImageDigests,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> NodeImagePaths {
        if isPresent(digests) { return paths(digests) }
        let layer = try layer()
        let kind = kind(of: digests)
        let isMakable = [recipe.digest, recipe.machine.digest].contains(digests.root)
        // A node keeps the root it was made with.
        let isMade =
            switch kind {
            case .builtIn: store.has(.root, digest: digests.root)
            case .virtualMachine: store.machine(digests.root) != nil
            case .foreign: true
            }
        guard digests.layer == layer.digest, isMakable || isMade else {
            throw ProvisioningError(
                "the plan's image \(digests.root.prefix(12))/\(digests.layer.prefix(12)) is not what this slipway makes",
                hints: ["the node programs changed since the plan was made; run the command again"],
            )
        }
        let tell: @Sendable (ImageEvent) -> Void = { progress($0.words) }
        if kind == .foreign { try await ensureForeign(digests, onEvent: tell) }
        _ = try await store.ensureLayer(layer, onEvent: tell)
        if kind != .builtIn { _ = try await store.ensureDisk(ofLayer: layer.digest, onEvent: tell) }
        if isMakable {
            _ =
                kind == .builtIn
                ? try await store.ensureRoot(recipe, onEvent: tell)
                : try await store.ensureMachine(recipe.machine, onEvent: tell)
        }
        return paths(digests)
    }

    /// The files of a virtual machine's image; those of one that is not built yet are derived from its recipe.
    private func machineFiles(_ digests: ImageDigests) -> VMFiles {
        func unmade(_ name: String) -> ImageFile {
            let path = "\(store.path(of: .machine, digest: digests.root))/\(name)"
            return ImageFile(path: path, digest: digests.root, size: 0)
        }
        return store.machine(digests.root)
            ?? VMFiles(disk: unmade("root.img"), kernel: unmade("kernel"), initrd: unmade("initrd"))
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
