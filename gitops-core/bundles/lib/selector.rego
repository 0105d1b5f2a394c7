# Label selectors.
package lib.selector

# A selector selects labels; an empty one selects all, a missing one nothing.
selects(selector, labels) {
	is_object(selector)
	not contradicted(selector, labels)
}

contradicted(selector, labels) {
	value := selector.matchLabels[key]
	not has(labels, key, value)
}

contradicted(selector, labels) {
	expression := selector.matchExpressions[_]
	not holds(expression, labels)
}

has(labels, key, value) { labels[key] == value }

holds(expression, labels) {
	expression.operator == "In"
	has(labels, expression.key, expression.values[_])
}

holds(expression, labels) {
	expression.operator == "NotIn"
	not among(expression, labels)
}

holds(expression, labels) {
	expression.operator == "Exists"
	is_string(labels[expression.key])
}

holds(expression, labels) {
	expression.operator == "DoesNotExist"
	not present(expression, labels)
}

among(expression, labels) { has(labels, expression.key, expression.values[_]) }

present(expression, labels) { is_string(labels[expression.key]) }

# A selector without conditions.
everything(selector) {
	is_object(selector)
	not conditional(selector)
}

conditional(selector) { selector.matchLabels[_] }

conditional(selector) { selector.matchExpressions[_] }
