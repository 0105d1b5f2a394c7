# Namespaces, and what is known to be in them.
package lib.namespaces

# The namespace that an object is to be judged for: a Namespace itself, or the namespace of a workload if
# no Namespace of that name is known, so that none goes unjudged and none is judged for each workload.
# Empty where the workload leaves it to the tool that applies it.
judged = input.review.object.metadata.name { is_namespace }

judged = namespace {
	not is_namespace
	placed
	namespace := input.review.object.metadata.namespace
	not known(namespace)
}

judged = "" {
	not is_namespace
	not placed
}

is_namespace { input.review.kind.kind == "Namespace" }

# Where the object names it, for `details.path`.
path = "metadata.name" { is_namespace }

path = "metadata.namespace" { not is_namespace }

placed { is_string(input.review.object.metadata.namespace) }

known(namespace) { is_object(data.inventory.cluster["v1"].Namespace[namespace]) }

# As messages call it.
described(namespace) = sprintf("namespace <%v>", [namespace]) { namespace != "" }

described(namespace) = "the namespace that the objects are applied to" { namespace == "" }

# The objects of a kind in a namespace, by name; undefined where there are none.
objects(namespace, version, kind) = data.inventory.namespace[namespace][version][kind] { namespace != "" }

objects(namespace, version, kind) = data.inventory.cluster[version][kind] { namespace == "" }

# There is one at least.
has(namespace, version, kind) { count(objects(namespace, version, kind)) > 0 }
