/// Schemas that the original's API does not have: drained machines, rebalancing, updates, waiting for changes.
extension DiscoveryDocument {
    static let clusterSchemas = ["Changes", "Drains", "Rebalance", "Update", "UpdateList", "UpdateRequest"]

    static func clusterProperties(of id: String) -> [(String, String)] {
        let texts = #"{"type":"array","items":{"type":"string"}}"#
        switch id {
        case "Changes": return [("revision", #"{"type":"string","format":"int64"}"#)]
        case "Drains": return [("machines", texts)]
        case "Rebalance": return [("mode", #"{"type":"string","enum":["off","once","automatic"]}"#)]
        case "Update":
            let phase = #"{"type":"string","enum":["rolling","rollingBack","done","rolledBack","stopped"]}"#
            return [
                ("name", string), ("phase", phase), ("hash", string), ("reason", string), ("current", string),
                ("waiting", texts), ("updated", texts),
            ]
        case "UpdateList": return [("updates", array(of: "Update"))]
        default:
            let number = #"{"type":"integer","format":"int32"}"#
            return [
                ("options", array(of: "UnitOption")), ("settleSeconds", number), ("timeoutSeconds", number),
                ("abort", #"{"type":"boolean"}"#),
            ]
        }
    }

    static var clusterResources: [String] {
        [
            resource("Changes", changes), resource("Drains", drains), resource("Rebalance", rebalance),
            resource("Updates", updates),
        ]
    }

    private static func resource(_ name: String, _ methods: [String]) -> String {
        member(name, #"{"methods":{"# + methods.joined(separator: ",") + "}}")
    }

    private static var changes: [String] {
        let purpose = "Wait for a change since a revision."
        let range =
            #""parameters":{"since":{"type":"string","format":"int64","location":"query"},"#
            + #""wait":{"type":"integer","format":"int32","location":"query"}},"#
        return [method("Wait", "Changes", purpose, "GET", "changes", range + answer("Changes"))]
    }

    private static var drains: [String] {
        let item = parameter("machineID")
        return [
            method("List", "Drains", "The machines that are being drained.", "GET", "drains", answer("Drains")),
            method("Set", "Drains", "Drain a machine.", "PUT", "drains/{machineID}", item),
            method("Delete", "Drains", "Let a machine take units again.", "DELETE", "drains/{machineID}", item),
        ]
    }

    private static var rebalance: [String] {
        let whole = #""request":{"$ref":"Rebalance"}"#
        return [
            method("Get", "Rebalance", "How units are rebalanced.", "GET", "rebalance", answer("Rebalance")),
            method("Set", "Rebalance", "Rebalance units.", "PUT", "rebalance", whole),
        ]
    }

    private static var updates: [String] {
        let item = parameter("unitName")
        let request = item + #","request":{"$ref":"UpdateRequest"}"#
        let one = item + "," + answer("Update")
        return [
            method("List", "Update", "All updates.", "GET", "updates", answer("UpdateList")),
            method("Get", "Update", "How far an update has come.", "GET", "updates/{unitName}", one),
            method("Set", "Update", "Begin or abort an update.", "PUT", "updates/{unitName}", request),
            method("Delete", "Update", "Forget an update that is over.", "DELETE", "updates/{unitName}", item),
        ]
    }

    private static func answer(_ schema: String) -> String { #""response":{"$ref":"\#(schema)"}"# }

    private static func parameter(_ name: String) -> String {
        #""parameters":{"\#(name)":\#(unitName)},"parameterOrder":["\#(name)"]"#
    }
}
