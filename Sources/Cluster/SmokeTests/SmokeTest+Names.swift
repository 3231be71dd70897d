import Basics
import Planning
import Provisioning
import UnitFiles

extension SmokeTest {
    /// Every node asks for the names of all nodes and of a unit, where the cluster has names.
    ///
    /// - Returns: which nodes are left out, if any.
    func checkNames(say: @escaping @Sendable (String) -> Void) async throws -> String? {
        let domains = try await eachNode { node in
            let look = """
                systemctl show --property=Environment --value fleet.service |
                    tr ' ' '\\n' | sed -n 's/^FLEET_NAMES_DOMAIN=//p'
                """
            return try await run(look, on: node, limit: .seconds(15), failure: "looking for names failed").trimmed
        }
        let asking = domains.filter { !$0.said.isEmpty }
        guard let domain = asking.first?.said else {
            throw SmokeInapplicable(reason: "the topology does not ask for names")
        }
        let unit = try unit("name")
        try await withUnits([unit]) {
            say("waiting for a unit")
            let seen = try await expect("the unit does not become active", units: [unit]) { seen in
                seen.units[unit.name]?.states.values.contains("active") == true
            }
            let place = seen.units[unit.name]?.states.first { $0.value == "active" }?.key
            guard let address = nodes.first(where: { machineID($0) == place })?.address else {
                throw SmokeFailure(message: "\(unit.name) is active on a machine that is no node: \(place ?? "none")")
            }
            say("every node asks for the names of all")
            var wanted = try UnitName(unit.name).hostLabels.map { ("\($0).\(domain)", "\(address)") }
            for (node, _) in asking {
                if let own = node.address { wanted.append(("\(node.name).\(domain)", "\(own)")) }
            }
            try await resolve(wanted, on: asking.map(\.node))
        }
        let others = nodes.filter { node in !asking.contains { $0.node.name == node.name } }.map(\.name)
        return others.isEmpty ? nil : "without a part in it: \(others.naturallySorted().joined(separator: ", "))"
    }

    /// Names are there a moment after what they are names of.
    private func resolve(_ wanted: [(name: String, address: String)], on nodes: [ObservedNode]) async throws {
        let pairs = wanted.map { "\($0.name)=\($0.address)" }.joined(separator: " ")
        let ask = """
            for pair in \(pairs); do
                name=${pair%%=*} address=${pair#*=}
                for i in $(seq 20); do
                    found=$(getent ahostsv4 "$name" | awk 'NR == 1 { print $1 }')
                    [ "$found" = "$address" ] && continue 2
                    sleep 0.25
                done
                echo "$name leads to ${found:-nothing}, and is at $address"
                exit 1
            done
            """
        _ = try await eachNode(nodes) { node in
            try await run(ask, on: node, limit: .seconds(60), failure: "it does not find all by their names")
        }
    }
}
