import Locksmith
import Testing

@Suite struct LocksmithArgumentsTests {
    @Test(arguments: [
        ("status", "status"), ("-group worker status", "status --group worker"),
        ("-endpoint=http://127.0.0.1:2379 status", "status --endpoint=http://127.0.0.1:2379"),
        ("-debug -group a lock ID", "lock --debug --group a ID"), ("status -group worker", "status --group worker"),
        ("set-max -1", "set-max -- -1"), ("set-max -12", "set-max -- -12"), ("-version", "--version"), ("", ""),
        ("-endpoint http://a:1", "--endpoint http://a:1"), ("-h", "-h"),
    ])
    func optionsMayPrecedeTheCommand(_ typed: String, _ read: String) {
        let words = typed.split(separator: " ").map(String.init)
        #expect(LocksmithMain.originalStyle(words).joined(separator: " ") == read)
    }
}
