"""The bodies of answers, a module a topic, made from the values of the library. Money is whole 分; moments are UTC."""
