/// The `coreos` section.
package struct CoreOS: Sendable, Hashable {
    /// etcd 0.4, for configs that still have it.
    package var etcd: Settings<EtcdKey>
    package var etcd2: Settings<Etcd2Key>
    package var flannel: Settings<FlannelKey>
    package var fleet: Settings<FleetKey>
    package var locksmith: Settings<LocksmithKey>
    package var oem: Settings<OEMKey>
    package var update: Settings<UpdateKey>
    package var units: [CloudConfig.Unit]

    package init(
        etcd: Settings<EtcdKey> = [:],
        etcd2: Settings<Etcd2Key> = [:],
        flannel: Settings<FlannelKey> = [:],
        fleet: Settings<FleetKey> = [:],
        locksmith: Settings<LocksmithKey> = [:],
        oem: Settings<OEMKey> = [:],
        update: Settings<UpdateKey> = [:],
        units: [CloudConfig.Unit] = [],
    ) {
        self.etcd = etcd
        self.etcd2 = etcd2
        self.flannel = flannel
        self.fleet = fleet
        self.locksmith = locksmith
        self.oem = oem
        self.update = update
        self.units = units
    }
}
