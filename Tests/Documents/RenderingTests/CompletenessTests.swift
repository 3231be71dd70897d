import CloudConfig
import Rendering
import Testing

/// No directive is lost in silence: each changes what a node is given, or is named.
@Suite struct CompletenessTests {
    @Test(arguments: Directives.all, NodeFormat.allCases)
    func isSaidOrNamed(directive: Directives.Case, format: NodeFormat) {
        let rendered = render(directive.config, format)
        let bare = render(directive.bare, format)
        let isSaid = rendered.files != bare.files
        let named = rendered.findings.map { Self.withoutBrackets($0.directive) }
        let isNamed = named.contains { directive.name == $0 || directive.name.hasPrefix("\($0).") }
        // Findings have the names of units and users in their brackets.
        let isInBrackets = directive.name.hasSuffix(".name") && rendered.findings != bare.findings
        #expect(
            isSaid || isNamed || isInBrackets,
            "\(format.rawValue) has neither words nor a warning for \(directive.name)"
        )
    }

    /// The table of cases is drawn from the model, so that a key which is added later is asked about too.
    @Test func thereIsACaseForEveryKeyOfTheModel() {
        let names = Set(Directives.all.map(\.name))
        let sections =
            EtcdKey.allCases.count + Etcd2Key.allCases.count + FlannelKey.allCases.count + FleetKey.allCases.count
            + LocksmithKey.allCases.count + OEMKey.allCases.count + UpdateKey.allCases.count
        let fields = CloudConfig.User.fields.count + CloudConfig.File.fields.count + CloudConfig.Unit.fields.count
        #expect(names.count == 3 + sections + fields)
    }

    @Test func whatCoreOSReadsNeedsNoFindings() {
        for directive in Directives.all {
            #expect(render(directive.config, .coreos).findings == [])
        }
    }

    private func render(_ config: CloudConfig, _ format: NodeFormat) -> RenderedNode {
        NodeDescription(config: config, instanceID: "one").rendered(as: format)
    }

    /// `users[core].shell` as `users.shell`.
    private static func withoutBrackets(_ directive: String) -> String {
        var depth = 0
        return directive.reduce(into: "") { text, character in
            if character == "[" { depth += 1 }
            if depth == 0 { text.append(character) }
            if character == "]" { depth -= 1 }
        }
    }
}
