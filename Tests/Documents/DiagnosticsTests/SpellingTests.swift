import Diagnostics
import Testing

@Suite struct SpellingTests {
    private static let keys = [
        "count", "cpus", "disk", "etcd", "machine_ttl", "memory", "metadata", "registry_mirrors",
    ]

    @Test(arguments: [
        ("coutn", "count"), ("Count", "count"), ("cont", "count"), ("cpu", "cpus"), ("mem", nil), ("memroy", "memory"),
        ("machine-ttl", "machine_ttl"), ("machineTTL", "machine_ttl"), ("registry_mirror", "registry_mirrors"),
        ("ectd", "etcd"), ("zzz", nil), ("", nil),
    ])
    func findsWhatWasMeant(word: String, nearest: String?) {
        #expect(Spelling.nearest(to: word, among: Self.keys) == nearest)
    }

    @Test func tiesGoToTheFirstByName() {
        #expect(Spelling.nearest(to: "bar", among: ["baz", "bat", "car"]) == "bat")
    }

    @Test func noCandidatesNoAnswer() {
        #expect(Spelling.nearest(to: "x", among: [String]()) == nil)
    }
}
