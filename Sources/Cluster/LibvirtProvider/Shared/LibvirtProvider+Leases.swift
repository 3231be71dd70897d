import Libvirt
import Logging
import Planning
import Provisioning

/// Leases as networks that are defined and never started: all drivers of a libvirt share its networks, and of those
/// with one name there is only the one whose UUID came first. Defining one is therefore how a lease is taken, by one at
/// a time.
extension LibvirtProvider: LeaseStore {
    package func lease(of cluster: String) async throws -> LeaseRecord? {
        let name = LeaseXML.networkName(cluster: cluster)
        let xml = try await run { connection throws(LibvirtError) in
            try connection.ifPresent(network: name) { network throws(LibvirtError) in try network.xml() }
        }
        guard let xml else { return nil }
        guard let record = try LeaseXML.record(xml) else {
            throw ProviderError(
                .conflict,
                "network \(name) exists and is not Slipway's; remove it (virsh net-undefine \(name))",
            )
        }
        return record
    }

    package func changedLeases() async -> AsyncStream<String> {
        let networks: AsyncStream<String>
        do {
            networks = try await hypervisor.networkEvents()
        } catch {
            logger.warning("cannot learn what happens to leases", metadata: ["error": "\(error)"])
            return AsyncStream { $0.finish() }
        }
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        let relay = Task {
            for await name in networks {
                if let cluster = LeaseXML.cluster(ofNetwork: name) { continuation.yield(cluster) }
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in relay.cancel() }
        return stream
    }

    package func create(_ lease: LeaseRecord) async throws -> Bool {
        let (name, xml) = (LeaseXML.networkName(cluster: lease.cluster), LeaseXML.text(lease))
        return try await run { connection throws(LibvirtError) in
            try connection.definesLease(xml, id: lease.id, name: name)
        }
    }

    package func renew(_ lease: LeaseRecord) async throws -> Bool {
        let (name, xml) = (LeaseXML.networkName(cluster: lease.cluster), LeaseXML.text(lease))
        return try await run(isUrgent: true) { connection throws(LibvirtError) in
            // One that was removed must not come back: somebody else may have had the cluster since.
            guard
                try connection.ifPresent(network: name, { network throws(LibvirtError) in try network.uuid() })
                    == lease.id
            else { return false }
            return try connection.definesLease(xml, id: lease.id, name: name)
        }
    }

    package func remove(_ lease: LeaseRecord) async throws {
        try await run { connection throws(LibvirtError) in
            do throws(LibvirtError) {
                // By its UUID: what has its name may be another's by now.
                let network = try connection.network(uuid: lease.id)
                try network.undefine()
            } catch {
                guard error.code == .notFound else { throw error }
            }
        }
    }
}

extension Connection {
    /// - Returns: false where a network of that name has another UUID.
    fileprivate func definesLease(_ xml: String, id: String, name: String) throws(LibvirtError) -> Bool {
        do {
            _ = try defineNetwork(xml, name: name)
            return true
        } catch {
            let present = try ifPresent(network: name) { network throws(LibvirtError) in try network.uuid() }
            guard let present, present != id else { throw error }
            return false
        }
    }
}

/// A lease as a network's XML.
enum LeaseXML {
    static let nameSpace = "urn:slipway:lease:1"

    /// No cluster's own network is called like that.
    static func networkName(cluster: String) -> String { "\(prefix)\(cluster)" }

    /// The cluster whose lease a network is; nil for any other network.
    static func cluster(ofNetwork name: String) -> String? {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }

    private static let prefix = "slipway-lease."

    static func text(_ lease: LeaseRecord) -> String {
        let mark = XMLElement(
            "slipway:lease",
            [
                "xmlns:slipway": nameSpace, "cluster": lease.cluster, "holder": lease.holder, "lock": lease.lock,
                "renewals": "\(lease.renewals)", "time": "\(lease.time)",
            ],
            children: [lease.progress.map(element)],
        )
        return XMLElement(
            "network",
            children: [
                XMLElement("name", text: networkName(cluster: lease.cluster)),
                XMLElement("uuid", text: lease.id),
                XMLElement("metadata", children: [mark]),
                // A kind of network that has no bridge.
                XMLElement("forward", ["mode": "hostdev", "managed": "no"]),
            ],
        ).rendered()
    }

    /// The lease that a network is; nil for any other network.
    static func record(_ xml: String) throws(XMLReader.Problem) -> LeaseRecord? {
        let network = try XMLReader.read(xml)
        let marks = network.all("metadata").flatMap(\.children)
        guard let mark = marks.first(where: { $0.declaredNameSpace == nameSpace }),
            let cluster = mark["cluster"], let id = network.first("uuid")?.text,
            let renewals = mark["renewals"].flatMap({ Int($0) }), let time = mark["time"].flatMap({ Int64($0) })
        else { return nil }
        return LeaseRecord(
            cluster: cluster,
            id: id,
            holder: mark["holder"] ?? "another slipway",
            lock: mark["lock"] ?? "",
            renewals: renewals,
            time: time,
            progress: mark.first("run").flatMap(progress),
        )
    }

    /// Steps under way that are told: of hundreds, nobody reads all.
    private static let mostRunning = 12

    private static func element(_ progress: RunProgress) -> XMLElement {
        let running = progress.running.prefix(mostRunning).map { step in
            let rungs = step.rungs.map(\.rawValue).joined(separator: " ")
            return XMLElement(
                "step",
                [
                    "id": step.id, "title": step.title, "detail": step.detail, "node": step.node,
                    "rungs": rungs.isEmpty ? nil : rungs,
                ],
            )
        }
        return XMLElement(
            "run",
            ["steps": "\(progress.steps)", "ended": "\(progress.ended)", "failed": "\(progress.failed)"],
            children: running,
        )
    }

    private static func progress(_ run: XMLElement) -> RunProgress? {
        func number(_ name: String) -> Int? { run[name].flatMap { Int($0) } }
        guard let steps = number("steps"), let ended = number("ended"), let failed = number("failed") else {
            return nil
        }
        let running = run.all("step").map { step in
            RunProgress.Running(
                id: step["id"] ?? "",
                title: step["title"] ?? "",
                detail: step["detail"] ?? "",
                node: step["node"],
                rungs: (step["rungs"] ?? "").split(separator: " ").compactMap { Rung(rawValue: String($0)) },
            )
        }
        return RunProgress(steps: steps, ended: ended, failed: failed, running: running)
    }
}
