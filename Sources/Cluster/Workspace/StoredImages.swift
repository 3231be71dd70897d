import FoundationEssentials
import Images
import Planning
import Provisioning
import SystemPackage

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

    /// The image nodes get that are made now.
    package func current() throws -> ImageDigests { ImageDigests(root: recipe.digest, layer: try layer().digest) }

    package func isPresent(_ digests: ImageDigests) -> Bool {
        if isForeign(digests) { return isPresentForeign(digests) }
        if isMachine(digests) { return isPresentMachine(digests) }
        return store.has(.root, digest: digests.root) && store.has(.layer, digest: digests.layer)
    }

    package func paths(_ digests: ImageDigests) -> NodeImagePaths {
        if isForeign(digests) { return foreignPaths(digests) }
        if isMachine(digests) { return machinePaths(digests) }
        let image = store.reference(rootDigest: digests.root, layerDigest: digests.layer)
        return NodeImagePaths(root: image.rootPath, layer: image.layerPath)
    }

    package func ensure(
        _ digests: ImageDigests,
        progress: @escaping @Sendable (String) -> Void,
    ) async throws -> NodeImagePaths {
        if isPresent(digests) { return paths(digests) }
        if isForeign(digests) { return try await ensureForeign(digests, progress: progress) }
        if isMachine(digests) { return try await ensureMachine(digests, progress: progress) }
        let layer = try layer()
        guard digests.layer == layer.digest else { throw Self.changed(digests) }
        if digests.root == recipe.digest {
            _ = try await store.ensure(recipe, layer) { progress($0.words) }
        } else if store.has(.root, digest: digests.root) {
            // A node keeps the root it was made with.
            _ = try await store.ensureLayer(layer) { progress($0.words) }
        } else {
            throw Self.changed(digests)
        }
        return paths(digests)
    }
}
