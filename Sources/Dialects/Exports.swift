// A dialect is JSON: whoever reads or writes one handles the JSON room's types, so that they come
// along with this room's.
@_exported public import JSON
