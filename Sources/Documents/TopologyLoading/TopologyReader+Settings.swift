import Basics
import CloudConfig
import Diagnostics
import LocatedYAML
import TopologyModel

extension TopologyReader {
    static let networkKeys = ["cidr", "mode", "names"]
    static let etcdKeys = ["bootstrap", "discovery", "tls"]
    static let fleetKeys = ["enabled", "machine_ttl", "tcp", "insecure"]
    static let dockerKeys = ["tcp", "tls", "insecure", "registry_mirrors", "insecure_registries"]

    // MARK: Network

    mutating func readNetwork(_ fields: YAMLFields, cluster: String) -> NetworkSettings {
        var settings = NetworkSettings(cidr: .derived(fromCluster: cluster))
        guard let fields = decoder.fields("network", in: fields, as: "network", keys: Self.networkKeys) else {
            return settings
        }
        if let text = decoder.string("cidr", in: fields) {
            let place = fields.location(of: "cidr")
            settings.location = place
            if let cidr = readNetwork(text, at: place) { settings.cidr = cidr } else { knowsNetwork = false }
        } else if fields["cidr"] != nil {
            knowsNetwork = false
        }
        settings.mode = decoder.word("mode", in: fields, as: NetworkSettings.Mode.self) ?? settings.mode
        settings.names = decoder.bool("names", in: fields) ?? settings.names
        settings.namesLocation = fields["names"].map { _ in fields.location(of: "names") }
        return settings
    }

    mutating func readNetwork(_ text: String, at location: SourceLocation) -> CIDRv4? {
        if let cidr = CIDRv4(text) { return cidr }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if let address = parts.first.flatMap({ IPv4Address($0) }), parts.count < 3 {
            let prefix = parts.count == 2 ? Int(parts[1]) : 24
            if let prefix, (0...32).contains(prefix) {
                let around = CIDRv4(around: address, prefix: prefix)
                let fault = parts.count == 2 ? "is an address within a network" : "has no prefix length"
                decoder.report("\(text) \(fault)", at: location, notes: ["did you mean \(around)?"])
                return nil
            }
        }
        decoder.report("\"\(text)\" is not an IPv4 network such as 10.71.3.0/24", at: location)
        return nil
    }

    // MARK: etcd and fleet

    mutating func readEtcd(_ fields: YAMLFields) -> EtcdSettings {
        guard let fields = decoder.fields("etcd", in: fields, as: "etcd", keys: Self.etcdKeys) else {
            return EtcdSettings()
        }
        let discovery = readDiscovery(fields)
        return EtcdSettings(
            bootstrap: decoder.word("bootstrap", in: fields, as: EtcdSettings.Bootstrap.self) ?? .static,
            discovery: discovery,
            tls: decoder.bool("tls", in: fields) ?? false,
            tlsLocation: fields["tls"].map { _ in fields.location(of: "tls") },
        )
    }

    /// The URL of one token, as `http://host:8087/new?size=3` of a discovery service gives it out.
    private mutating func readDiscovery(_ fields: YAMLFields) -> String? {
        guard let url = decoder.string("discovery", in: fields) else { return nil }
        let place = fields.location(of: "discovery")
        let scheme = ["http://", "https://"].first { url.hasPrefix($0) }
        let parts = url.dropFirst(scheme?.count ?? 0).split(separator: "/", omittingEmptySubsequences: false)
        if scheme == nil || parts[0].isEmpty || url.contains(where: { $0.isWhitespace || $0 == "\"" }) {
            decoder.report("\"\(url)\" is not a URL such as http://host:8087/TOKEN", at: place)
        } else if parts.count < 2 || parts[parts.count - 1].isEmpty || url.contains("?") {
            let note = "ask the service for one and write its answer here: curl \(scheme ?? "")\(parts[0])/new?size=3"
            decoder.report("\"\(url)\" has no token", at: place, notes: [note])
        } else if decoder.string("bootstrap", in: fields) != EtcdSettings.Bootstrap.discovery.rawValue {
            decoder.report("\"discovery\" needs `bootstrap: discovery` beside it", at: place)
        }
        return url
    }

    mutating func readFleet(_ fields: YAMLFields) -> FleetSettings {
        var settings = FleetSettings()
        guard let fields = decoder.fields("fleet", in: fields, as: "fleet", keys: Self.fleetKeys) else {
            return settings
        }
        settings.enabled = decoder.bool("enabled", in: fields) ?? settings.enabled
        settings.tcp = decoder.bool("tcp", in: fields) ?? settings.tcp
        settings.insecure = decoder.bool("insecure", in: fields) ?? settings.insecure
        settings.tcpLocation = settings.tcp ? fields.location(of: "tcp") : nil
        settings.machineTTLSeconds = readTTL(fields) ?? settings.machineTTLSeconds
        return settings
    }

    private mutating func readTTL(_ fields: YAMLFields) -> Int? {
        guard let text = decoder.string("machine_ttl", in: fields) else { return nil }
        let place = fields.location(of: "machine_ttl")
        do {
            let seconds = try Quantity.seconds(text)
            guard !(2...3600).contains(seconds) else { return seconds }
            let reason = "a machine that is only busy would be taken for dead, or a dead one for busy"
            decoder.report("\"machine_ttl\" must be from 2s to 1h, not \(text)", at: place, notes: [reason])
        } catch {
            report(error, at: place)
        }
        return nil
    }

    // MARK: Docker

    mutating func readDocker(_ fields: YAMLFields) -> DockerSettings {
        guard let fields = decoder.fields("docker", in: fields, as: "docker", keys: Self.dockerKeys) else {
            return DockerSettings()
        }
        let tcp = decoder.bool("tcp", in: fields) ?? false
        return DockerSettings(
            tcp: tcp,
            tls: decoder.bool("tls", in: fields) ?? false,
            insecure: decoder.bool("insecure", in: fields) ?? false,
            tcpLocation: tcp ? fields.location(of: "tcp") : nil,
            registryMirrors: texts("registry_mirrors", in: fields, Self.mirrorFault),
            insecureRegistries: texts("insecure_registries", in: fields, Self.registryFault),
        )
    }

    /// A list of texts, those with a fault reported.
    private mutating func texts(
        _ key: String,
        in fields: YAMLFields,
        _ fault: (String) -> (message: String, note: String)?,
    ) -> [String] {
        let list = decoder.list(key, in: fields)
        for element in list {
            guard let text = element.asString else {
                decoder.report("expected text in \"\(key)\", found \(element.found)", at: element.location)
                continue
            }
            guard let (message, note) = fault(text) else { continue }
            decoder.report(message, at: element.location, notes: [note])
        }
        return list.compactMap(\.asString)
    }

    private static func mirrorFault(_ text: String) -> (message: String, note: String)? {
        let rest = ["http://", "https://"].first { text.hasPrefix($0) }.map { text.dropFirst($0.count) }
        guard let rest else {
            return ("\"\(text)\" is not the URL of a registry", "did you mean http://\(text) or https://\(text)?")
        }
        guard !rest.isEmpty, !rest.hasPrefix("/"), !text.contains(where: \.isWhitespace) else {
            return ("\"\(text)\" is not the URL of a registry", "for example: http://10.71.3.1:5000")
        }
        return nil
    }

    private static func registryFault(_ text: String) -> (message: String, note: String)? {
        if let range = text.firstRange(of: "://") {
            return ("\"\(text)\" must be a host, not a URL", "did you mean \(text[range.upperBound...])?")
        }
        guard !text.isEmpty, !text.contains(where: { $0.isWhitespace || $0 == "\"" }) else {
            return ("\"\(text)\" is not a registry's host", "for example: 10.71.3.1:5000")
        }
        return nil
    }

    // MARK: SSH keys

    mutating func readKeys(_ fields: YAMLFields) -> [String] {
        texts("ssh_authorized_keys", in: fields, Self.keyFault)
    }

    private static func keyFault(_ text: String) -> (message: String, note: String)? {
        if text.contains("PRIVATE KEY") {
            return (
                "this is a private key",
                "take the public one, which ends in .pub, and make a new pair if this was shared"
            )
        }
        let words = text.split(whereSeparator: \.isWhitespace)
        // The base64 of every key begins with its type's length, which is under 256.
        let isKey = zip(words, words.dropFirst()).contains { type, data in
            data.hasPrefix("AAAA") && ["ssh-", "ecdsa-", "sk-"].contains { type.hasPrefix($0) }
        }
        guard !isKey || text.contains(where: \.isNewline) else { return nil }
        return ("this is not an OpenSSH public key", "it is one line, such as `ssh-ed25519 AAAA… me@example`")
    }
}
