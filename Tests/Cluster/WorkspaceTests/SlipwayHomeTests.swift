import Foundation
import SystemPackage
import TestKit
import Testing

@testable import Workspace

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

    @Test func whoMayNotWriteThereHasAHomeOfTheirOwn() throws {
        func home(_ environment: [String: String]) throws -> String {
            try SlipwayHome.path(environment: environment, mayUseStandard: false).string
        }
        #expect(try home(["HOME": "/home/dev"]) == "/home/dev/.local/share/slipway")
        #expect(try home(["HOME": "/home/dev", "XDG_DATA_HOME": "/data"]) == "/data/slipway")
        #expect(try home(["HOME": "/home/dev", "XDG_DATA_HOME": "data"]) == "/home/dev/.local/share/slipway")
        #expect(try home(["HOME": "/home/dev", "SLIPWAY_HOME": "/srv/slipway"]) == "/srv/slipway")
        #expect(try home([:]) == "/var/lib/slipway")
    }

    @Test func otherUsersAreKeptOut() throws {
        let temporary = try TemporaryDirectory()
        let home = temporary.filePath.appending("home")
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

    /// `sudo SLIPWAY_HOME=~/.local/share/slipway slipway image build --vm`, which a user without root is told to run.
    @Test func whatRootMakesInAUsersHomeIsTheUsers() throws {
        let temporary = try TemporaryDirectory()
        let home = temporary.filePath.appending("home")
        try FileManager.default.createDirectory(
            atPath: home.string,
            withIntermediateDirectories: true,
            attributes: [.ownerAccountID: 1234, .groupOwnerAccountID: 1234],
        )
        try SlipwayHome.protect(home)
        for name in ["images", "keys", "snapshots"] {
            let path = home.appending(name).string
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int == 1234, "\(path)")
        }
    }

    @Test func aUserHasLocksOfTheirOwn() {
        func directory(_ user: UInt32, _ environment: [String: String]) -> String {
            HostWorkspace.runtimeDirectory(user: user, environment: environment, home: "/home").string
        }
        #expect(directory(0, ["XDG_RUNTIME_DIR": "/run/user/0"]) == "/run/slipway")
        #expect(directory(1000, ["XDG_RUNTIME_DIR": "/run/user/1000", "HOME": "/h"]) == "/run/user/1000/slipway")
        #expect(directory(1000, ["XDG_RUNTIME_DIR": "", "HOME": "/h"]) == "/h/.cache/slipway")
        #expect(directory(1000, [:]) == "/home/slipway")
    }
}
