import CloudConfig

/// Description of one node for every kind of image; the cloud-config is the only source.
package struct NodeDescription: Sendable, Hashable {
    /// Cloud-config of the node.
    package var config: CloudConfig
    /// Changes when the node is to be set up anew: Canonical's cloud-init does its work once for each.
    package var instanceID: String
    /// Values of `$private_ipv4` and similar variables. Only CoreOS's own reader replaces them itself.
    package var addresses: Addresses
    /// The container image of etcd where the system brings no etcd of its own.
    package var etcdImage: String

    /// Image of etcd for systems that bring none.
    package static let defaultEtcdImage = "quay.io/coreos/etcd:v3.5.16"

    package init(
        config: CloudConfig,
        instanceID: String,
        addresses: Addresses = Addresses(),
        etcdImage: String = defaultEtcdImage,
    ) {
        self.config = config
        self.instanceID = instanceID
        self.addresses = addresses
        self.etcdImage = etcdImage
    }

    /// Addresses of a node, as a cloud-config's variables name them.
    package struct Addresses: Sendable, Hashable {
        /// Value of `$public_ipv4`.
        package var publicIPv4: String
        /// Value of `$private_ipv4`.
        package var privateIPv4: String
        /// Value of `$public_ipv6`.
        package var publicIPv6: String
        /// Value of `$private_ipv6`.
        package var privateIPv6: String

        package init(
            publicIPv4: String = "",
            privateIPv4: String = "",
            publicIPv6: String = "",
            privateIPv6: String = "",
        ) {
            self.publicIPv4 = publicIPv4
            self.privateIPv4 = privateIPv4
            self.publicIPv6 = publicIPv6
            self.privateIPv6 = privateIPv6
        }
    }
}

/// A way of telling a node what it is.
package enum NodeFormat: String, Sendable, Hashable, CaseIterable {
    /// CoreOS's cloud-config: Slipway's own nodes, and Flatcar's coreos-cloudinit.
    case coreos
    /// Canonical's cloud-init: Debian's, Ubuntu's and most other cloud images.
    case cloudInit = "cloud-init"
    case ignitionFlatcar = "ignition-flatcar"
    case ignitionFedora = "ignition-fcos"
}

/// Rendered configuration of a node, and the directives that it does not express.
package struct RenderedNode: Sendable, Hashable {
    /// The main one first.
    package var files: [RenderedFile]
    /// Every directive that the format cannot express, in the order of the config.
    package var findings: [Finding]

    /// True when something of the cloud-config cannot be expressed in the format.
    package var hasErrors: Bool { findings.contains { $0.severity == .error } }
}

/// File for a node, beside the main document.
package struct RenderedFile: Sendable, Hashable {
    /// The name under which the NoCloud volume has it: `user-data`.
    package var name: String
    /// Contents of the file.
    package var text: String
}

/// A directive that a format cannot express, or not wholly.
package struct Finding: Sendable, Hashable {
    /// Weight of a finding.
    package enum Severity: String, Sendable, Hashable {
        /// Something is missing or different; the node works.
        case warning
        /// The node cannot be given this.
        case error
    }

    /// Weight of the finding.
    package var severity: Severity
    /// Path in the cloud-config: `coreos.update.group`, `users[core].coreos_ssh_import_url`.
    package var directive: String
    /// Description of what is lost or changed.
    package var message: String

    package var description: String { "\(severity.rawValue): \(directive): \(message)" }
}
