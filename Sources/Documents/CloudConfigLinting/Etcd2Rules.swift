import Basics
import CloudConfigLoading
import Diagnostics
import LocatedYAML

extension ValidationRule {
    /// An etcd that does not find itself among the first members ends at once.
    static let etcd2Members = ValidationRule("initial_cluster") { root in
        guard let etcd2 = root.value("coreos", "etcd2"), !etcd2.isProxy, !root.etcd2Unit.sets("ETCD_PROXY"),
            let pair = etcd2.pair(["initial_cluster"]), let text = pair.value.asString, !text.isEmpty
        else { return [] }
        let (members, faults) = members(of: text, at: pair.valueLocation)
        guard !root.etcd2Unit.sets("ETCD_INITIAL_CLUSTER") else { return faults }
        return faults + ownFaults(etcd2, members, unit: root.etcd2Unit)
    }

    /// etcd refuses to start with URLs to listen on and none to advertise.
    static let etcd2ClientURLs = ValidationRule("advertise_client_urls") { root in
        guard let etcd2 = root.value("coreos", "etcd2"), !etcd2.isProxy,
            let listen = etcd2.pair(["listen_client_urls"]), listen.value.hasText,
            etcd2.pair(["advertise_client_urls"])?.value.hasText != true,
            !root.etcd2Unit.sets("ETCD_ADVERTISE_CLIENT_URLS"), !root.etcd2Unit.sets("ETCD_PROXY")
        else { return [] }
        let message = "listen_client_urls without advertise_client_urls"
        let notes = ["etcd does not start so: say in advertise_client_urls how others reach this node"]
        // A node that finds the cluster full becomes a proxy, which needs none.
        let mayBecomeProxy = etcd2.pair(["discovery"])?.value.hasText == true
        return [Diagnostic(mayBecomeProxy ? .warning : .error, message, at: listen.keyLocation, notes: notes)]
    }

    static let etcd2State = ValidationRule("initial_cluster_state") { root in
        guard let pair = root.pair(["coreos", "etcd2", "initial_cluster_state"]), let text = pair.value.asString,
            !text.isEmpty, text != "new", text != "existing"
        else { return [] }
        return [
            .error(
                "initial_cluster_state cannot be \"\(text)\"",
                at: pair.valueLocation,
                notes: ["valid: new for the first members, existing for one that joins them later"],
            )
        ]
    }
}

private typealias Members = [(name: String, url: String)]

private func members(of text: String, at place: SourceLocation) -> (Members, [Diagnostic]) {
    var members: Members = []
    var faults: [Diagnostic] = []
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
        let trimmed = entry.trimmed
        guard let equals = trimmed.firstIndex(of: "="), equals != trimmed.startIndex else {
            let notes = ["members are written as name=http://10.0.0.1:2380, with commas between them"]
            faults.append(.error("initial_cluster: \"\(entry)\" is not a member", at: place, notes: notes))
            continue
        }
        let url = String(trimmed[trimmed.index(after: equals)...])
        if let fault = URLList.fault(in: SampleAddresses.expanded(url), .etcd) {
            let message = "coreos.etcd2.initial_cluster: \"\(url)\" is not a URL it can use: \(fault)"
            faults.append(.error(message, at: place))
        }
        members.append((String(trimmed[..<equals]), url))
    }
    return (members, faults)
}

private func ownFaults(_ etcd2: YAMLNode, _ members: Members, unit: UnitText) -> [Diagnostic] {
    guard !members.isEmpty, let pair = etcd2.pair(["name"]), let name = pair.value.asString, !name.isEmpty,
        !unit.sets("ETCD_NAME"), !SampleAddresses.depends(name),
        !members.contains(where: { SampleAddresses.depends($0.name) })
    else { return [] }
    let own = Set(members.filter { $0.name == name }.map(\.url))
    guard !own.isEmpty else {
        let names = members.map(\.name).joined(separator: ", ")
        return [
            .error(
                "etcd2 is called \"\(name)\", and initial_cluster has no such member",
                at: pair.valueLocation,
                notes: ["its members are \(names); an etcd that is not among them does not start"],
            )
        ]
    }
    guard let advertised = etcd2.pair(["initial_advertise_peer_urls"]), let text = advertised.value.asString,
        !text.isEmpty, !unit.sets("ETCD_INITIAL_ADVERTISE_PEER_URLS"),
        !SampleAddresses.depends(text), !own.contains(where: SampleAddresses.depends)
    else { return [] }
    let urls = Set(text.split(separator: ",").map { $0.trimmed })
    guard urls != own else { return [] }
    return [
        .error(
            "initial_advertise_peer_urls is not what initial_cluster says of \"\(name)\"",
            at: advertised.valueLocation,
            notes: ["initial_cluster has \(own.sorted().joined(separator: ",")); etcd wants the same in both"],
        )
    ]
}

/// The texts of a service's unit and drop-ins, which may say what a section leaves out.
private struct UnitText {
    var text: String

    /// Returns whether the variable is set there, or may be: an environment file is the machine's.
    func sets(_ variable: String) -> Bool {
        let option = variable.dropFirst("ETCD_".count).lowercased().replacing("_", with: "-")
        return text.contains("EnvironmentFile=") || text.contains("\(variable)=") || text.contains("-\(option)")
    }
}

extension YAMLNode {
    fileprivate var etcd2Unit: UnitText {
        let units = value("coreos")?.elements("units") ?? []
        let own = units.filter { $0.pair(["name"])?.value.asString == "etcd2.service" }
        let texts = own.flatMap { [$0] + $0.elements("drop_ins") }.compactMap { $0.pair(["content"])?.value.asString }
        return UnitText(text: texts.joined(separator: "\n"))
    }

    fileprivate var hasText: Bool { asString?.isEmpty == false }

    /// True when this section makes a proxy, which is no member and names itself nowhere.
    fileprivate var isProxy: Bool { ["on", "readonly"].contains(pair(["proxy"])?.value.asString ?? "") }
}
