import Images
let store = ImageStore()
do {
    let digest = try await store.ensureRoot(.debian12) { print($0) }
    print(store.path(of: .root, digest: digest))
    let programs = try NodePrograms.locate(near: CommandLine.arguments[0], environment: CommandLine.arguments.count > 1 ? ["SLIPWAY_NODE_PROGRAMS": CommandLine.arguments[1]] : [:])
    let layer = try await store.ensureLayer(NodeLayer(programs: programs)) { print($0) }
    print(store.path(of: .layer, digest: layer))
    for image in try await store.list() { print(image) }
} catch { print(error) }
