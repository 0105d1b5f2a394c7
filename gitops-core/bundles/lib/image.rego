# The parts of image references: registry.example.com/team/app:1.0@sha256:0123...
package lib.image

import data.lib.workload

# The images of a pod, as {who, path, value}: those of containers and those mounted as volumes. An image
# that is missing or no text is the empty text.
all = array.concat(of_containers, of_volumes)

of_containers = [found |
	container := workload.containers[_]
	found := {
		"who": workload.name(container),
		"path": workload.path(container, "image"),
		"value": text(container.value, "image"),
	}
]

of_volumes = [found |
	volume := workload.spec.volumes[index]
	is_object(volume.image)
	value := text(volume.image, "reference")
	not exempt(value)
	found := {
		"who": workload.volume_name(volume, index),
		"path": workload.pod_path(sprintf("volumes[%v].image.reference", [index])),
		"value": value,
	}
]

exempt(image) { workload.image_matches(image, input.parameters.exemptImages[_]) }

text(object, field) = value {
	value := object[field]
	is_string(value)
} else = "" {
	true
}

# The reference without its digest.
undigested(image) = split(image, "@")[0]

digest(image) = split(image, "@")[1]

tag(image) = value {
	segments := split(undigested(image), "/")
	value := split(segments[count(segments) - 1], ":")[1]
	value != ""
}

# The repository with its registry; Docker Hub where the reference names none, as container runtimes read it.
repository(image) = value {
	named_registry(image)
	value := untagged(image)
} else = value {
	contains(image, "/")
	value := concat("/", ["docker.io", untagged(image)])
} else = value {
	value := concat("/", ["docker.io/library", untagged(image)])
}

untagged(image) = value {
	value := trim_suffix(undigested(image), concat("", [":", tag(image)]))
} else = value {
	value := trim_suffix(undigested(image), ":")
}

# The first part of a reference is a registry if it can be a host.
named_registry(image) {
	segments := split(image, "/")
	count(segments) > 1
	is_host(segments[0])
}

is_host(text) { contains(text, ".") }

is_host(text) { contains(text, ":") }

is_host(text) { text == "localhost" }

# A repository is one listed, or lies below it: `registry/team` holds `registry/team/app`, not `registry/team-b`.
below(repository, prefix) { repository == trim_suffix(prefix, "/") }

below(repository, prefix) { startswith(repository, concat("", [trim_suffix(prefix, "/"), "/"])) }
