/// The name of a systemd unit as fleet accepts it: `hello.service`, `web@.service` (a template), `web@1.service`
/// (an instance of it).
package struct UnitName: Sendable, Hashable {
    /// The whole name, suffix included; specifier `%n`.
    package let full: String
    /// The name without its suffix; specifier `%N`.
    package let stem: String
    /// Suffix after the last dot: `service`, `timer`, ….
    package let suffix: String
    /// Text before the first `@`, or the whole stem; specifier `%p`.
    package let prefix: String
    /// Text between the first `@` and the suffix: nil without `@`, empty for a template; specifier `%i`.
    package let instance: String?

    /// The longest name fleet accepts, in bytes.
    package static let maximumLength = 256

    /// The suffixes systemd knows.
    package static let suffixes: Set<String> = [
        "automount", "busname", "device", "mount", "path", "scope", "service", "slice", "snapshot", "socket", "swap",
        "target", "timer",
    ]

    /// The suffixes a template or an instance may have.
    package static let templateSuffixes: Set<String> = ["path", "service", "socket", "target", "timer"]

    /// The suffixes that `completed` recognizes; any other name is taken for a service without its suffix.
    static let typedSuffixes: Set<String> = ["service", "socket", "timer", "path", "device", "mount", "automount"]

    /// Checks `name` by fleet's rules.
    package init(_ name: String) throws(UnitNameError) {
        if let fault = UnitName.fault(in: name) { throw UnitNameError(name: name, fault: fault) }
        self.init(unchecked: name)
    }

    private init(unchecked name: String) {
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        let stem = name[..<dot]
        full = name
        self.stem = String(stem)
        suffix = String(name[dot...].dropFirst())
        if let at = stem.firstIndex(of: "@") {
            prefix = String(stem[..<at])
            instance = String(stem[at...].dropFirst())
        } else {
            prefix = String(stem)
            instance = nil
        }
    }

    /// Completes the name of a unit as typed by a person: only the last component of a path counts, and `.service` is
    /// appended where no suffix a person types for a unit is there.
    package static func completed(_ typed: String) -> String {
        let base = typed.split(separator: "/").last.map(String.init) ?? typed
        guard let dot = base.lastIndex(of: "."), typedSuffixes.contains(String(base[dot...].dropFirst())) else {
            return base + ".service"
        }
        return base
    }
}

extension UnitName {
    /// True when this is a template: it cannot run, only its instances can.
    package var isTemplate: Bool { instance == "" }

    /// True when this is an instance of a template.
    package var isInstance: Bool { instance.map { !$0.isEmpty } ?? false }

    /// The template of an instance; nil for every other name.
    package var template: UnitName? {
        isInstance ? UnitName(unchecked: "\(prefix)@.\(suffix)") : nil
    }

    /// The instance of this template called `1`.
    package var firstInstance: UnitName { UnitName(unchecked: "\(prefix)@1.\(suffix)") }

    /// The instance of this template (or the sibling of this instance) called `instance`.
    package func instance(_ instance: String) throws(UnitNameError) -> UnitName {
        try UnitName("\(prefix)@\(instance).\(suffix)")
    }

    /// Replaces `%n`, `%N`, `%p` and `%i` in `text`, one after the other in this order, as fleet does in `[X-Fleet]`.
    ///
    /// There is no escape: fleet does not know `%%`.
    package func expandingSpecifiers(in text: String) -> String {
        guard text.contains("%") else { return text }
        return [("%n", full), ("%N", stem), ("%p", prefix), ("%i", instance ?? "")].reduce(text) { text, specifier in
            text.replacing(specifier.0, with: specifier.1)
        }
    }

    private static func fault(in name: String) -> UnitNameError.Fault? {
        guard !name.isEmpty else { return .empty }
        guard name.utf8.count <= maximumLength else { return .tooLong }
        if let stranger = name.unicodeScalars.first(where: { !isAllowed($0) }) { return .character(stranger) }
        guard let dot = name.lastIndex(of: "."), name[dot...].count > 1 else { return .noSuffix }
        let suffix = String(name[dot...].dropFirst())
        guard suffixes.contains(suffix) else { return .unknownSuffix(suffix) }
        guard !name.hasPrefix("@") else { return .startsWithAt }
        if name.contains("@"), !templateSuffixes.contains(suffix) { return .notATemplateSuffix(suffix) }
        return nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "a"..."z", "A"..."Z", ":", "_", ".", "\\", "@", "-": true
        default: false
        }
    }
}

extension UnitName: CustomStringConvertible {
    package var description: String { full }
}

extension UnitName: Comparable {
    package static func < (lhs: UnitName, rhs: UnitName) -> Bool { lhs.full < rhs.full }
}

extension UnitName: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(full)
    }
}
