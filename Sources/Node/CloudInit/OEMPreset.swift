/// The `-oem` presets: a kind of machine stands for the sources it has.
enum OEMPreset {
    private static let services = [
        "azure": "the Azure agent's directory", "cloudsigma": "CloudSigma's serial port",
        "digitalocean": "DigitalOcean's metadata service", "gce": "Google's metadata service",
        "packet": "Packet's metadata service", "vmware": "VMware's guest interface",
    ]

    /// The sources of a preset as far as they are on the machine itself, and what is left out of it.
    static func sources(_ name: String) throws(NodeSetupError) -> (sources: [DataSource], note: String?) {
        switch name {
        case "ec2-compat":
            return ([.configDrive("/media/configdrive")], "EC2's metadata service is not asked, only the config drive")
        case "rackspace-onmetal":
            let note = "the config drive's network configuration is not converted: give .network units in the user-data"
            return ([.configDrive("/media/configdrive")], note)
        default:
            let known = (Array(services.keys) + ["ec2-compat", "rackspace-onmetal"]).sorted().joined(separator: ", ")
            guard let service = services[name] else {
                throw NodeSetupError(.usage, "Invalid option to -oem: \"\(name)\". Supported options: \(known)")
            }
            throw NodeSetupError(
                .usage,
                "-oem=\(name) reads \(service), and this program reads no cloud's; use -from-url or -from-configdrive"
            )
        }
    }

    /// Flags of the original for sources that only a cloud has.
    static let cloudFlags = [
        "from-ec2-metadata", "from-gce-metadata", "from-digitalocean-metadata", "from-packet-metadata",
        "from-cloudsigma-metadata", "from-waagent", "from-vmware-guestinfo", "from-vmware-ovf-env",
    ]
}
