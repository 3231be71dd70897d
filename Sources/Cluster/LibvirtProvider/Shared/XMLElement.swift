import Basics

/// An XML element, as far as libvirt's documents need: names, attributes, children, text. No mixed content, no schema.
struct XMLElement: Sendable, Hashable {
    /// The name as written, prefix included.
    var name: String
    var attributes: [Attribute]
    var children: [XMLElement]
    /// The text inside; white space around it is not kept.
    var text: String

    struct Attribute: Sendable, Hashable {
        var name: String
        var value: String
    }

    /// - Parameter attributes: in the order in which they are written; those that are nil are left out.
    init(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:], text: String = "") {
        self.name = name
        self.attributes = attributes.compactMap { pair in pair.value.map { Attribute(name: pair.key, value: $0) } }
        self.text = text
        children = []
    }

    /// - Parameter children: those that are nil are left out.
    init(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:], children: [XMLElement?]) {
        self.init(name, attributes)
        self.children = children.compactMap(\.self)
    }

    /// The name without its prefix.
    var localName: Substring {
        guard let colon = name.firstIndex(of: ":") else { return name[...] }
        return name[name.index(after: colon)...]
    }

    /// The value of an attribute.
    subscript(attribute: String) -> String? {
        attributes.first { $0.name == attribute }?.value
    }

    /// The first child of a name.
    func child(_ name: String) -> XMLElement? {
        children.first { $0.name == name }
    }

    /// The elements found by going down child names.
    func all(_ path: String...) -> [XMLElement] {
        path.reduce([self]) { found, name in found.flatMap(\.children).filter { $0.name == name } }
    }

    /// The first element found by going down child names.
    func first(_ path: String...) -> XMLElement? {
        path.reduce(self) { found, name in found?.child(name) }
    }

    /// The name space that the element itself declares for its prefix.
    var declaredNameSpace: String? {
        guard let colon = name.firstIndex(of: ":") else { return self["xmlns"] }
        return self["xmlns:" + name[..<colon]]
    }
}

// MARK: Writing

extension XMLElement {
    /// The element as text, two spaces an inner level, a line end after it.
    func rendered(indent: String = "") -> String {
        let head = indent + "<" + name + attributes.map { " \($0.name)='\(XMLText.escaped($0.value))'" }.joined()
        guard !children.isEmpty else {
            return text.isEmpty ? head + "/>\n" : "\(head)>\(XMLText.escaped(text))</\(name)>\n"
        }
        return head + ">\n" + children.map { $0.rendered(indent: indent + "  ") }.joined() + "\(indent)</\(name)>\n"
    }
}
