import FoundationEssentials
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

extension ImageStore {
    /// Makes a root by mmdebstrap unless it exists. Returns its digest.
    package func ensureRoot(
        _ recipe: RootRecipe,
        onEvent: @Sendable (ImageEvent) -> Void = { _ in },
    ) async throws(ImagesError) -> String {
        try await build(.root, digest: recipe.digest, onEvent: onEvent) { part throws(ImagesError) in
            try write(try await bootstrap(recipe, into: part, onEvent: onEvent), of: recipe.digest)
        }
    }

    /// Copies the node programs into a layer unless it exists. Returns its digest.
    package func ensureLayer(
        _ layer: NodeLayer,
        onEvent: @Sendable (ImageEvent) -> Void = { _ in },
    ) async throws(ImagesError) -> String {
        try await build(.layer, digest: layer.digest, onEvent: onEvent) { part throws(ImagesError) in
            onEvent(.step("copying the node programs"))
            try layer.write(to: part)
        }
    }

    /// Builds beside the place, under a lock, and renames: two that want the same image build it once.
    func build(
        _ kind: ImageKind,
        digest: String,
        onEvent: @Sendable (ImageEvent) -> Void,
        _ make: (_ part: String) async throws(ImagesError) -> Void,
    ) async throws(ImagesError) -> String {
        guard !has(kind, digest: digest) else { return digest }
        let start = ContinuousClock.now
        let lock = try await lock(kind, digest: digest) {
            onEvent(.waiting("another slipway is making this \(kind.rawValue) image"))
        }
        guard !has(kind, digest: digest) else { return digest }
        try await discardParts(of: kind, digest: digest)
        let part = partPath(kind, digest: digest)
        do throws(ImagesError) {
            try await make(part)
            try Self.rename(part, path(of: kind, digest: digest))
        } catch {
            try await discard(part)
            throw error
        }
        _ = consume lock
        onEvent(.built(kind: kind, digest: digest, seconds: (ContinuousClock.now - start) / .seconds(1)))
        return digest
    }

    /// Makes a root, and returns the record of what it was made from.
    @discardableResult
    func bootstrap(
        _ recipe: RootRecipe,
        into part: String,
        onEvent: @Sendable (ImageEvent) -> Void,
    ) async throws(ImagesError) -> RootRecord {
        try refuseInSandbox()
        try refuseWithoutRoot()
        let sources = AptSources.host(suite: recipe.suite)
        var files: [String] = []
        defer { files.forEach { unlinkQuietly($0) } }
        let script = part + ".sh"
        try write(recipe.customization, to: script, &files)
        var mirrors: [String] = []
        if !sources.lines.isEmpty {
            mirrors.append(part + ".list")
            try write(sources.lines.joined(separator: "\n") + "\n", to: part + ".list", &files)
        }
        if !sources.stanzas.isEmpty {
            mirrors.append(part + ".sources")
            try write(sources.stanzas.joined(separator: "\n\n") + "\n", to: part + ".sources", &files)
        }
        // What a root is from is not said by what is in it: mmdebstrap removes apt's lists at its end.
        let (security, fixes) = (part + ".security.sh", part + ".fixes")
        try write(ImageScripts.security, to: security, &files)
        files.append(fixes)
        let arguments =
            ["--customize-hook=sh \(security) \"$1\" >\(fixes)"]
            + recipe.arguments(target: part, script: script, sources: mirrors, proxies: await hostProxies())
        onEvent(.step("making a Debian root (\(recipe.suite)); this takes a minute or two, once"))
        try await HostProgram.run(bootstrapper, arguments, package: "mmdebstrap debian-archive-keyring") { line in
            if let step = Self.step(in: line) {
                onEvent(.step(step))
            }
        }
        let known = FileManager.default.contents(atPath: fixes).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return RootRecord(
            recipe: recipe.digest,
            made: Int64(Date().timeIntervalSince1970),
            packages: try packages(in: part, fixes: known),
            knowsFixes: !known.isEmpty,
        )
    }

    /// The sandbox shares this store, and has no way to a package mirror.
    private func refuseInSandbox() throws(ImagesError) {
        guard ProcessInfo.processInfo.environment["SLIPWAY_IN_SANDBOX"] != nil, bootstrapper == "mmdebstrap" else {
            return
        }
        throw ImagesError(
            .tool,
            "the node image is missing, and the sandbox has no network to make it; outside it: slipway image build "
                + "(--vm for virtual machines)",
        )
    }

    /// A root's files have the owners that they have on a node.
    private func refuseWithoutRoot() throws(ImagesError) {
        guard geteuid() != 0, bootstrapper == "mmdebstrap" else { return }
        throw ImagesError(
            .tool,
            "the node image is missing, and only root can make it; run: sudo SLIPWAY_HOME=\(home) slipway image build --vm",
        )
    }

    /// mmdebstrap tells its steps as `I: doing this...`.
    static func step(in line: String) -> String? {
        guard line.hasPrefix("I: "), line.hasSuffix("...") else { return nil }
        return String(line.dropFirst(3).dropLast(3))
    }

    /// apt's proxies on this host, which mmdebstrap does not take over.
    private func hostProxies() async -> [String] {
        await HostProgram.output("apt-config", ["dump"]).split(separator: "\n").map(String.init).filter { line in
            ["Acquire::http::Proxy ", "Acquire::https::Proxy "].contains { line.hasPrefix($0) }
                && !line.hasSuffix("\"\";")
        }
    }

    private func write(_ text: String, to path: String, _ files: inout [String]) throws(ImagesError) {
        files.append(path)
        do {
            try Data(text.utf8).write(to: URL(filePath: path))
        } catch {
            throw ImagesError(.store, "cannot write \(path)", cause: error)
        }
    }
}
