import Testing
import UnitFiles

@Suite struct GlobTests {
    @Test(arguments: [
        ("abc", "abc"), ("*", "abc"), ("*", ""), ("*c", "abc"), ("a*", "a"), ("a*", "abc"), ("a*/b", "abc/b"),
        ("a*b*c*d*e*/f", "axbxcxdxe/f"), ("a*b?c*x", "abxbbxdbxebxczzx"), ("ab[c]", "abc"), ("ab[b-d]", "abc"),
        ("ab[^e-g]", "abc"), ("a\\*b", "a*b"), ("a?b", "a☺b"), ("a[^a]b", "a☺b"), ("[a-ζ]*", "α"), ("[\\]a]", "]"),
        ("[\\-]", "-"), ("[x\\-]", "x"), ("*x", "xxx"), ("web@*.service", "web@1.service"), ("[^x]b", "/b"),
    ])
    func matches(pattern: String, text: String) {
        #expect(Glob(pattern).matches(text))
    }

    @Test(arguments: [
        ("a*", "ab/c"), ("a*/b", "a/c/b"), ("a*b?c*x", "abxbbxdbxebxczzy"), ("ab[e-g]", "abc"), ("ab[^c]", "abc"),
        ("a\\*b", "ab"), ("a?b", "a/b"), ("a*b", "a/b"), ("*[^x]*b", "a/cb"), ("[c-a]", "b"), ("", "a"), ("a", ""),
    ])
    func doesNotMatch(pattern: String, text: String) {
        #expect(!Glob(pattern).matches(text))
        #expect(!Glob(pattern).isMalformed)
    }

    @Test(arguments: ["[", "[]a]", "[-]", "[x-]", "[-x]", "[a-b-c]", "[^", "[^bc", "a[", "a\\", "[a-]b", "[\\"])
    func malformed(pattern: String) {
        #expect(Glob(pattern).isMalformed)
        #expect(!Glob(pattern).matches("a"))
    }

    @Test func literals() {
        #expect(Glob("a.service").literal == "a.service")
        #expect(Glob("a\\*.service").literal == "a*.service")
        #expect(Glob("a@*.service").literal == nil)
        #expect(Glob("a@*.service").literalPrefix == "a@")
    }
}
