# Quantities of resources as numbers that compare exactly: thousandths, so that `0.1` and `100m` are 100.
package lib.quantity

factors = {
	"n": 0.000001, "u": 0.001, "m": 1, "": 1000,
	"k": 1000000, "M": 1000000000, "G": 1000000000000, "T": 1000000000000000, "P": 1000000000000000000,
	"Ki": 1024000, "Mi": 1048576000, "Gi": 1073741824000, "Ti": 1099511627776000, "Pi": 1125899906842624000,
}

# Undefined for what is no quantity.
thousandths(quantity) = value {
	is_number(quantity)
	value := quantity * 1000
}

thousandths(quantity) = value {
	is_string(quantity)
	parts := regex.find_all_string_submatch_n("^([0-9]+|[0-9]+[.][0-9]+)([a-zA-Z]*)$", quantity, 1)
	value := to_number(parts[0][1]) * factors[parts[0][2]]
}

thousandths(quantity) = value {
	is_string(quantity)
	regex.match("^[0-9]+([.][0-9]+)?[eE][+-]?[0-9]{1,2}$", quantity)
	value := to_number(quantity) * 1000
}
