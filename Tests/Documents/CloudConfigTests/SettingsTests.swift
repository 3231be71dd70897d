import Basics
import CloudConfig
import Testing

@Suite struct SettingsTests {
    @Test func theEnvironmentIsInTheOrderOfTheTable() {
        let settings: Settings<Etcd2Key> = [
            .walDir: "/w", .name: "a", .debug: false, .maxWALs: 0, .dataDir: "", .electionTimeout: 1000,
            .strictReconfigCheck: true,
        ]
        #expect(
            settings.environment.map(\.unitLine) == [
                #"Environment="ETCD_ELECTION_TIMEOUT=1000""#, #"Environment="ETCD_NAME=a""#,
                #"Environment="ETCD_STRICT_RECONFIG_CHECK=true""#, #"Environment="ETCD_WAL_DIR=/w""#,
            ]
        )
        #expect(Settings<FleetKey>().environment.dropIn == nil)
    }

    @Test func theNamesThatDoNotFollowTheRule() {
        #expect(FlannelKey.interface.environmentName == "FLANNELD_IFACE")
        #expect(EtcdKey.snapshotCount.environmentName == "ETCD_SNAPSHOTCOUNT")
        #expect(LocksmithKey.windowStart.environmentName == "REBOOT_WINDOW_START")
        #expect(UpdateKey.rebootStrategy.environmentName == "REBOOT_STRATEGY")
        #expect(FleetKey.etcdCAFile.environmentName == "FLEET_ETCD_CAFILE")
    }

    @Test func theTablesAreWhole() {
        #expect(Etcd2Key.allCases.count == 41)
        #expect(FleetKey.allCases.count == 17)
        #expect(FlannelKey.allCases.count == 11)
        #expect(LocksmithKey.allCases.count == 9)
        #expect(EtcdKey.allCases.count == 49)
    }

    @Test(arguments: [
        (#"a "b" %H"#, #"Environment="N=a \"b\" %H""#), ("%%H 5% %2F%", #"Environment="N=%%H 5%% %%2F%%""#),
        (#"c:\x"#, #"Environment="N=c:\\x""#),
        ("a\nb\tc", #"Environment="N=a\nb\tc""#), ("$HOME", #"Environment="N=$HOME""#),
        ("\u{1}", #"Environment="N=\x01""#),
        ("é", #"Environment="N=é""#),
    ])
    func unitLinesAreEscaped(value: String, line: String) {
        #expect(EnvironmentVariable(name: "N", value: value).unitLine == line)
    }

    @Test(arguments: [("10.0.0.1", "N=10.0.0.1"), ("a b", "N=\"a b\""), ("a\"$b", #"N="a\"\$b""#), ("", "N=")])
    func fileLinesAreEscaped(value: String, line: String) {
        #expect(EnvironmentVariable(name: "N", value: value).fileLine == line)
    }

    @Test(arguments: [
        (0.000001, "1e-06"), (0.9999999, "0.9999999"), (1, "1"), (1_000_000, "1e+06"), (100_000, "100000"),
        (123_456_789, "1.23456789e+08"), (0.0001, "0.0001"), (2.5, "2.5"), (-1.5, "-1.5"), (0, "0"), (1e100, "1e+100"),
    ])
    func doublesLookLikeGos(number: Double, text: String) {
        #expect(SettingValue.double(number).description == text)
    }

    @Test func mergingLetsTheSecondOneSpeak() {
        var base = CloudConfig(hostname: "a", sshAuthorizedKeys: ["k1"])
        base.coreos.etcd2 = [.name: "a", .debug: true]
        base.coreos.units = [
            CloudConfig.Unit(name: "x.service", content: "1", dropIns: [.init(name: "d", content: "1")])
        ]
        var own = CloudConfig(sshAuthorizedKeys: ["k1", "k2"], writeFiles: [CloudConfig.File(path: "/x")])
        own.coreos.etcd2 = [.name: "b"]
        own.coreos.units = [
            CloudConfig.Unit(name: "y.service"),
            CloudConfig.Unit(
                name: "x.service",
                enable: true,
                command: .start,
                dropIns: [.init(name: "d", content: "2")]
            ),
        ]
        let merged = base.merging(own)
        #expect(merged.hostname == "a")
        #expect(merged.sshAuthorizedKeys == ["k1", "k2"])
        #expect(merged.coreos.etcd2 == [.name: "b", .debug: true])
        #expect(
            merged.coreos.units == [
                CloudConfig.Unit(
                    name: "x.service",
                    enable: true,
                    content: "1",
                    command: .start,
                    dropIns: [.init(name: "d", content: "2")]
                ),
                CloudConfig.Unit(name: "y.service"),
            ]
        )
        #expect(CloudConfig().merging(base) == base)
    }
}

@Suite struct PackingTests {
    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
    func base64ComesBack(text: String) throws {
        #expect(try Base64.decode(Base64.encode(text.utf8).utf8) == Array(text.utf8))
    }

    @Test(arguments: ["Zg", "Z===", "Zm9v!A==", "=Zg=", "Zm 9"])
    func badBase64IsRefused(text: String) {
        #expect(throws: Base64.Corrupt.self) { try Base64.decode(text.utf8) }
    }

    /// Made by gzip: fixed codes, nothing, a stored block.
    @Test(arguments: [
        ("H4sIAAAAAAACA8tIzcnJBwCGphA2BQAAAA==", "hello"),
        ("H4sIAAAAAAAAAwMAAAAAAAAAAAA=", ""),
        ("H4sIAAAAAAAEAwEFAPr/aGVsbG+GphA2BQAAAA==", "hello"),
    ])
    func gzipIsUnpacked(packed: String, text: String) throws {
        #expect(String(decoding: try Gzip.decompress(Base64.decode(packed.utf8)), as: UTF8.self) == text)
    }

    @Test func codesOfTheFilesOwnAndLongMatchesAreUnpacked() throws {
        let packed = """
            H4sIAAAAAAACA8vJzEtVMFDIT1MoyUhVSMvMSdVRKM8syVAozs9NVSjPL0op5soBqTEnQo0xEWoMibHMjAg1
            RkSosSRCjSkxjiZCjQURakyIUDMaGaORMRoZo5ExGhmjkTFcIwMASVjQP3YIAAA=
            """
        let text = (0..<60).map { "line \($0 * 7 % 11) of the file, with some words\n" }.joined()
        #expect(String(decoding: try Gzip.decompress(Base64.decode(packed.utf8)), as: UTF8.self) == text)
    }

    @Test func whatIsCutShortOrChangedIsRefused() throws {
        let packed = try Base64.decode("H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA==".utf8)
        for count in 0..<packed.count {
            #expect(throws: PackingError.self) { try Gzip.decompress(Array(packed.prefix(count))) }
        }
        for index in 10..<packed.count {
            var broken = packed
            broken[index] ^= 0x10
            // The bits after the end of the last block belong to nobody.
            let content = try? Gzip.decompress(broken)
            #expect(content == nil || content == Array("hello".utf8))
        }
    }
}
