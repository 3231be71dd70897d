import CloudConfig

extension SetupPlan {
    /// Runs a script as a service of its own, by bash, whatever its first line says: so the original did it.
    package init(script: [UInt8], workspace: String) {
        let id = Self.digest(script)
        let path = "\(NodePath.absolute(workspace))/scripts/\(id)"
        let unit = "coreos-cloudinit-\(id).service"
        let content = """
            [Unit]
            Description=The script this node was given as user-data

            [Service]
            ExecStart=/bin/bash \(path)

            """
        preparation = [
            .writeFile(path: path, content: script, owner: nil, mode: 0o744),
            .writeFile(
                path: "\(NodePath.absolute(workspace))/scripts/unit-name",
                content: Array(unit.utf8),
                owner: nil,
                mode: 0o644,
            ),
            .writeUnit(path: "/run/systemd/system/\(unit)", content: content),
            .reloadSystemd,
        ]
        commands = [.run(.start, unit: unit, isOptional: false)]
    }

    /// FNV-1a: the same script has the same name on every boot.
    private static func digest(_ bytes: [UInt8]) -> String {
        let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
