namespace EbpfLb.Kubernetes.Api;

/// <summary>The server's name led to no address: there is none, or no name server answered in time.</summary>
internal sealed class UnresolvedNameException(string name, Exception inner) : Exception($"no address of {name}", inner);
