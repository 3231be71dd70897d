import Basics
import CloudConfig
import Diagnostics
import LocatedYAML

/// Reads cloud-configs, as CoreOS read YAML, and says everything that is wrong with one.
package struct CloudConfigLoader: Sendable {
    private var decoder: YAMLDecoder
    /// True when what is flawed is left out and the rest counts, rather than nothing.
    private var isLenient: Bool { decoder.mismatches != .error }

    private init(mismatches: Diagnostic.Severity) {
        decoder = YAMLDecoder(schema: .coreOS, foldsHyphens: true, unknownKeys: .warning, mismatches: mismatches)
    }

    /// Reads a whole cloud-config, header and all.
    ///
    /// - Parameter mismatches: severity of a value of a wrong type. With a warning it is left out, as the original did:
    ///   a node must come up.
    /// - Returns: what could be read, which is not to be used when there are errors among the diagnostics.
    package static func load(
        _ text: String,
        file: String,
        mismatches: Diagnostic.Severity = .error,
    ) -> (config: CloudConfig, diagnostics: [Diagnostic]) {
        guard UserDataKind.isCloudConfig(text) else {
            let message = "must be \"\(CloudConfigRenderer.header)\" or begin with \"#!\""
            let location = SourceLocation(file: file, line: 1, column: 1)
            let notes = ["the first line of a cloud-config is exactly \(CloudConfigRenderer.header)"]
            return (CloudConfig(), [.error(message, at: location, notes: notes)])
        }
        // Twice the same key: a node that came up so must go on doing it.
        let document = YAMLDocument(parsing: text, file: file, duplicateKeys: .warning, joinsDuplicates: true)
        guard let root = document.root else { return (CloudConfig(), document.diagnostics) }
        let (config, diagnostics) = load(root, mismatches: mismatches)
        return (config, (document.diagnostics + diagnostics).inReadingOrder)
    }

    /// Reads what a node can act on, whatever is wrong with the rest: elements and values with a flaw are left out.
    ///
    /// - Returns: nil as the config where the text is no YAML or has no header, so that nothing of it is certain.
    package static func usable(_ text: String, file: String) -> (config: CloudConfig?, diagnostics: [Diagnostic]) {
        let document = YAMLDocument(parsing: text, file: file, duplicateKeys: .warning, joinsDuplicates: true)
        let (config, diagnostics) = load(text, file: file, mismatches: .warning)
        let isYAML = document.root != nil || !document.diagnostics.hasErrors
        let isReadable = UserDataKind.isCloudConfig(text) && isYAML
        return (isReadable ? config : nil, diagnostics)
    }

    /// Reads a cloud-config that is part of another file.
    package static func load(
        _ node: YAMLNode,
        mismatches: Diagnostic.Severity = .error,
    ) -> (config: CloudConfig, diagnostics: [Diagnostic]) {
        var loader = CloudConfigLoader(mismatches: mismatches)
        let config = loader.config(node)
        return (config, loader.decoder.diagnostics.inReadingOrder)
    }

    // MARK: Sections

    private mutating func config(_ node: YAMLNode) -> CloudConfig {
        let keys = ["coreos", "hostname", "manage_etc_hosts", "ssh_authorized_keys", "users", "write_files"]
        var config = CloudConfig()
        guard !node.isNull, let fields = decoder.fields(of: node, as: "a cloud-config", keys: keys) else {
            return config
        }
        config.hostname = string("hostname", in: fields)
        config.sshAuthorizedKeys = strings("ssh_authorized_keys", in: fields)
        config.users = structs("users", in: fields, as: "a user") { loader, user, fields in
            loader.requireName(user.name, in: fields)
        }
        config.writeFiles = structs("write_files", in: fields, as: "a file") { $0.check(&$1, $2) }
        config.manageEtcHosts = etcHosts(in: fields)
        config.coreos = coreos(in: fields)
        return config
    }

    private mutating func etcHosts(in fields: YAMLFields) -> CloudConfig.EtcHosts? {
        guard let text = string("manage_etc_hosts", in: fields) else { return nil }
        if let option = CloudConfig.EtcHosts(rawValue: text) { return option }
        decoder.report(
            "invalid value \"\(text)\" for \"manage_etc_hosts\"",
            at: fields.location(of: "manage_etc_hosts"),
            notes: ["the only value is localhost"],
        )
        return nil
    }

    private mutating func coreos(in parent: YAMLFields) -> CoreOS {
        var coreos = CoreOS()
        let keys = ["etcd", "etcd2", "flannel", "fleet", "locksmith", "oem", "units", "update"]
        guard let fields = section("coreos", in: parent, as: "coreos", keys: keys) else { return coreos }
        coreos.etcd = settings(in: fields)
        coreos.etcd2 = settings(in: fields)
        coreos.flannel = settings(in: fields)
        coreos.fleet = settings(in: fields)
        coreos.locksmith = settings(in: fields)
        coreos.oem = settings(in: fields)
        coreos.update = settings(in: fields)
        coreos.units = structs("units", in: fields, as: "a unit") { $0.check(&$1, $2) }
        return coreos
    }

    private mutating func settings<Key>(in parent: YAMLFields) -> Settings<Key> {
        var settings = Settings<Key>()
        let keys = Key.allCases.map(\.rawValue)
        guard let fields = section(Key.section, in: parent, as: "coreos.\(Key.section)", keys: keys) else {
            return settings
        }
        for key in Key.allCases {
            warnIfDeprecated(key.rawValue, key.deprecation, in: fields)
            settings[key] = value(of: key, in: fields)
        }
        return settings
    }

    private mutating func value(of key: some SettingKey, in fields: YAMLFields) -> SettingValue? {
        guard hasValue(key.rawValue, in: fields) else { return nil }
        return switch key.type {
        case .string: string(key.rawValue, in: fields, validity: key.validity).map { .string($0) }
        case .int: decoder.int(key.rawValue, in: fields).map { .int($0) }
        case .bool: decoder.bool(key.rawValue, in: fields).map { .bool($0) }
        case .double: decoder.double(key.rawValue, in: fields).map { .double($0) }
        }
    }

    // MARK: Lists of structs

    /// - Returns: whether a node can do anything with the element.
    private typealias Check<Element> = (inout CloudConfigLoader, inout Element, YAMLFields) -> Bool

    /// `write-files` and `write_files` in one file are both read, as the original did.
    private mutating func structs<Element: KeyedStruct>(
        _ key: String,
        in parent: YAMLFields,
        as what: String,
        check: Check<Element>,
    ) -> [Element] {
        elements(key, in: parent).compactMap { element($0, as: what, check: check) }
    }

    private mutating func element<Element: KeyedStruct>(
        _ node: YAMLNode,
        as what: String,
        check: Check<Element>,
    ) -> Element? {
        let table = Element.fields
        guard let fields = decoder.fields(of: node, as: what, keys: table.map(\.key)) else { return nil }
        var element = Element.empty
        let before = decoder.diagnostics.count
        for field in table {
            warnIfDeprecated(field.key, field.deprecation, in: fields)
            read(field, of: fields, into: &element)
        }
        guard isLenient || !decoder.diagnostics[before...].hasErrors else { return element }
        return check(&self, &element, fields) || !isLenient ? element : nil
    }

    private mutating func read<Root>(_ field: Field<Root>, of fields: YAMLFields, into element: inout Root) {
        guard hasValue(field.key, in: fields) else { return }
        switch field.target {
        case .text(let path):
            element[keyPath: path] = string(field.key, in: fields, validity: field.validity) ?? ""
        case .string(let path):
            element[keyPath: path] = string(field.key, in: fields, validity: field.validity)
        case .bool(let path):
            element[keyPath: path] = decoder.bool(field.key, in: fields) ?? false
        case .strings(let path):
            element[keyPath: path] = strings(field.key, in: fields)
        case .dropIns(let path):
            element[keyPath: path] = structs(field.key, in: fields, as: "a drop-in") { loader, dropIn, fields in
                loader.requireName(dropIn.name, in: fields)
            }
        }
    }

    /// On a node an element without a name is passed over, as the original did.
    private mutating func requireName(_ name: String, in fields: YAMLFields) -> Bool {
        guard name.isEmpty else { return true }
        let place = fields.location(of: "name")
        if isLenient {
            decoder.warn("\(fields.what) without a name is passed over", at: place)
        } else {
            decoder.report("\(fields.what) needs \"name\"", at: place)
        }
        return false
    }

    private mutating func check(_ unit: inout CloudConfig.Unit, _ fields: YAMLFields) -> Bool {
        guard requireName(unit.name, in: fields) else { return false }
        guard unit.name.contains("/") else { return true }
        decoder.report("a unit's name has no slash in it", at: fields.location(of: "name"))
        return false
    }

    private mutating func check(_ file: inout CloudConfig.File, _ fields: YAMLFields) -> Bool {
        if file.path.isEmpty { decoder.report("a file needs \"path\"", at: fields.location(of: "path")) }
        // What is wrong with either was said when it was read.
        func isFlawed(_ key: String, _ value: String?) -> Bool {
            value == nil && fields[key]?.asString?.isEmpty == false
        }
        guard !isFlawed("encoding", file.encoding?.rawValue), !isFlawed("permissions", file.permissions) else {
            return false
        }
        do {
            if fields["content"]?.tag == YAMLTag.binary { file = try Self.unpackingBinary(file) }
            _ = try file.decoded()
        } catch {
            let name = file.encoding?.rawValue ?? "base64"
            let message = "content cannot be decoded as \"\(name)\""
            decoder.report(message, at: fields.location(of: "content"), notes: [error.description])
            return false
        }
        return !file.path.isEmpty
    }

    /// YAML's own base64 (`!!binary`) comes off before the encoding; what is left must be text, or else keeps its
    /// base64 under the encoding that says so.
    private static func unpackingBinary(_ file: CloudConfig.File) throws(PackingError) -> CloudConfig.File {
        var file = file
        let packed = file.content.filter { !$0.isWhitespace }
        let bytes = try Base64.unpack(packed.utf8)
        if let encoding = file.encoding, !encoding.isBase64 {
            (file.encoding, file.content) = (.gzipBase64, packed)
        } else if let text = String(validating: bytes, as: UTF8.self) {
            file.content = text
        } else if file.encoding == nil {
            (file.encoding, file.content) = (.base64, packed)
        } else {
            throw PackingError(code: .base64, message: "what !!binary holds is not text")
        }
        return file
    }

    // MARK: Values

    /// A section's fields; nil when it is absent or has nothing in it.
    private mutating func section(
        _ key: String,
        in parent: YAMLFields,
        as what: String,
        keys: [String],
    ) -> YAMLFields? {
        hasValue(key, in: parent) ? decoder.fields(key, in: parent, as: what, keys: keys) : nil
    }

    /// Returns whether `key` is there with a value: one without is as good as absent, but hardly meant.
    private mutating func hasValue(_ key: String, in fields: YAMLFields) -> Bool {
        guard let pair = fields.pair(key) else { return false }
        guard pair.value.isNull else { return true }
        decoder.warn("\"\(key)\" has no value and is not read", at: pair.keyLocation)
        return false
    }

    /// A text that is not empty.
    private mutating func string(_ key: String, in fields: YAMLFields, validity: Validity? = nil) -> String? {
        guard hasValue(key, in: fields), let text = decoder.string(key, in: fields), !text.isEmpty else { return nil }
        if let validity, !validity.allows(text) {
            let notes = ["valid: \(validity.description)"]
            if isLenient, validity.tolerates(text) {
                decoder.warn("doubtful value \"\(text)\" for \"\(key)\"", at: fields.location(of: key), notes: notes)
                return text
            }
            decoder.report("invalid value \"\(text)\" for \"\(key)\"", at: fields.location(of: key), notes: notes)
            return nil
        }
        return text
    }

    private mutating func strings(_ key: String, in fields: YAMLFields) -> [String] {
        elements(key, in: fields).compactMap { element in
            if let text = element.asString { return text }
            decoder.reportMismatch("expected text in \"\(key)\", found \(element.found)", at: element.location)
            return nil
        }
    }

    private mutating func elements(_ key: String, in fields: YAMLFields) -> [YAMLNode] {
        fields.pairs.filter { $0.key == key }.flatMap { pair -> [YAMLNode] in
            if let elements = pair.value.elements { return elements }
            if pair.value.isNull {
                decoder.warn("\"\(key)\" has no value and is not read", at: pair.keyLocation)
            } else {
                let message = "expected a list for \"\(key)\", found \(pair.value.found)"
                decoder.reportMismatch(message, at: pair.value.location)
            }
            return []
        }
    }

    private mutating func warnIfDeprecated(_ key: String, _ reason: String?, in fields: YAMLFields) {
        guard let reason, let pair = fields.pair(key) else { return }
        decoder.warn("deprecated key \"\(key)\" (\(reason))", at: pair.keyLocation)
    }
}
