import ArgumentParser
import Foundation
import SystemPackage
import Testing
import TopologyModel

@testable import SlipwayCommands

/// Names are checked before anything is looked at, made or removed.
@Suite struct NameTests {
    static let odd = [
        "", ".", "..", "...", " ", "a b", "A", "demo.", ".demo", "-demo", "demo-", "1demo", "d\u{e9}mo", "demo\n",
        "demo\u{0}", "$HOME", "*", "~", "a_b", String(repeating: "a", count: 64), "\u{202E}demo", "\u{FF41}",
    ]

    /// Every command that takes a cluster's name, with words for what else it takes.
    static let commands: [[String]] = [
        ["down", "NAME", "--yes"], ["status", "NAME"], ["env", "NAME"], ["smoke", "NAME"], ["ssh-config", "NAME"],
        ["exec", "NAME", "worker-1", "--", "true"], ["ssh", "NAME", "worker-1"], ["logs", "NAME", "worker-1"],
        ["console", "NAME", "worker-1"], ["start", "NAME", "worker-1"], ["stop", "NAME", "worker-1"],
        ["restart", "NAME", "worker-1"], ["render", "NAME", "worker-1"], ["up", "NAME"], ["plan", "NAME"],
        ["scale", "NAME", "worker=1"], ["roll", "NAME"],
        // A node's name alone, and beside a cluster's.
        ["exec", "NAME", "--", "true"], ["ssh", "NAME"], ["logs", "NAME"], ["console", "NAME"], ["start", "NAME"],
        ["stop", "NAME"], ["restart", "NAME"], ["exec", "demo", "NAME", "--", "true"], ["ssh", "demo", "NAME"],
        ["logs", "demo", "NAME"], ["console", "demo", "NAME"], ["stop", "demo", "NAME"],
    ]

    @Test(arguments: commands, odd)
    func oddNamesAreRefused(words: [String], name: String) async throws {
        // What begins with a dash is an option.
        guard !name.hasPrefix("-") else { return }
        let arguments = words.map { $0 == "NAME" ? name : $0 }
        var command = try SlipwayCommand.parseAsRoot(arguments)
        let error = await #expect(throws: InvalidName.self, "\(arguments)") {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        }
        #expect(error?.text == name || name.contains("."), "\(arguments)")
    }

    @Test func aNameSaysWhatIsWrongWithIt() {
        let error = #expect(throws: InvalidName.self) { try ClusterName("..") }
        #expect(error?.description == "'..' is not a cluster name: it must start with a lower-case letter")
        let near = #expect(throws: InvalidName.self) { try ClusterName("Demo_1\n") }
        let expected =
            "'Demo_1\\n' is not a cluster name: it must start with a lower-case letter; did you mean 'demo-1'?"
        #expect(near?.description == expected)
    }
}

/// Where Slipway keeps its own, and who else may look.
@Suite struct SlipwayHomeTests {
    @Test(arguments: ["", "home", "./home", "../home", "~/home", "/a\"b", "/a\\b", "/a$b", "/a\nb"])
    func whatCannotBeMeantIsRefused(text: String) {
        let error = #expect(throws: UserError.self) { try SlipwayHome.path(environment: ["SLIPWAY_HOME": text]) }
        #expect(error?.description.hasPrefix("SLIPWAY_HOME ") == true)
    }

    @Test(arguments: ["/srv/slipway", "/a b", "/100%"])
    func absolutePathsAreTaken(text: String) throws {
        #expect(try SlipwayHome.path(environment: ["SLIPWAY_HOME": text]).string == text)
        #expect(try SlipwayHome.path(environment: [:]).string == "/var/lib/slipway")
    }

    @Test func otherUsersAreKeptOut() throws {
        let home = FilePath(NSTemporaryDirectory()).appending("slipway-home-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: home.string) }
        let clusters = home.appending("clusters").string
        let keys = home.appending("keys").string
        try FileManager.default.createDirectory(
            atPath: clusters,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755],
        )
        try SlipwayHome.protect(home)
        try SlipwayHome.protect(home)
        for path in [clusters, keys, home.appending("images").string] {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700, "\(path)")
        }
    }

    @Test func aUserHasLocksOfTheirOwn() {
        func directory(_ user: UInt32, _ environment: [String: String]) -> String {
            Session.runtimeDirectory(user: user, environment: environment, home: "/home").string
        }
        #expect(directory(0, ["XDG_RUNTIME_DIR": "/run/user/0"]) == "/run/slipway")
        #expect(directory(1000, ["XDG_RUNTIME_DIR": "/run/user/1000", "HOME": "/h"]) == "/run/user/1000/slipway")
        #expect(directory(1000, ["XDG_RUNTIME_DIR": "", "HOME": "/h"]) == "/h/.cache/slipway")
        #expect(directory(1000, [:]) == "/home/slipway")
    }
}
