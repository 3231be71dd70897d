import Basics

/// A drawing in SVG that needs nothing from elsewhere, and follows the reader's choice of dark or light.
///
/// https://www.w3.org/TR/SVG2/
struct SVG {
    /// Names of the classes that elements may have.
    private static let style = """
        text{font:12px system-ui,sans-serif;fill:#1f2328}
        .head{font-size:15px;font-weight:600}.name{font-weight:600}.dim{fill:#59636e;font-size:11px}
        .box{fill:#fff;stroke:#8c959f}.good{stroke:#1a7f37;stroke-width:2}.busy{stroke:#9a6700;stroke-width:2}
        .bad{stroke:#cf222e;stroke-width:2}.group{fill:#f6f8fa;stroke:#d1d9e0}
        .edge{fill:none;stroke:#8c959f}.weak{stroke-dasharray:4 3}.tip{fill:#8c959f}.paper{fill:#fff}
        .bar{fill:#54aeff}.on{fill:#0969da}.wrong{fill:#cf222e}.phase{fill:#fff;fill-opacity:.35}.tick{stroke:#d1d9e0}
        @media (prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9198a1}.box{fill:#161b22;stroke:#6e7681}
        .group{fill:#0d1117;stroke:#30363d}.edge{stroke:#6e7681}.tip{fill:#6e7681}.paper{fill:#010409}.tick{stroke:#30363d}
        .bar{fill:#1f6feb}.on{fill:#79c0ff}}
        """

    private var body: [String] = []
    private let size: (width: Int, height: Int)
    private let title: String

    init(_ title: String, width: Int, height: Int) {
        (self.title, size) = (title, (width, height))
    }

    /// The document, with a final newline.
    var document: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" role="img" width="\(size.width)" height="\(size.height)" \
        viewBox="0 0 \(size.width) \(size.height)">
        <title>\(XMLText.escaped(title, unwritable: .omitted))</title>
        <style>\(Self.style)</style>
        <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
        <path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>
        <rect class="paper" width="100%" height="100%"/>

        """ + body.joined(separator: "\n") + "\n</svg>\n"
    }

    /// A text that begins at the left end, on the line `y`.
    mutating func text(_ text: String, x: Int, y: Int, _ classes: String = "") {
        body.append(
            #"<text\#(Self.named(classes)) x="\#(x)" y="\#(y)">\#(XMLText.escaped(text, unwritable: .omitted))</text>"#
        )
    }

    /// A rectangle, with a text that a pointer over it shows.
    mutating func rectangle(x: Int, y: Int, width: Int, height: Int, _ classes: String, hint: String = "") {
        let shape = #"<rect\#(Self.named(classes)) x="\#(x)" y="\#(y)" width="\#(width)" height="\#(height)" rx="4""#
        body.append(
            hint.isEmpty
                ? shape + "/>" : "\(shape)><title>\(XMLText.escaped(hint, unwritable: .omitted))</title></rect>"
        )
    }

    /// A straight line from the top downwards.
    mutating func tick(x: Int, from top: Int, to bottom: Int) {
        body.append(#"<line class="tick" x1="\#(x)" x2="\#(x)" y1="\#(top)" y2="\#(bottom)"/>"#)
    }

    /// A curved arrow, which leaves and arrives so many pixels to the right of its ends.
    mutating func arrow(
        from: (x: Int, y: Int),
        to: (x: Int, y: Int),
        bends: (from: Int, to: Int),
        _ classes: String,
        hint: String,
    ) {
        let path =
            "M\(from.x) \(from.y)C\(from.x + bends.from) \(from.y) \(to.x + bends.to) \(to.y) \(to.x) \(to.y)"
        let shape = #"<path\#(Self.named(classes)) d="\#(path)" marker-end="url(#tip)""#
        body.append(
            hint.isEmpty
                ? shape + "/>" : "\(shape)><title>\(XMLText.escaped(hint, unwritable: .omitted))</title></path>"
        )
    }

    /// Estimate of a text's width in pixels: what is not known here is the reader's font.
    static func width(of text: String) -> Int { text.count * 7 }

    private static func named(_ classes: String) -> String { classes.isEmpty ? "" : " class=\"\(classes)\"" }
}
