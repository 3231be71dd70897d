import Basics
import Diagnostics
import LocatedYAML
import TopologyModel

extension TopologyReader {
    static let flannelKeys = ["network", "subnet_length", "backend"]

    /// The containers' network; nil where the file asks for none.
    mutating func readFlannel(_ fields: YAMLFields) -> FlannelSettings? {
        guard fields["flannel"] != nil else { return nil }
        let place = fields.location(of: "flannel")
        guard let fields = decoder.fields("flannel", in: fields, as: "flannel", keys: Self.flannelKeys) else {
            knowsFlannel = false
            return nil
        }
        var settings = FlannelSettings(location: place)
        if let text = decoder.string("network", in: fields) {
            let place = fields.location(of: "network")
            guard let network = readNetwork(text, at: place), isWideEnough(network, at: place) else {
                knowsFlannel = false
                return settings
            }
            settings = FlannelSettings(network: network, location: place)
        } else if fields["network"] != nil {
            knowsFlannel = false
        }
        settings.backend = decoder.word("backend", in: fields, as: FlannelSettings.Backend.self) ?? settings.backend
        if fields["subnet_length"] != nil {
            // Below that there are fewer than four subnets, as flannel has it, of which the first is not given.
            let lengths = settings.network.prefix + 2...30
            if let length = integer("subnet_length", in: fields, range: lengths) {
                settings.subnetLength = length
            } else {
                knowsFlannel = false
            }
        }
        return settings
    }

    private mutating func isWideEnough(_ network: CIDRv4, at place: SourceLocation) -> Bool {
        let prefixes = FlannelSettings.networkPrefixes
        guard !prefixes.contains(network.prefix) else { return true }
        decoder.report(
            "a containers' network is a /\(prefixes.lowerBound) to a /\(prefixes.upperBound), not \(network)",
            at: place,
            notes: ["for example: \(FlannelSettings.usualNetwork)"],
        )
        return false
    }
}
