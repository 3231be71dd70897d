import CloudConfig
import TopologyModel

/// Docker on a node.
extension NodeConfiguration {
    var dockerDropIns: [CloudConfig.DropIn] {
        let options = dockerOptions.map { options in
            CloudConfig.DropIn(
                name: "20-slipway.conf",
                content: "[Service]\nEnvironment=\"DOCKER_OPTS=\(options)\"\n",
            )
        }
        return [options, dockerFlannel].compactMap(\.self)
    }

    private var dockerOptions: String? {
        let mirrors = (topology.docker.registryMirrors + inputs.registryMirrors).map { "--registry-mirror=\($0)" }
        let insecure = topology.docker.insecureRegistries.map { "--insecure-registry=\($0)" }
        let options = mirrors + insecure + dockerTLS
        return options.isEmpty ? nil : options.joined(separator: " ")
    }

    var dockerSocket: String {
        """
        [Unit]
        Description=Docker Socket for the API

        [Socket]
        ListenStream=\(node.address):\(topology.docker.tls ? 2376 : 2375)
        FreeBind=true
        BindIPv6Only=both
        Service=docker.service

        [Install]
        WantedBy=sockets.target

        """
    }
}
