import ArgumentParser
import Basics
import TestKit
import Testing

@testable import Flannel

/// Options and environment, as the original's users know them.
@Suite struct FlanneldCommandTests {
    private func settings(_ words: [String], _ environment: [String: String] = [:]) throws -> FlannelDaemon.Settings {
        let command = try FlanneldCommand.parse(FlanneldCommand.originalStyle(words))
        return try FlanneldOptions(command, environment).settings()
    }

    @Test func helpIsAsItWas() throws {
        let pages = HelpPages.of(FlanneldCommand.self)
        for page in pages { try Golden.expect(page.text, "help/\(page.file)") }
        try Golden.expectFiles(pages.map(\.file), in: "help")
    }

    @Test func optionsHaveOneDashOrTwo() throws {
        let words = ["-iface=eth1", "--public-ip", "10.71.3.2", "-ip-masq", "-subnet-file=/x"]
        let read = try settings(words)
        #expect(read.interface == "eth1")
        #expect(read.publicIP?.description == "10.71.3.2")
        #expect(read.masquerades)
        #expect(read.subnetFile == "/x")
        #expect(try !settings(["-ip-masq=false"], ["FLANNELD_IP_MASQ": "true"]).masquerades)
    }

    @Test func theEnvironmentIsThatOfCloudConfig() throws {
        let environment = ["FLANNELD_IFACE": "10.71.3.2", "FLANNELD_IP_MASQ": "true", "FLANNELD_SUBNET_FILE": ""]
        let read = try settings([], environment)
        #expect(read.interface == "10.71.3.2")
        #expect(read.masquerades)
        #expect(read.subnetFile == "/run/flannel/subnet.env")
    }

    @Test(arguments: [
        ("PUBLIC_IP", "here", "no IPv4 address"), ("IP_MASQ", "perhaps", "neither true nor false"),
        ("NETWORK_CONFIG", "{}", "\"Network\" is missing"),
    ])
    func whatCannotBeIsSaid(name: String, value: String, part: String) throws {
        let error = #expect(throws: FlannelError.self) { try settings([], ["FLANNELD_\(name)": value]) }
        #expect(error?.description.contains(part) == true)
    }

    @Test(arguments: [
        (["FLANNELD_ETCD_USERNAME": "me"], "use a certificate"),
        (["FLANNELD_ETCD_CAFILE": "/ca.pem"], "is missing beside the other two"),
    ])
    func whatIsNotSpokenIsSaid(environment: [String: String], part: String) throws {
        let command = try FlanneldCommand.parse([])
        let error = #expect(throws: FlannelError.self) { try FlanneldOptions(command, environment).registry() }
        #expect(error?.description.contains(part) == true)
    }
}
