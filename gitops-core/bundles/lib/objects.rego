# How messages call the object, and lists of names that parameters give.
package lib.objects

kind = input.review.kind.kind

# The object's name; of one that the cluster names, the beginning of it.
name = value {
	value := input.review.object.metadata.name
	is_string(value)
} else = value {
	value := input.review.object.metadata.generateName
	is_string(value)
} else = "without a name" {
	true
}

# The object's namespace; empty where it names none.
namespace = value {
	value := input.review.object.metadata.namespace
	is_string(value)
} else = "" {
	true
}

# As messages call it.
described = sprintf("%v <%v>", [kind, name])

# A text matches a pattern that is equal, or that ends in `*` and begins like it.
matches(text, pattern) { text == pattern }

matches(text, pattern) {
	endswith(pattern, "*")
	startswith(text, trim_suffix(pattern, "*"))
}
