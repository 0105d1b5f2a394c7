# What the rules of roles grant, as the API server's authorizer reads them.
package lib.rbac

# A list of a rule names something; `*` names everything.
names(list, wanted) { list[_] == wanted }

names(list, wanted) { list[_] == "*" }

# The same for resources, where `*/exec` names the subresource of all of them.
names_resource(list, wanted) { names(list, wanted) }

names_resource(list, wanted) {
	parts := split(wanted, "/")
	list[_] == concat("/", ["*", parts[1]])
}

# Those of the wanted verbs that a rule grants on a resource; undefined where it grants none.
granted(rule, group, resource, wanted) = verbs {
	names(rule.apiGroups, group)
	names_resource(rule.resources, resource)
	verbs := [verb | verb := wanted[_]; names(rule.verbs, verb)]
	count(verbs) > 0
}

# A rule is about certain objects, which it names.
restricted(rule) { is_string(rule.resourceNames[0]) }
