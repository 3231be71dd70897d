import NodeBoot
import Testing

/// Which image a node boots, by its record.
@Suite struct BootRecordTests {
    private static func image(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> BootImage {
        try #require(named(name), sourceLocation: sourceLocation)
    }

    private static func named(_ name: String) -> BootImage? {
        BootImage(root: "\(name)-root", layer: "\(name)-layer")
    }

    private func record(trying new: String = "new") throws -> BootRecord {
        var record = BootRecord([.init(try Self.image("old"), config: "c1")], filesRoot: "old-root")
        _ = record.boot(at: 1)
        record.want(
            .init(try Self.image(new), trial: .init(within: 300), config: "c2", previous: "old-root"),
            fallback: .init(try Self.image("old"), config: "c1", previous: "older")
        )
        return record
    }

    @Test func aNewImageHasOneBoot() throws {
        var record = try record()
        #expect(record.next?.image == Self.named("new"))
        let entry2 = record.boot(at: 2)
        #expect(entry2?.trial?.within == 300)
        #expect(record.isOnTrial && record.fallback == Self.named("old"))
        // It ends, whyever, and is not tried again.
        let entry3 = record.boot(at: 3)
        #expect(entry3?.image == Self.named("old"))
        #expect(!record.isOnTrial && record.entries.count == 1)
        #expect(record.retreat?.image == Self.named("new"))
        #expect(record.retreat?.reason == "it ended before the node was well")
        #expect(record.retreat?.time == 3)
        let entry4 = record.boot(at: 4)
        #expect(entry4?.image == Self.named("old"))
        #expect(record.retreat?.time == 3)
    }

    @Test func aNodeThatIsWellStays() throws {
        var record = try record()
        _ = record.boot(at: 2)
        record.succeed()
        #expect(record.entries.map(\.image) == [Self.named("new")] && record.entries.allSatisfy(\.isGood))
        let entry3 = record.boot(at: 3)
        #expect(entry3?.image == Self.named("new"))
        #expect(record.retreat == nil)
    }

    @Test func whatItSaysOfABadImageIsKept() throws {
        var record = try record()
        _ = record.boot(at: 2)
        record.giveUp(at: 5, because: "etcd2.service\nis\u{9B}failed")
        _ = record.boot(at: 6)
        #expect(record.booted == Self.named("old"))
        #expect(record.retreat?.reason == "etcd2.service is failed")
        #expect(record.retreat?.time == 5)
    }

    /// An image that is good is not given up, whatever somebody says.
    @Test func aGoodImageIsNotGivenUp() throws {
        var record = BootRecord([.init(try Self.image("old"))])
        _ = record.boot(at: 1)
        let before = record
        record.giveUp(at: 2, because: "no")
        record.succeed()
        #expect(record == before)
    }

    /// That its host takes it off meanwhile is none of the image's doing.
    @Test func aTrialThatIsCutShortBeginsAnew() throws {
        var record = try record()
        _ = record.boot(at: 2)
        record.want(.init(try Self.image("new"), config: "c3"))
        let entry3 = record.boot(at: 3)
        #expect(entry3?.image == Self.named("new"))
        #expect(record.isOnTrial && record.current?.config == "c3")
        // Given the old one for good, it is on no trial any more.
        record.want(.init(try Self.image("old"), config: "c1"))
        let entry4 = record.boot(at: 4)
        #expect(entry4?.image == Self.named("old"))
        #expect(!record.isOnTrial && record.retreat == nil)
    }

    @Test func aStagedImageIsBootedNextAndOnlyOnce() throws {
        var record = BootRecord([.init(try Self.image("old"))])
        _ = record.boot(at: 1)
        record.stage(.init(try Self.image("new"), trial: .init(within: 60), config: "c2"))
        #expect(record.fallback == nil)
        let entry2 = record.boot(at: 2)
        #expect(entry2?.image == Self.named("new"))
        #expect(record.fallback == Self.named("old"))
        let entry3 = record.boot(at: 3)
        #expect(entry3?.image == Self.named("old"))
        let before = record
        record.stage(.init(try Self.image("old"), trial: .init(within: 60)))
        #expect(record == before)
    }

    @Test func withoutAnyImageThereIsNoChoice() throws {
        var record = BootRecord([.init(try Self.image("new"), trial: .init(tries: 0, within: 60))])
        let entry1 = record.boot(at: 1)
        #expect(entry1 == nil)
        #expect(record.booted == nil)
    }

    // MARK: Text

    @Test func aRecordIsReadAsItWasWritten() throws {
        var record = try record()
        #expect(BootRecord(record.text) == record)
        _ = record.boot(at: 2)
        #expect(BootRecord(record.text) == record)
        record.giveUp(at: 1_795_000_000, because: "not well within 300 s: probe.service ran before  and has failed")
        #expect(BootRecord(record.text) == record)
        _ = record.boot(at: 7)
        record.filesRoot = BootRecord.between
        #expect(BootRecord(record.text) == record)
        #expect(BootRecord("later words\n" + record.text) == record)
    }

    @Test(arguments: [
        "image ../../etc x\n", "image a\n", "image a b tries=x within=3\n", "image a b tries=1\n",
        "image a b tries=1 within=0\n", "booted a\n", "booted a b/c\n", "files a/b\n", "left a b soon it failed\n",
        "left a b 12\n",
    ])
    func whatIsNoRecordIsNotTakenForOne(text: String) {
        #expect(BootRecord(text) == nil)
    }
}
