import Glibc

/// Address of systemd's bus.
package struct BusAddress: Sendable, Hashable, CustomStringConvertible {
    /// A D-Bus address, such as `unix:path=/run/systemd/private`.
    package var address: String
    /// True when a message bus is there, on which systemd is one of many; otherwise systemd itself answers.
    package var isBus: Bool

    package init(_ address: String, isBus: Bool) {
        self.address = address
        self.isBus = isBus
    }

    package var description: String { address }

    /// systemd's own socket, only for root: there from the first moment of the boot, and needs no D-Bus daemon.
    package static let privateSocket = BusAddress("unix:path=/run/systemd/private", isBus: false)

    /// The system bus, where anybody may ask and polkit decides.
    package static var systemBus: BusAddress {
        let address = getenv("DBUS_SYSTEM_BUS_ADDRESS").map { String(cString: $0) }
        return BusAddress(address ?? "unix:path=/run/dbus/system_bus_socket", isBus: true)
    }

    /// Address that `systemctl` uses: systemd's own socket for root where it exists, otherwise the system bus.
    package static var automatic: BusAddress {
        geteuid() == 0 && access("/run/systemd/private", F_OK) == 0 ? privateSocket : systemBus
    }
}
