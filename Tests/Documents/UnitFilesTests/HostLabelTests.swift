import Testing
import UnitFiles

/// Names of units as names of hosts.
@Suite struct HostLabelTests {
    @Test(arguments: [
        ("web.service", ["web"]), ("web@1.service", ["web-1", "web"]), ("web@.service", ["web"]),
        ("My_App.v2@blue:8080.service", ["my-app-v2-blue-8080", "my-app-v2"]), ("_a-.socket", ["a"]),
        ("web.timer", []), ("data.mount", []), ("__.service", []),
        (String(repeating: "a", count: 63) + ".service", [String(repeating: "a", count: 63)]),
        (String(repeating: "a", count: 64) + ".service", []),
    ])
    func labels(unit: String, labels: [String]) throws {
        #expect(try UnitName(unit).hostLabels == labels)
    }
}
