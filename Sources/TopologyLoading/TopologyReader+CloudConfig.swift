import CloudConfig
import Diagnostics
import LocatedYAML

extension TopologyReader {
    /// The cloud-config under `cloud_config`, of the topology or of a role.
    mutating func readCloudConfig(_ fields: YAMLFields) -> CloudConfig {
        CloudConfig()
    }
}
