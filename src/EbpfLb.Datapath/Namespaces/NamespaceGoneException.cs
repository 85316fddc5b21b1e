namespace EbpfLb.Datapath.Namespaces;

/// <summary>The network namespace is not there any more; its sockets and addresses went with it.</summary>
public sealed class NamespaceGoneException(NamespaceEntry entry) : Exception($"the network namespace {entry} is gone");
