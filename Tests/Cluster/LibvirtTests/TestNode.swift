import Foundation
import Libvirt

/// A `test:///file` hypervisor: in this process, without a daemon, private to its one connection.
enum TestNode {
    static func with<Value>(_ body: (Hypervisor) async throws -> Value) async throws -> Value {
        let file = FileManager.default.temporaryDirectory.appending(path: "slipway-node-\(UUID().uuidString).xml")
        try Data("<node><cpu><mhz>2000</mhz><nodes>1</nodes></cpu></node>".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let hypervisor = Hypervisor(uri: "test://\(file.path())", connections: 1)
        let value = try await body(hypervisor)
        await hypervisor.close()
        return value
    }

    static func domainXML(_ name: String, uuid: UUID = UUID()) -> String {
        """
        <domain type='test'>
          <name>\(name)</name>
          <uuid>\(uuid.uuidString.lowercased())</uuid>
          <metadata><x:node xmlns:x='urn:example:1' role='central'/></metadata>
          <memory unit='MiB'>64</memory>
          <os><type>hvm</type></os>
        </domain>
        """
    }

    static func networkXML(_ name: String, uuid: UUID = UUID()) -> String {
        """
        <network>
          <name>\(name)</name>
          <uuid>\(uuid.uuidString.lowercased())</uuid>
          <bridge name='swbr0'/>
          <ip address='10.99.0.1' netmask='255.255.255.0'/>
        </network>
        """
    }
}
