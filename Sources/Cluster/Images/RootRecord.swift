import Basics
import FileErrors
import FoundationEssentials
import TopologyModel

/// A Debian package in a root.
package struct RootPackage: Sendable, Hashable, Codable {
    /// Name of the package.
    package var name: String
    /// Version, as Debian writes it.
    package var version: String
    /// True when Debian's security archive has this version.
    package var isSecurityFix = false

    package init(name: String, version: String, isSecurityFix: Bool = false) {
        self.name = name
        self.version = version
        self.isSecurityFix = isSecurityFix
    }

    /// Packages that are installed, by the text of dpkg's status file, sorted by name.
    ///
    /// - Parameter fixes: lines of a name and a version that Debian's security archive has.
    static func installed(status: String, fixes: String = "") -> [RootPackage] {
        let fixes = Set(fixes.split(separator: "\n"))
        var packages: [RootPackage] = []
        var fields: [Substring: Substring] = [:]
        func close() {
            if let name = fields["Package"], let version = fields["Version"],
                fields["Status"]?.hasSuffix(" installed") == true
            {
                let isFix = fixes.contains("\(name) \(version)")
                packages.append(RootPackage(name: String(name), version: String(version), isSecurityFix: isFix))
            }
            fields = [:]
        }
        for line in status.split(separator: "\n", omittingEmptySubsequences: false) {
            guard !line.isEmpty else {
                close()
                continue
            }
            // What is indented goes on with the field before.
            guard line.first != " ", let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
        }
        close()
        return packages.sorted { $0.name < $1.name }
    }
}

/// Record of a root, beside it: what it was made from.
package struct RootRecord: Sendable, Hashable, Codable {
    /// Digest of the recipe.
    package var recipe: String
    /// Time at which it was made, in seconds since 1970.
    package var made: Int64
    /// Packages in it, sorted by name.
    package var packages: [RootPackage]
    /// True when it is known which packages are from Debian's security archive.
    package var knowsFixes: Bool

    package init(recipe: String, made: Int64, packages: [RootPackage], knowsFixes: Bool) {
        self.recipe = recipe
        self.made = made
        self.packages = packages
        self.knowsFixes = knowsFixes
    }

    /// Digest of the recipe and of the packages' versions: what names a root that is made beside another of its recipe.
    var digest: String {
        let lines = packages.map { "\($0.name) \($0.version)" }
        return Digest.of((["root 1", recipe] + lines).joined(separator: "\n"))
    }
}

/// What differs between the packages of two roots.
package struct RootDifference: Sendable, Hashable, Encodable {
    /// A package that differs.
    package struct Change: Sendable, Hashable, Encodable {
        /// Name of the package.
        package var name: String
        /// Version in the first root; nil where that has none.
        package var from: String?
        /// Version in the second root; nil where that has none.
        package var to: String?
        /// True when Debian's security archive has the second version.
        package var isSecurityFix: Bool
    }

    /// Changes, sorted by name.
    package var changes: [Change]
    /// True when it is known which of them are security fixes.
    package var knowsFixes: Bool

    package init(from first: RootRecord, to second: RootRecord) {
        let before = Dictionary(first.packages.map { ($0.name, $0.version) }) { first, _ in first }
        let after = Dictionary(second.packages.map { ($0.name, $0) }) { first, _ in first }
        changes = Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard before[name] != after[name]?.version else { return nil }
            let isFix = before[name] != nil && after[name]?.isSecurityFix == true
            return Change(name: name, from: before[name], to: after[name]?.version, isSecurityFix: isFix)
        }
        knowsFixes = second.knowsFixes
    }
}

extension ImageStore {
    private func recordPath(_ digest: String) -> String { "\(path(of: .root, digest: digest)).json" }

    /// The record of a root. One that was made before there were records is known by what is in it.
    package func record(ofRoot digest: String) throws(ImagesError) -> RootRecord {
        if let record = try read(RootRecord.self, of: digest) { return record }
        guard has(.root, digest: digest) else { throw ImagesError(.missing, "there is no root image \(digest)") }
        let packages = try packages(in: path(of: .root, digest: digest), fixes: "")
        return RootRecord(recipe: digest, made: timeOfRoot(digest), packages: packages, knowsFixes: false)
    }

    /// Part of a record that says which root it is, read by every command.
    private struct Origin: Decodable {
        var recipe: String
        var made: Int64
    }

    private func read<Record: Decodable>(_ type: Record.Type, of digest: String) throws(ImagesError) -> Record? {
        let file = recordPath(digest)
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw ImagesError(.store, "\(file) is no record of a root that this version of slipway knows")
        }
    }

    private func timeOfRoot(_ digest: String) -> Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path(of: .root, digest: digest))
        return Int64((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)
    }

    /// Versions of a recipe's root that are in the store, oldest first.
    package func versions(of recipe: RootRecipe) throws(ImagesError) -> [RootVersion] {
        var versions: [RootVersion] = []
        for digest in digests(of: .root) {
            // A root from before there were records has its recipe's digest.
            let origin = try read(Origin.self, of: digest) ?? Origin(recipe: digest, made: timeOfRoot(digest))
            if origin.recipe == recipe.digest { versions.append(RootVersion(digest: digest, made: origin.made)) }
        }
        return versions.sorted()
    }

    /// Makes a root of the packages that there are today, beside those of the same recipe that exist.
    ///
    /// - Returns: its version, and whether it is new: where no package has changed, it is the one that has them already.
    package func updateRoot(
        _ recipe: RootRecipe,
        onEvent: @Sendable (ImageEvent) -> Void = { _ in },
    ) async throws(ImagesError) -> (version: RootVersion, isNew: Bool) {
        let begin = ContinuousClock.now
        let lock = try await lock(.root, digest: Self.update) {
            onEvent(.waiting("another slipway is making a root image"))
        }
        try await discardParts(of: .root, digest: Self.update)
        let part = partPath(.root, digest: Self.update)
        let made: (version: RootVersion, isNew: Bool)
        do throws(ImagesError) {
            let record = try await bootstrap(recipe, into: part, onEvent: onEvent)
            made = try await keep(part, record, of: recipe)
        } catch {
            try await discard(part)
            throw error
        }
        _ = consume lock
        guard made.isNew else { return made }
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        onEvent(.built(kind: .root, digest: made.version.digest, seconds: seconds))
        return made
    }

    /// Takes a root that was made into the store, unless one of the same packages is there.
    private func keep(
        _ part: String,
        _ record: RootRecord,
        of recipe: RootRecipe,
    ) async throws(ImagesError) -> (version: RootVersion, isNew: Bool) {
        for known in try versions(of: recipe).reversed()
        where try self.record(ofRoot: known.digest).digest == record.digest {
            try await discard(part)
            return (known, false)
        }
        try write(record, of: record.digest)
        try Self.rename(part, path(of: .root, digest: record.digest))
        return (RootVersion(digest: record.digest, made: record.made), true)
    }

    /// Stands for a digest that is not known yet.
    private static let update = "update"

    /// Reads the packages of a root.
    func packages(in root: String, fixes: String) throws(ImagesError) -> [RootPackage] {
        let status = "\(root)/var/lib/dpkg/status"
        guard let data = FileManager.default.contents(atPath: status) else { return [] }
        return RootPackage.installed(status: String(decoding: data, as: UTF8.self), fixes: fixes)
    }

    /// Writes the record of a root, which has to be there before the root is.
    func write(_ record: RootRecord, of digest: String) throws(ImagesError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try AtomicFile.write(Array(try encoder.encode(record)), to: recordPath(digest), mode: 0o644)
        } catch {
            throw ImagesError(.store, "cannot write \(recordPath(digest))", cause: error)
        }
    }

    /// Removes the record of a root that is gone.
    func removeRecord(of digest: String) { unlinkQuietly(recordPath(digest)) }
}
