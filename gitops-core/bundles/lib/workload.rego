# The pods of workloads: of a Pod its own, of a controller the one it makes.
package lib.workload

kind = input.review.kind.kind

templated = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"}

# The pod or pod template: a mapping with `metadata` and `spec`.
pod = input.review.object { kind == "Pod" }

pod = input.review.object.spec.template { templated[kind] }

pod = input.review.object.spec.jobTemplate.spec.template { kind == "CronJob" }

pod = input.review.object.template { kind == "PodTemplate" }

# Where the pod stands in the object, with a dot at its end.
prefix = "" { kind == "Pod" }

prefix = "spec.template." { templated[kind] }

prefix = "spec.jobTemplate.spec.template." { kind == "CronJob" }

prefix = "template." { kind == "PodTemplate" }

spec = pod.spec

lists = ["initContainers", "containers", "ephemeralContainers"]

# All containers, as {value, list, index}, without those whose image `exemptImages` names.
containers = [container |
	list := lists[_]
	value := spec[list][index]
	not exempt(value)
	container := {"value": value, "list": list, "index": index}
]

# The containers that do the pod's work or prepare it; no ephemeral ones, which nobody declares in Git
# and which have neither probes nor resources.
declared_containers = [container | container := containers[_]; container.list != "ephemeralContainers"]

exempt(container) {
	pattern := input.parameters.exemptImages[_]
	image_matches(container.image, pattern)
}

# An image matches a pattern that is equal, or that ends in `*` and begins like it.
image_matches(image, pattern) { image == pattern }

image_matches(image, pattern) {
	endswith(pattern, "*")
	startswith(image, trim_suffix(pattern, "*"))
}

# How messages call a container.
name(container) = sprintf("container <%v>", [container.value.name])

name(container) = sprintf("container %v[%v]", [container.list, container.index]) { not container.value.name }

# How messages call a volume.
volume_name(volume, _) = sprintf("volume <%v>", [volume.name])

volume_name(volume, index) = sprintf("volumes[%v]", [index]) { not volume.name }

# The path of a field of a container, for `details.path`; the field need not exist.
path(container, field) = sprintf("%vspec.%v[%v].%v", [prefix, container.list, container.index, field])

# The path of a field of the pod's spec.
pod_path(field) = sprintf("%vspec.%v", [prefix, field])

# The path of an annotation of the pod.
annotation_path(key) = sprintf("%vmetadata.annotations[\"%v\"]", [prefix, key])

# A field of the security context, the container's before the pod's; undefined where neither sets it.
security(container, field) = value {
	value := container.value.securityContext[field]
	value != null
}

security(container, field) = value {
	not sets_security(container, field)
	value := spec.securityContext[field]
	value != null
}

sets_security(container, field) { container.value.securityContext[field] != null }

# The path of a field of the security context: where it is set, else where the container should set it.
security_path(container, field) = pod_path(concat(".", ["securityContext", field])) {
	not sets_security(container, field)
	spec.securityContext[field] != null
} else = path(container, concat(".", ["securityContext", field]))

# The security contexts that are set, as {value} of the pod and {value, container} of containers.
contexts = array.concat(
	[context | value := spec.securityContext; context := {"value": value}],
	[context |
		container := containers[_]
		value := container.value.securityContext
		context := {"value": value, "container": container}
	],
)

# How messages call whose security context it is.
context_name(context) = name(context.container)

context_name(context) = "the pod" { not context.container }

# The path of a field of a security context.
context_path(context, field) = path(context.container, concat(".", ["securityContext", field]))

context_path(context, field) = pod_path(concat(".", ["securityContext", field])) { not context.container }

# The pod asks for a user namespace of its own.
user_namespace { spec.hostUsers == false }

# The pod says that it runs on Windows, where the Linux fields do not apply.
windows { spec.os.name == "windows" }
