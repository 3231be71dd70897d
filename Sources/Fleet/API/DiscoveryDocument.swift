/// The description of the API for clients that are made from one.
enum DiscoveryDocument {
    static let text =
        #"{"basePath":"/fleet/v1/","id":"fleet:v1","kind":"discovery#restDescription","name":"schema","protocol":"rest","#
        + #""resources":{},"rootUrl":"$ENDPOINT/","schemas":{},"servicePath":"fleet/v1/","title":"fleet API","version":"v1"}"#
}
