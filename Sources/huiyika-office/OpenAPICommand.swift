import ArgumentParser
import HeadOffice

/// `huiyika-office openapi`: what `make openapi` writes to Docs/openapi.json.
struct OpenAPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "The description of the JSON API (OpenAPI 3.1).")

    func run() throws {
        print(try OfficeWeb.openAPIDocument(), terminator: "")
    }
}
