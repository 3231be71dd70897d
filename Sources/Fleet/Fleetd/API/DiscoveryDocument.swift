/// The description of the API for clients that are made from one: Google's discovery format, as the original served it.
enum DiscoveryDocument {
    static let text: String = {
        let own = ["Machine", "MachinePage", "UnitOption", "Unit", "UnitPage", "UnitState", "UnitStatePage"]
        let schemas = own + clusterSchemas
        let resources =
            [
                member("Machines", #"{"methods":{"# + listing("Machine", "machines", []) + "}}"),
                member("Units", #"{"methods":{"# + units + "}}"), member("UnitState", #"{"methods":{"# + states + "}}"),
            ] + clusterResources
        let members = [
            #""kind":"discovery#restDescription","discoveryVersion":"v1","id":"fleet:v1","name":"schema","#,
            #""version":"v1","title":"fleet API","description":"","protocol":"rest","#,
            #""icons":{"x16":"","x32":""},"labels":[],"baseUrl":"$ENDPOINT/fleet/v1/","basePath":"/fleet/v1/","#,
            #""rootUrl":"$ENDPOINT/","servicePath":"fleet/v1/","batchPath":"batch","parameters":{},"auth":{},"#,
            #""schemas":{"# + schemas.map { member($0, schema($0)) }.joined(separator: ",") + "},",
            #""resources":{"# + resources.joined(separator: ",") + "}",
        ]
        return "{" + members.joined() + "}"
    }()

    // MARK: Objects

    private static func schema(_ id: String) -> String {
        let properties = properties(of: id).map { member($0.0, $0.1) }.joined(separator: ",")
        return #"{"id":"\#(id)","type":"object","properties":{\#(properties)}}"#
    }

    private static func properties(of id: String) -> [(String, String)] {
        let state = #"{"type":"string","enum":["inactive","loaded","launched"]}"#
        let map = #"{"type":"object","properties":{},"additionalProperties":{"type":"string"}}"#
        switch id {
        case "Machine": return [("id", string), ("primaryIP", string), ("metadata", map)]
        case "MachinePage": return [("machines", array(of: "Machine")), ("nextPageToken", string)]
        case "UnitOption": return [("section", string), ("name", string), ("value", string)]
        case "Unit":
            return [
                ("name", string), ("options", array(of: "UnitOption")), ("desiredState", state),
                ("currentState", state), ("machineID", #"{"type":"string","required":true}"#),
                ("statusReason", string),
            ]
        case "UnitPage": return [("units", array(of: "Unit")), ("nextPageToken", string)]
        case "UnitState":
            let names = [
                "name", "hash", "machineID", "systemdLoadState", "systemdActiveState", "systemdSubState", "outcome",
                "statusReason",
            ]
            return names.map { ($0, string) }
        case "UnitStatePage": return [("states", array(of: "UnitState")), ("nextPageToken", string)]
        default: return clusterProperties(of: id)
        }
    }

    static let string = #"{"type":"string"}"#

    static func array(of id: String) -> String { #"{"type":"array","items":{"$ref":"\#(id)"}}"# }

    // MARK: Methods

    private static var units: String {
        let item = #""parameters":{"unitName":\#(unitName)},"parameterOrder":["unitName"]"#
        return [
            listing("Unit", "units", []),
            method("Get", "Unit", "One unit.", "GET", "units/{unitName}", item + #","response":{"$ref":"Unit"}"#),
            method("Delete", "Unit", "Destroy a unit.", "DELETE", "units/{unitName}", item),
            method(
                "Set",
                "Unit",
                "Create or change a unit.",
                "PUT",
                "units/{unitName}",
                item + #","request":{"$ref":"Unit"}"#
            ),
        ].joined(separator: ",")
    }

    private static var states: String {
        let item = #""parameters":{"unitName":\#(unitName)},"parameterOrder":["unitName"]"#
        let answer = #","response":{"$ref":"UnitState"}"#
        return [
            method("Get", "UnitState", "The state of one unit.", "GET", "state/{unitName}", item + answer),
            listing("UnitState", "state", ["unitName", "machineID"]),
        ].joined(separator: ",")
    }

    static let unitName = #"{"type":"string","location":"path","required":true}"#

    private static func listing(_ kind: String, _ path: String, _ filters: [String]) -> String {
        let parameters = (["nextPageToken"] + filters).map { member($0, #"{"type":"string","location":"query"}"#) }
        let rest = #""parameters":{\#(parameters.joined(separator: ","))},"response":{"$ref":"\#(kind)Page"}"#
        return method("List", kind, "A page of them.", "GET", path, rest)
    }

    static func method(
        _ name: String,
        _ kind: String,
        _ description: String,
        _ verb: String,
        _ path: String,
        _ rest: String,
    ) -> String {
        let start = #""id":"fleet.\#(kind).\#(name)","description":"\#(description)","httpMethod":"\#(verb)","#
        return member(name, #"{\#(start)"path":"\#(path)",\#(rest)}"#)
    }

    static func member(_ name: String, _ value: String) -> String { #""\#(name)":\#(value)"# }
}
