import Testing
import UnitFiles

@Suite struct UnitNameTests {
    @Test(arguments: [
        "hello.service", "a@1.service", "a@.service", "a@b@c.service", ".service", "foo..service", "x:y_z-\\x20.mount",
        "a.timer", "a@x.timer", "n.busname",
    ])
    func accepts(name: String) throws {
        #expect(try UnitName(name).full == name)
    }

    @Test(arguments: [
        ("", UnitNameError.Fault.empty),
        ("hello", .noSuffix),
        ("hello.", .noSuffix),
        ("hello.servic", .unknownSuffix("servic")),
        ("@1.service", .startsWithAt),
        ("a@1.mount", .notATemplateSuffix("mount")),
        ("a b.service", .character(" ")),
        ("a/b.service", .character("/")),
        ("é.service", .character("é")),
        (String(repeating: "a", count: 249) + ".service", .tooLong),
    ])
    func refuses(name: String, fault: UnitNameError.Fault) {
        #expect(throws: UnitNameError(name: name, fault: fault)) { try UnitName(name) }
    }

    @Test func longestName() throws {
        let name = String(repeating: "a", count: 248) + ".service"
        #expect(try UnitName(name).full.utf8.count == 256)
    }

    @Test func partsOfAnInstance() throws {
        let name = try UnitName("web@8080.x.service")
        #expect(name.stem == "web@8080.x")
        #expect(name.suffix == "service")
        #expect(name.prefix == "web")
        #expect(name.instance == "8080.x")
        #expect(name.isInstance && !name.isTemplate)
        #expect(name.template?.full == "web@.service")
    }

    @Test func partsOfATemplate() throws {
        let name = try UnitName("web@.service")
        #expect(name.isTemplate && !name.isInstance)
        #expect(name.template == nil)
        #expect(try name.instance("1").full == "web@1.service")
    }

    @Test func partsOfAPlainName() throws {
        let name = try UnitName("web.service")
        #expect(name.prefix == "web")
        #expect(name.instance == nil)
        #expect(name.template == nil)
    }

    @Test(arguments: [
        ("hello", "hello.service"), ("hello.service", "hello.service"), ("units/hello.timer", "hello.timer"),
        ("/a/b/hello", "hello.service"), ("hello.target", "hello.target.service"), ("a@1", "a@1.service"),
        ("redis-5.0", "redis-5.0.service"),
    ])
    func completes(typed: String, name: String) {
        #expect(UnitName.completed(typed) == name)
    }

    @Test(arguments: [
        ("%n %N %p %i", "a@b.service a@b a b"), ("%%n", "%a@b.service"), ("%x", "%x"), ("plain", "plain"),
        ("%p@*.service", "a@*.service"),
    ])
    func specifiers(text: String, expanded: String) throws {
        #expect(try UnitName("a@b.service").expandingSpecifiers(in: text) == expanded)
    }
}
