import Terminal
import Testing

struct SecretTextTests {
    @Test(arguments: ["PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    func aPrivateKeyBecomesOneLine(kind: String) {
        let text = """
            write_files:
              - content: |
                  -----BEGIN \(kind)-----
                  c2VjcmV0
                  -----END \(kind)-----
                path: /key

            """
        #expect(
            SecretText.redacted(text) == """
                write_files:
                  - content: |
                      (a private key; --secrets shows it)
                    path: /key

                """
        )
    }

    @Test func everythingElseStays() {
        let text = "a\n-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n\nb"
        #expect(SecretText.redacted(text) == text)
    }

    @Test func aKeyOnOneLineGoesToo() {
        let text = #"k: "-----BEGIN PRIVATE KEY-----\nYQ\n-----END PRIVATE KEY-----\n""#
        #expect(!SecretText.redacted(text).contains("YQ"))
    }

    @Test func aKeyWithoutAnEndHidesTheRest() {
        #expect(!SecretText.redacted("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n").contains("c2Vj"))
    }

    @Test(arguments: [
        "Environment=DB_PASSWORD=hunter2", "  passwd: hunter2", #""apiKey": "hunter2","#, "secret_token = 'hunter2'",
        "docker run --db-password hunter2 x", "AWS_SECRET_ACCESS_KEY=hunter2", "mysql --password=hunter2",
        #"password: "a, b hunter2""#, "passwd: correct horse hunter2", #"Environment="DB_PASSWORD=a hunter2""#,
        #"{\"password\":\"a hunter2\"}"#, #"--db-password "a hunter2" x"#, #""auth": "hunter2""#, "DB_PASS=hunter2",
        "MYSQL_PWD=hunter2", "ETCD_DISCOVERY=http://10.0.0.1:8087/6b0f1d0e6b0f1d0e6b0f1d0ehunter2",
        "token: |\n  hunter2\n\n  more hunter2", #"password: "a\"hunter2""#, "password: it's hunter2",
        "curl -H 'Authorization: Bearer hunter2'", "Authorization: hunter2", "https://bob:hunter2@example.org/x",
        #"{"auth_token":"hunter2"}"#, "discovery: https://discovery.etcd.io/6b0f1d0e6b0f1d0e6b0f1d0ehunter2",
    ])
    func whatIsSecretIsNotShared(line: String) {
        let hidden = line.replacing("6b0f1d0e6b0f1d0e6b0f1d0ehunter2", with: "6b0f1d0e6b0f1d0e6b0f1d0e6b0f1d0e")
        let shared = SecretText.shareable("before\n\(hidden)\nafter")
        #expect(!shared.contains("hunter2") && !shared.contains("6b0f1d0e6b0f1d0e"), "\(shared)")
        #expect(shared.hasPrefix("before\n") && shared.hasSuffix("\nafter") && shared.contains("(removed)"))
    }

    @Test(arguments: ["$6$salt$hash", "$y$j9T$salt$hash", "$2b$12$hash"])
    func hashesOfPasswordsAreNotShared(hash: String) {
        let shared = SecretText.shareable("users: [{name: a, hash: \"\(hash)\"}]")
        #expect(shared == "users: [{name: a, hash: \"(removed)\"}]")
    }

    @Test(arguments: [
        "etcd has a quorum", "Nov 29 17:00:01 fleetd[12]: unit a.service is active", "10.71.3.10:2379 is healthy",
        "http://10.71.3.10:2379/v2/keys/a", "Failed password for invalid user", "a token of nothing", "price: $5",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 core@host",
    ])
    func whatIsPlainIsShared(line: String) {
        #expect(SecretText.shareable(line) == line)
    }
}
