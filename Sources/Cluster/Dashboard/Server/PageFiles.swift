/// Files of the page, compiled in.
struct PageFile: Sendable {
    let bytes: [UInt8]
    let type: String

    /// By path.
    static let all: [String: PageFile] = [
        "/": PageFile(bytes: PackageResources.index_html, type: "text/html; charset=utf-8"),
        "/style.css": PageFile(bytes: PackageResources.style_css, type: "text/css; charset=utf-8"),
        "/icon.svg": PageFile(bytes: PackageResources.icon_svg, type: "image/svg+xml"),
        "/app.js": script(PackageResources.app_js),
        "/dom.js": script(PackageResources.dom_js),
        "/map.js": script(PackageResources.map_js),
        "/ring.js": script(PackageResources.ring_js),
        "/panel.js": script(PackageResources.panel_js),
        "/run.js": script(PackageResources.run_js),
        "/views.js": script(PackageResources.views_js),
        "/timeline.js": script(PackageResources.timeline_js),
    ]

    private static func script(_ bytes: [UInt8]) -> PageFile {
        PageFile(bytes: bytes, type: "text/javascript; charset=utf-8")
    }
}
