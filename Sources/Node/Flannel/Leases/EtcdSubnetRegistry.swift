import Basics
import Etcd

/// The network in etcd, under the original's keys.
///
/// The original keeps it in the v2 keyspace. Where etcd serves no v2 API any more it went on to v3 under the same keys,
/// and so does this one.
package struct EtcdSubnetRegistry: SubnetRegistry {
    /// The original's own prefix.
    package static let standardPrefix = "/coreos.com/network"

    private let etcd: EtcdHTTPClient
    /// Path with a leading slash and without one at its end.
    private let prefix: String

    /// - Parameter prefix: directory of the network in etcd.
    package init(etcd: EtcdHTTPClient, prefix: String = standardPrefix) {
        self.etcd = etcd
        self.prefix = "/" + prefix.split(separator: "/").joined(separator: "/")
    }

    private var configKey: String { "\(prefix)/config" }
    private func key(of subnet: CIDRv4) -> String { "\(prefix)/subnets/\(StoredLease.keyName(of: subnet))" }
    /// v2's paths have no slash at the beginning here.
    private func path(_ key: String) -> String { String(key.dropFirst()) }

    private func subnet(of key: String) -> CIDRv4? {
        let directory = "\(prefix)/subnets/"
        return key.hasPrefix(directory) ? StoredLease.subnet(ofKeyName: key.dropFirst(directory.count)) : nil
    }

    package func state() async throws -> NetworkState {
        guard let listing = try await etcd.legacyListing(of: path(prefix)) else { return try await stateOfV3() }
        let config = listing.entries.first { $0.key == configKey }
        let leases = listing.entries.compactMap { entry in
            subnet(of: entry.key).map { subnet in
                StoredLease(
                    subnet: subnet,
                    attributes: LeaseAttributes(json: entry.value),
                    version: entry.index,
                    isPermanent: entry.ttl == nil,
                )
            }
        }
        return NetworkState(
            config: config?.value,
            configVersion: config?.index ?? 0,
            leases: leases,
            position: .v2(listing.index),
        )
    }

    private func stateOfV3() async throws -> NetworkState {
        let found = try await etcd.range(RangeRequest(.prefix("\(prefix)/")))
        let config = found.keyValues.first { $0.key == configKey }
        let leases = found.keyValues.compactMap { pair in
            subnet(of: pair.key).map { subnet in
                StoredLease(
                    subnet: subnet,
                    attributes: LeaseAttributes(json: pair.text),
                    version: UInt64(pair.modRevision),
                    etcdLease: pair.lease,
                    isPermanent: pair.lease == nil,
                )
            }
        }
        return NetworkState(
            config: config?.text,
            configVersion: UInt64(config?.modRevision ?? 0),
            leases: leases,
            position: .v3(found.revision),
        )
    }

    package func change(since position: NetworkState.Position, within limit: Duration) async throws {
        switch position {
        case .v2(let index): try await etcd.legacyChange(below: path(prefix), after: index, within: limit)
        case .v3(let revision):
            let watch = etcd.watch(.prefix("\(prefix)/"), from: revision + 1)
            do {
                _ = try await withDeadline(limit) {
                    for try await batch in watch where !batch.events.isEmpty { return }
                }
            } catch let error as EtcdError where error.code == .compacted {
                return
            }
        }
    }

    // MARK: Writing

    package func setConfig(_ text: String, over state: NetworkState) async throws -> Bool {
        let version = state.configVersion
        switch state.position {
        case .v2:
            let index = version == 0 ? nil : version
            return try await etcd.setLegacyValue(of: path(configKey), to: text, after: index, ttl: nil) != nil
        case .v3:
            let unchanged = unchanged(configKey, version)
            return try await etcd.commit(Transaction(if: [unchanged], then: [.put(configKey, text)])).succeeded
        }
    }

    package func take(
        _ subnet: CIDRv4,
        _ attributes: LeaseAttributes,
        for time: Duration,
    ) async throws -> StoredLease? {
        let (key, ttl) = (key(of: subnet), time.components.seconds)
        guard try await servesV2() else {
            let lease = try await etcd.grantLease(ttl: ttl)
            let put = Operation.put(key, attributes.json, lease: lease.id)
            let answer = try await etcd.commit(Transaction(if: [.missing(key)], then: [put]))
            guard answer.succeeded else {
                try await etcd.revoke(lease.id)
                return nil
            }
            return StoredLease(
                subnet: subnet,
                attributes: attributes,
                version: UInt64(answer.revision),
                etcdLease: lease.id,
            )
        }
        let index = try await etcd.setLegacyValue(of: path(key), to: attributes.json, after: nil, ttl: Int(ttl))
        return index.map { StoredLease(subnet: subnet, attributes: attributes, version: $0) }
    }

    package func renew(
        _ lease: StoredLease,
        _ attributes: LeaseAttributes,
        for time: Duration,
    ) async throws -> StoredLease? {
        let key = key(of: lease.subnet)
        var renewed = lease
        renewed.attributes = attributes
        if try await servesV2() {
            let ttl = lease.isPermanent ? nil : Int(time.components.seconds)
            let index = try await etcd.setLegacyValue(
                of: path(key),
                to: attributes.json,
                after: lease.version,
                ttl: ttl,
            )
            guard let index else { return nil }
            renewed.version = index
            return renewed
        }
        if let id = lease.etcdLease, try await etcd.keepAlive(id) == nil { return nil }
        // What has not changed is not written: every node would be told.
        let put = [Operation.put(key, attributes.json, lease: lease.etcdLease)]
        let unchanged = unchanged(key, lease.version)
        let isSame = lease.attributes == attributes
        let answer = try await etcd.commit(Transaction(if: [unchanged], then: isSame ? [] : put))
        guard answer.succeeded else { return nil }
        if !isSame { renewed.version = UInt64(answer.revision) }
        return renewed
    }

    package func release(_ lease: StoredLease) async throws {
        let key = key(of: lease.subnet)
        if try await servesV2() {
            try await etcd.removeLegacyValue(of: path(key), at: lease.version)
        } else {
            _ = try await etcd.commit(Transaction(if: [unchanged(key, lease.version)], then: [.delete(key)]))
        }
    }

    private func unchanged(_ key: String, _ version: UInt64) -> Comparison {
        version == 0 ? .missing(key) : .unchanged(key, since: Int64(version))
    }

    /// Asked before each write, which is once a day: a cluster may have gone on to an etcd without the v2 API.
    private func servesV2() async throws -> Bool {
        if case .notServed = try await etcd.legacyValue(of: path(configKey)) { return false }
        return true
    }
}
