import Testing
import WebSupport

@Suite struct PageTests {
    @Test func `the shared templates, words and assets fit together`() throws {
        let pages = try Pages(folders: [])
        #expect(pages.lint() == [])
        let keys =
            RequestRefusal.examples.map(\.wordKey) + StaffPasswordRefusal.allCases.map(\.wordKey)
        #expect(pages.languages.missingKeys(among: keys) == [])
    }
}
