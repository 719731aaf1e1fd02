extension QRSymbol {
    /// The symbol as an SVG document, one unit a module, with its quiet zone; it scales without loss.
    ///
    /// The colours are attributes, not styles, so that it shows under a strict content policy.
    ///
    /// - Parameter title: what a screen reader says.
    public func svg(title: String) -> String {
        let side = width + 2 * Self.quietZone
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                guard isDark(column: column, row: row) else {
                    column += 1
                    continue
                }
                var end = column
                while isDark(column: end, row: row) { end += 1 }
                path += "M\(column + Self.quietZone) \(row + Self.quietZone)h\(end - column)v1H"
                path += "\(column + Self.quietZone)z"
                column = end
            }
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" role="img" \
            shape-rendering="crispEdges"><title>\(SlipHTML.escaped(title))</title>\
            <path d="M0 0h\(side)v\(side)H0z" fill="#fff"/><path d="\(path)" fill="#000"/></svg>
            """
    }
}
