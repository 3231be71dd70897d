import Basics
import Diagnostics
import LocatedYAML

/// Metadata of a datasource beside its user-data.
package struct NodeMetadata: Sendable, Hashable {
    /// Host name that the metadata give.
    package var hostname: String?
    /// Keys for the user `core`.
    package var publicKeys: [String]
    /// Addresses of the node.
    package var addresses: NodeAddresses

    package init(
        hostname: String? = nil,
        publicKeys: [String] = [],
        addresses: NodeAddresses = NodeAddresses(),
    ) {
        self.hostname = hostname
        self.publicKeys = publicKeys
        self.addresses = addresses
    }
}

extension NodeMetadata {
    /// Reads a config drive's `meta_data.json`: OpenStack's keys, and the addresses that Slipway adds. JSON is YAML, as
    /// far as this file goes.
    package init(json bytes: [UInt8], file: String) throws(DiagnosticsError) {
        let document = YAMLDocument(parsing: bytes, file: file)
        if document.diagnostics.hasErrors {
            throw DiagnosticsError(document.diagnostics, sources: [file: document.text])
        }
        let hostname = document.root?["hostname"]?.asString?.trimmed
        func address(_ key: String) -> String { document.root?[key]?.asString ?? "" }
        self.init(
            hostname: hostname?.isEmpty == true ? nil : hostname,
            publicKeys: document.root?["public_keys"]?.pairs?.compactMap { $0.value.asString } ?? [],
            addresses: NodeAddresses(publicIPv4: address("public_ipv4"), privateIPv4: address("local_ipv4")),
        )
    }
}
