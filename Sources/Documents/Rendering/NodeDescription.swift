import CloudConfig

/// One node, as every kind of image can be told of it: the cloud-config is the one truth, whoever reads it.
package struct NodeDescription: Sendable, Hashable {
    package var config: CloudConfig
    /// Changes when the node is to be set up anew: Canonical's cloud-init does its work once for each.
    package var instanceID: String
    /// What `$private_ipv4` and its kin stand for. Only CoreOS's own reader puts them in itself.
    package var addresses: Addresses
    /// The container image of etcd where the system brings no etcd of its own.
    package var etcdImage: String

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

    package struct Addresses: Sendable, Hashable {
        package var publicIPv4: String
        package var privateIPv4: String
        package var publicIPv6: String
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

/// What a node is given, and what of its description that does not say.
package struct RenderedNode: Sendable, Hashable {
    /// The main one first.
    package var files: [RenderedFile]
    /// Every directive that the format cannot express, in the order of the config.
    package var findings: [Finding]

    package var hasErrors: Bool { findings.contains { $0.severity == .error } }
}

package struct RenderedFile: Sendable, Hashable {
    /// The name under which a seed has it: `user-data`.
    package var name: String
    package var text: String
}

/// A directive that a format cannot express, or not wholly.
package struct Finding: Sendable, Hashable {
    package enum Severity: String, Sendable, Hashable {
        /// Something is missing or different; the node works.
        case warning
        /// The node cannot be given this.
        case error
    }

    package var severity: Severity
    /// Where in the cloud-config: `coreos.update.group`, `users[core].coreos_ssh_import_url`.
    package var directive: String
    package var message: String

    package var description: String { "\(severity.rawValue): \(directive): \(message)" }
}
