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
}
