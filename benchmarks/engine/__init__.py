"""The population workload: firms, policies, and the engines that are compared on them."""
