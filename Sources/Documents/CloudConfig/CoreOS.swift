/// The `coreos` section.
package struct CoreOS: Sendable, Hashable {
    /// etcd 0.4, for configs that still have it.
    package var etcd: Settings<EtcdKey>
    /// Settings of etcd2.
    package var etcd2: Settings<Etcd2Key>
    /// Settings of flannel.
    package var flannel: Settings<FlannelKey>
    /// Settings of fleet.
    package var fleet: Settings<FleetKey>
    /// Settings of locksmith.
    package var locksmith: Settings<LocksmithKey>
    /// Contents of `/etc/oem-release`.
    package var oem: Settings<OEMKey>
    /// Settings of updates and of the reboots after them.
    package var update: Settings<UpdateKey>
    /// systemd units to write, enable and start, in this order.
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
