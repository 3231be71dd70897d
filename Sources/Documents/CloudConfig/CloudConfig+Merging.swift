extension CloudConfig {
    /// This config with `own` on top of it: what `own` sets counts, lists are joined (this one's first), and a unit
    /// that both have is one unit.
    package func merging(_ own: CloudConfig) -> CloudConfig {
        CloudConfig(
            hostname: own.hostname ?? hostname,
            sshAuthorizedKeys: Self.joined(sshAuthorizedKeys, own.sshAuthorizedKeys),
            users: users + own.users,
            writeFiles: writeFiles + own.writeFiles,
            manageEtcHosts: own.manageEtcHosts ?? manageEtcHosts,
            coreos: coreos.merging(own.coreos),
        )
    }

    /// The same key twice is of no use.
    private static func joined(_ first: [String], _ second: [String]) -> [String] {
        first + second.filter { !first.contains($0) }
    }
}

extension CoreOS {
    func merging(_ own: CoreOS) -> CoreOS {
        CoreOS(
            etcd: etcd.merging(own.etcd),
            etcd2: etcd2.merging(own.etcd2),
            flannel: flannel.merging(own.flannel),
            fleet: fleet.merging(own.fleet),
            locksmith: locksmith.merging(own.locksmith),
            oem: oem.merging(own.oem),
            update: update.merging(own.update),
            units: Self.merge(units, own.units) { $0.merging($1) },
        )
    }

    /// Elements of the same name become one, at the place of the first.
    fileprivate static func merge<Element: Named>(
        _ base: [Element],
        _ own: [Element],
        by combine: (Element, Element) -> Element,
    ) -> [Element] {
        own.reduce(into: base) { merged, element in
            if let index = merged.firstIndex(where: { $0.name == element.name }) {
                merged[index] = combine(merged[index], element)
            } else {
                merged.append(element)
            }
        }
    }
}

extension CloudConfig.Unit {
    func merging(_ own: Self) -> Self {
        Self(
            name: name,
            mask: mask || own.mask,
            enable: enable || own.enable,
            runtime: runtime || own.runtime,
            content: own.content ?? content,
            command: own.command ?? command,
            dropIns: CoreOS.merge(dropIns, own.dropIns) { $1 },
        )
    }
}

private protocol Named { var name: String { get } }
extension CloudConfig.Unit: Named {}
extension CloudConfig.DropIn: Named {}
