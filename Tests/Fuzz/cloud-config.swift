// instruments: LocatedYAML CloudConfig CloudConfigLoading CloudConfigLinting
import CloudConfig
import CloudConfigLinting
import CloudConfigLoading
import Diagnostics

/// Any text under the header: checking it for anybody ends, what is said of it can be shown, and what loads is written
/// and read back the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = "#cloud-config\n" + fuzzedText(start, count)
    let file = "x.yaml"
    for consumer in Consumer.allCases {
        let findings = consumer.findings(Array(text.utf8), file: file)
        let shown = DiagnosticRenderer().render(findings, sources: [file: text])
        promise(shown.isEmpty == findings.isEmpty, "findings are not shown")
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.count + 1
        promise(findings.allSatisfy { ($0.location?.line ?? 1) <= lines }, "a place is not in the text")
    }
    let (config, diagnostics) = CloudConfigLoader.load(text, file: file, mismatches: .warning)
    guard !diagnostics.hasErrors else { return 0 }
    let rendered = CloudConfigRenderer().render(config)
    let (again, faults) = CloudConfigLoader.load(rendered, file: file, mismatches: .warning)
    promise(!faults.hasErrors, "what was rendered does not load: \(DiagnosticRenderer().render(faults))")
    promise(again == config, "what was rendered is read as another config")
    return 0
}
