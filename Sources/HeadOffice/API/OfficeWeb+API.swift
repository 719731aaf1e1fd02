extension OfficeWeb {
    /// The description of the JSON API (OpenAPI 3.1): what `Docs/openapi.json` holds.
    public static func openAPIDocument() throws -> String {
        try OpenAPIDocument.text(OfficeAPI.endpoints)
    }
}
