import Mustache

/// Notes names that a template asks for and the view does not have.
///
/// Mustache renders an unknown name as nothing; a page about money must not. Each node of the
/// view reports a miss; a name that is then found further out the stack takes the report back.
final class MissingNames {
    private(set) var names: [String] = []
    private var pending: String?

    func missed(_ name: String, isOutermost: Bool) {
        if pending != name { settle() }
        pending = isOutermost ? nil : name
        if isOutermost { note(name) }
    }

    func found(_ name: String) {
        if pending != name { settle() }
        pending = nil
    }

    func settle() {
        if let pending { note(pending) }
        pending = nil
    }

    private func note(_ name: String) {
        if !names.contains(name) { names.append(name) }
    }
}

/// A view's value as a tree that Mustache walks, made by reflection from plain Swift structs.
struct ViewNode: MustacheParent, MustacheCustomRenderable {
    let fields: [String: Any]
    let renderText: String
    let missing: MissingNames
    let isOutermost: Bool
    var isNull: Bool { false }

    func child(named name: String) -> Any? {
        guard let value = fields[name] else {
            missing.missed(name, isOutermost: isOutermost)
            return nil
        }
        missing.found(name)
        return value
    }

    /// The tree for any value: structs become nodes, nil becomes a null that hides outer names.
    static func make(_ value: Any, missing: MissingNames) -> Any {
        switch value {
        case is String, is Substring, is Bool, is any FixedWidthInteger, is WordsNode,
            is AssetNode:
            return value
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            return mirror.children.first.map { make($0.value, missing: missing) } ?? ViewNull()
        case .collection:
            return mirror.children.map { make($0.value, missing: missing) }
        case .struct, .class, .tuple:
            return node(mirror, of: value, missing: missing)
        default: return String(describing: value)
        }
    }

    static func fields(of value: Any, missing: MissingNames) -> [String: Any] {
        var fields: [String: Any] = [:]
        for child in Mirror(reflecting: value).children {
            if let label = child.label { fields[label] = make(child.value, missing: missing) }
        }
        return fields
    }

    private static func node(_ mirror: Mirror, of value: Any, missing: MissingNames) -> ViewNode {
        let text = (value as? any CustomStringConvertible)?.description ?? ""
        return ViewNode(
            fields: fields(of: value, missing: missing), renderText: text, missing: missing,
            isOutermost: false)
    }
}

/// An absent optional: renders as nothing, and its section is not entered.
struct ViewNull: MustacheCustomRenderable {
    var renderText: String { "" }
    var isNull: Bool { true }
}

/// `{{t.orders.title}}`: the words of the page's language.
struct WordsNode: MustacheParent, MustacheCustomRenderable {
    let words: Words
    let key: String
    let missing: MissingNames
    var isNull: Bool { false }

    var renderText: String {
        if let text = words.text(key) { return text }
        missing.missed("t." + key, isOutermost: true)
        return ""
    }

    func child(named name: String) -> Any? {
        WordsNode(words: words, key: key.isEmpty ? name : key + "." + name, missing: missing)
    }
}

/// `{{asset.huiyika.css}}`: the address of an asset with its content hash; folders are written
/// with dots too.
struct AssetNode: MustacheParent, MustacheCustomRenderable {
    let assets: Assets
    let name: String
    let missing: MissingNames
    var isNull: Bool { false }

    var renderText: String {
        if let address = assets.address(dotted: name) { return address }
        missing.missed("asset." + name, isOutermost: true)
        return ""
    }

    func child(named name: String) -> Any? {
        AssetNode(
            assets: assets, name: self.name.isEmpty ? name : self.name + "." + name,
            missing: missing)
    }
}
