import Terminal
import Testing

@Suite struct FormatTests {
    @Test(arguments: [
        (0, "0 ms"), (850, "850 ms"), (999, "999 ms"), (1000, "1 s"), (1849, "1.8 s"), (1850, "1.9 s"), (9949, "9.9 s"),
        (9950, "10 s"), (42_400, "42 s"), (59_500, "1 min"), (184_000, "3 min 4 s"), (7_500_000, "2 h 5 min"),
        (273_600_000, "3 d 4 h"), (-5, "0 ms"),
    ])
    func durations(milliseconds: Int, expected: String) {
        #expect(Format.duration(.milliseconds(milliseconds)) == expected)
    }

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (536_870_912, "512 MiB"),
            (1_610_612_736, "1.5 GiB"), (10_737_418_240, "10 GiB"), (.max, "8191 PiB"),
        ] as [(Int64, String)]
    )
    func sizes(count: Int64, expected: String) {
        #expect(Format.bytes(count) == expected)
    }

    @Test func counts() {
        #expect(Format.mebibytes(2048) == "2 GiB")
        #expect([0, 1, 2].map { Format.count($0, "node") } == ["0 nodes", "1 node", "2 nodes"])
        #expect(Format.count(2, "proxy", plural: "proxies") == "2 proxies")
    }

    @Test func lists() {
        let words = ["a", "b", "c"]
        #expect((0...3).map { Format.list(Array(words.prefix($0))) } == ["", "a", "a and b", "a, b and c"])
        #expect(Format.list(words, conjunction: "or") == "a, b or c")
    }
}
