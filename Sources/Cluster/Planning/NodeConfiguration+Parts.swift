import CloudConfig
import Rendering
import TopologyModel

extension NodeConfiguration {
    /// Digests of what ``NodePlan/configDigest`` is of, part by part; nil where nothing is rendered.
    var configParts: ConfigParts? {
        guard isRendered else { return nil }
        let resources = node.role.resources
        var texts = cloudConfigParts
        texts["cpus"] = "\(resources.cpus)"
        texts["memory"] = "\(resources.memoryMiB)"
        if let accelerator {
            texts["accelerator"] = accelerator.rawValue
            texts["disk"] = "\(resources.diskGiB)"
        }
        if !isIgnited { texts["programs"] = image.layer }
        texts["network"] = topology.network.mode.rawValue + (topology.network.names ? " names" : "")
        texts["etcd"] = "\(topology.etcd.tls)"
        texts["docker"] = dockerPart
        if runsFlannel, let flannel = topology.flannel { texts["flannel"] = flannel.json }
        if runsFleet { texts["fleet"] = "\(topology.fleet.machineTTLSeconds) \(topology.fleet.tcp)" }
        let metadata = node.role.metadata.sorted { $0.key < $1.key }
        texts["metadata"] = metadata.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
        texts["ssh_authorized_keys"] = topology.sshAuthorizedKeys.joined(separator: "\n")
        texts["keys"] = (inputs.authorizedKeys + [inputs.clusterKey.privateKey]).joined(separator: "\n")
        texts["certificates"] = tlsFiles.map { "\($0.path)\n\($0.content)" }.joined(separator: "\n")
        return ConfigParts(texts, secret: secrets.hostKey.privateKey)
    }

    private var dockerPart: String {
        let docker = topology.docker
        guard docker != DockerSettings() else { return "" }
        let lists = docker.registryMirrors + [""] + docker.insecureRegistries
        return "\(docker.tcp) \(docker.tls) \(lists.joined(separator: "\n"))"
    }

    /// Parts of the file's own `cloud_config`, the topology's and the role's as one.
    private var cloudConfigParts: [String: String] {
        let config = topology.cloudConfig.merging(node.role.cloudConfig)
        var others = config.coreos
        (others.units, others.update) = ([], [:])
        let parts: [(name: String, config: CloudConfig)] = [
            ("hostname", CloudConfig(hostname: config.hostname)),
            ("ssh_authorized_keys", CloudConfig(sshAuthorizedKeys: config.sshAuthorizedKeys)),
            ("users", CloudConfig(users: config.users)),
            ("write_files", CloudConfig(writeFiles: config.writeFiles)),
            ("manage_etc_hosts", CloudConfig(manageEtcHosts: config.manageEtcHosts)),
            ("coreos.units", CloudConfig(coreos: CoreOS(units: config.coreos.units))),
            ("coreos.update", CloudConfig(coreos: CoreOS(update: config.coreos.update))),
            ("coreos", CloudConfig(coreos: others)),
        ]
        return parts.filter { !$0.config.isEmpty }.reduce(into: [:]) { texts, part in
            texts["cloud_config.\(part.name)"] = CloudConfigRenderer(comment: []).render(part.config)
        }
    }
}
