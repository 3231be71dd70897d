import Testing

/// Everything that runs real nodes: one test at a time in a sandbox, for each looks at all of it. Scripts/test gives
/// several sandboxes a test each.
@Suite(.serialized)
enum RealNodes {}
