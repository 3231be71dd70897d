import Foundation
import Libvirt
import TestKit

/// A `test:///file` hypervisor: in this process, without a daemon, private to its one connection.
enum TestNode {
    static func with<Value>(_ body: (Hypervisor) async throws -> Value) async throws -> Value {
        let directory = try TemporaryDirectory()
        let file = try directory.write("<node><cpu><mhz>2000</mhz><nodes>1</nodes></cpu></node>", to: "node.xml")
        let hypervisor = Hypervisor(uri: "test://\(file)", connections: 1)
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
