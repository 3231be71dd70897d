import CloudConfig
import TopologyModel
import UnitFiles

/// The JSON Schema of a topology file: the keys are those the reader knows, the words those of the model.
///
/// A key the reader has and this table has not may have any value, so that a new one is never called wrong.
package enum TopologySchema {
    /// JSON schema of topology files, for editors.
    package static let jsonSchema = mapping(
        TopologyReader.keys,
        [
            "name": text, "autostart": boolean, "defaults": mapping(TopologyReader.resourceKeys, resources),
            "network": mapping(
                TopologyReader.networkKeys,
                [
                    "cidr": text.with("pattern", .string("^[0-9.]+/[0-9]+$")),
                    "mode": words(NetworkSettings.Mode.self), "names": boolean,
                ]
            ),
            "etcd": mapping(
                TopologyReader.etcdKeys,
                [
                    "bootstrap": words(EtcdSettings.Bootstrap.self),
                    "discovery": text.with("pattern", .string("^https?://[^/]+/.*[^/]$")), "tls": boolean,
                ]
            ),
            "fleet": mapping(
                TopologyReader.fleetKeys,
                ["enabled": boolean, "machine_ttl": duration, "tcp": boolean, "insecure": boolean]
            ),
            "docker": mapping(
                TopologyReader.dockerKeys,
                [
                    "tcp": boolean, "tls": boolean, "insecure": boolean, "registry_mirrors": texts,
                    "insecure_registries": texts,
                ]
            ),
            "flannel": mapping(
                TopologyReader.flannelKeys,
                [
                    "network": text.with("pattern", .string("^[0-9.]+/[0-9]+$")), "subnet_length": integer(10...30),
                    "backend": words(FlannelSettings.Backend.self),
                ]
            ),
            "ssh_authorized_keys": texts,
            "roles": .object([
                "type": .string("object"), "minProperties": .int(1), "additionalProperties": role,
            ]),
            "cloud_config": cloudConfig, "units": .list(of: unit), "image": text,
            "update": words(TopologyReader.Update.self), "repair": words(RepairPolicy.self),
        ],
        required: ["name", "roles"]
    ).with("$defs", .object(["cloud_config": ConfigShape.cloudConfig.jsonSchema]))
        .document(title: "Slipway topology")

    private static let text = JSONSchema.object(["type": .string("string")])
    private static let texts = JSONSchema.list(of: text)
    private static let boolean = JSONSchema.object(["type": .string("boolean")])
    private static let duration = text.with("pattern", .string("^[0-9]+(s|m|min|h)$"))
    private static let size = text.with("pattern", .string("^[1-9][0-9]* ?(MiB|M|GiB|G)$"))
    private static let cloudConfig = JSONSchema.object(["$ref": .string("#/$defs/cloud_config")])

    private static let resources: [String: JSONSchema] = [
        "runtime": words(RuntimeChoice.self), "accelerator": words(Accelerator.self),
        "cpus": integer(1...512), "memory": size, "disk": size, "image": image,
    ]

    /// A name alone, or a mapping.
    private static let image = mapping(
        TopologyReader.imageKeys,
        [
            "name": text, "url": text.with("pattern", .string("^https?://")), "file": text,
            "kind": words(RoleImage.Kind.self), "sha256": text.with("pattern", .string("^[0-9a-fA-F]{64}$")),
            "sha512": text.with("pattern", .string("^[0-9a-fA-F]{128}$")), "signature": text, "key": text,
        ]
    ).with("type", .strings(["string", "object"]))

    private static let role = mapping(
        TopologyReader.roleKeys,
        resources.merging([
            "count": integer(Role.validCounts), "etcd": words(EtcdRole.self),
            "metadata": .object([
                "type": .string("object"), "additionalProperties": ConfigShape.string.jsonSchema,
            ]),
            "cloud_config": cloudConfig,
        ]) { $1 }
    )

    private static let unit = mapping(
        TopologyReader.unitKeys,
        [
            "file": text, "state": words(TargetState.self),
            "instances": .object(["type": .strings(["integer", "array"]), "minimum": .int(1), "items": text]),
        ],
        required: ["file"]
    )

    private static func mapping(
        _ keys: [String],
        _ schemas: [String: JSONSchema],
        required: [String] = [],
    ) -> JSONSchema {
        .mapping(Dictionary(keys.map { ($0, schemas[$0] ?? .any) }) { $1 }, required: required)
    }

    private static func words<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> JSONSchema {
        .words(type.allCases.map(\.rawValue))
    }

    private static func integer(_ range: ClosedRange<Int>) -> JSONSchema {
        .object(["type": .string("integer"), "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)])
    }
}
