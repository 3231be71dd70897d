import Basics
import Crypto

/// Files of the page, compiled in.
struct PageFile: Sendable {
    let bytes: [UInt8]
    let type: String

    /// By path.
    static let all: [String: PageFile] = [
        "/": PageFile(bytes: Array(page.utf8), type: "text/html; charset=utf-8"),
        "/icon.svg": PageFile(bytes: PackageResources.icon_svg, type: "image/svg+xml"),
        "/app.js": PageFile(bytes: Array(script.utf8), type: "text/javascript; charset=utf-8"),
    ]

    /// The page with its styles in it: with the first answer there is all that is needed to paint something.
    private static let page = String(decoding: PackageResources.index_html, as: UTF8.self)
        .replacing(#"<link rel="stylesheet" href="style.css">"#, with: "<style>\(style)</style>")

    private static let style = String(decoding: PackageResources.style_css, as: UTF8.self)

    /// The source of styles that the page has, for its security policy.
    static let styleSource = "'sha256-\(Base64.encode(SHA256.hash(data: Array(style.utf8))))'"

    /// The modules, each after those that it imports.
    private static let script = PageScript.joined(
        [
            ("dom.js", PackageResources.dom_js), ("ring.js", PackageResources.ring_js),
            ("map.js", PackageResources.map_js), ("run.js", PackageResources.run_js),
            ("panel.js", PackageResources.panel_js), ("views.js", PackageResources.views_js),
            ("timeline.js", PackageResources.timeline_js), ("app.js", PackageResources.app_js),
        ].map { ($0, String(decoding: $1, as: UTF8.self)) }
    )
}
